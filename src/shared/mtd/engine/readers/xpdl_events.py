"""Reads an event of an XPDL diagram: its kind, its trigger, and what the trigger says."""

from typing import Any

from mtd.domain.orders import xml
from mtd.engine.readers.xpdl_tree import child, local, text

_ALWAYS_THROWN = frozenset({"escalation", "compensation"})
"""Triggers of intermediate events in the flow that nothing catches there: BPMN 2.0.2, 10.5.4 (Intermediate Event)."""


def event_fields(event: xml.Element) -> dict[str, Any]:
    """The fields of a drawn node that is an event."""
    element = next(iter(event.children), xml.Element("", {}))
    attributes, where = element.attributes, local(element)
    trigger = (attributes.get("Trigger") or attributes.get("Result") or "").lower()
    made: dict[str, Any] = {"trigger": "" if trigger == "none" else trigger, **message_fields(element)}
    made["detail"] = _time(child(element, "TriggerTimer")) or text(child(element, "TriggerConditional"), "Expression")
    undone = child(element, "TriggerResultCompensation")
    if undone:
        made["reference"] = undone.attributes.get("ActivityId", "")
    named = child(element, "TriggerResultSignal") or child(element, "TriggerResultLink")
    if named:
        made["reference"] = named.attributes.get("Name", "")
    error = child(element, "ResultError") or child(element, "TriggerEscalation")
    if error:
        made["reference"] = error.attributes.get("ErrorCode", "") or error.attributes.get("EscalationCode", "")
    if where == "StartEvent":
        interrupting = attributes.get("Interrupting", "true").lower() != "false"
        return made | {"kind": "startEvent", "interrupting": interrupting}
    if where == "EndEvent":
        return made | {"kind": "endEvent"}
    attached = attributes.get("Target", "")
    if attached and attributes.get("IsAttached", "true").lower() != "false":
        interrupting = attributes.get("Interrupting", "true").lower() != "false"
        return made | {"kind": "boundaryEvent", "attached_to": attached, "interrupting": interrupting}
    throws = [attributes.get("CatchThrow", ""), *(each.attributes.get("CatchThrow", "") for each in element.children)]
    thrown = "THROW" in throws or trigger in _ALWAYS_THROWN
    return made | {"kind": "intermediateThrowEvent" if thrown else "intermediateCatchEvent"}


def message_fields(element: xml.Element) -> dict[str, Any]:
    """The name of the message that the element refers to, if it does."""
    holder = child(element, "TriggerResultMessage") or element
    message = child(holder, "Message")
    return {"reference": message.attributes.get("Name", "")} if message else {}


def _time(timer: xml.Element | None) -> str:
    if timer is None:
        return ""
    for name in ("TimeCycle", "TimeDate", "TimeDuration"):
        found = timer.attributes.get(name, "") or text(timer, name)
        if found:
            return found
    return ""
