"""The token interpreter: BPMN compiled to a plan, and pure functions that move tokens along it."""
