"""The error API of every state but emission_dte: the failure becomes an incident, ready to be retried by a person."""

from mtd.usecases.flow.cases import EffectResult, LeasedToken
from mtd.usecases.flow.fail_order import fingerprint

NODE = "control_error"


def control_error(case: LeasedToken) -> EffectResult:
    """The order rests as an exception; nothing of it is lost."""
    return record_incident(case)


def record_incident(case: LeasedToken) -> EffectResult:
    """The incident that the token's failure calls for."""
    failed = case.data.get("failed", case.node)
    code = case.data.get("code", "unknown")
    message = case.data.get("message", "")
    return EffectResult(
        detail={"failed": failed, "code": code},
        incident={
            "state": failed,
            "code": code,
            "message": message,
            "fingerprint": fingerprint(failed, code),
            "attempts": case.data.get("attempts", 0),
            "kind": case.data.get("kind", "refused"),
            "payload": case.data.get("payload"),
            "stood": {"tokens": case.data.get("stood") or [], "goes_on": True},
        },
        outcome_reason=f"{failed}: {message} ({code})",
    )
