"""The error API of every state but emission_dte: the failure becomes an incident, which a person can retry."""

from mtd.usecases.flow.changes import Incident
from mtd.usecases.flow.effects import EffectResult
from mtd.usecases.flow.failures import fingerprint
from mtd.usecases.flow.tokens import LeasedToken

NODE = "control_error"


def control_error(token: LeasedToken) -> EffectResult:
    """End the order as an exception, with the incident of its failure."""
    incident = incident_of_failure(token)
    return EffectResult(
        detail={"failed": incident.state, "code": incident.code},
        incident=incident,
        end_reason=f"{incident.state}: {incident.message} ({incident.code})",
    )


def incident_of_failure(token: LeasedToken) -> Incident:
    """The incident of the failure that the token's data hold."""
    failed, code = token.data.get("failed", token.node), token.data.get("code", "unknown")
    return Incident(
        order_id=token.order_id,
        token_id=token.token_id,
        version=token.version,
        state=failed,
        code=code,
        message=token.data.get("message", ""),
        fingerprint=fingerprint(failed, code),
        attempts=token.data.get("attempts", 0),
        kind=token.data.get("kind", "refused"),
        payload=token.data.get("payload"),
        snapshot={"tokens": token.data.get("stood") or [], "goes_on": True},
    )
