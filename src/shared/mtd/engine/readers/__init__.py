"""From files to a drawing: BPMN, XPDL, Bizagi's .bpm, and binding sheets."""
