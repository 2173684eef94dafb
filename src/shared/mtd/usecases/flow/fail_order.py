"""The last resort: an order that no plan or table takes on becomes an exception, so that its batch can go on."""

import hashlib

from mtd.domain.errors import MtdError
from mtd.domain.json_types import Json
from mtd.usecases.flow.cases import Changes, CurrentToken, LeasedToken


def fingerprint(state: str, code: str) -> str:
    """Groups incidents of one cause: the state and the error's stable code."""
    return hashlib.sha256(f"{state}\n{code}".encode()).hexdigest()[:16]


def fail_order(token: CurrentToken | LeasedToken, error: MtdError, *, stood: Json, who: str, detail: Json) -> Changes:
    """End the token as an exception whose incident names the error and where the order `stood`.

    `detail` goes with the event.
    """
    order, node, message = str(token.order_id), token.node, str(error)[:500]
    return Changes(
        ends=[{"token_id": token.token_id, "version": token.version}],
        order_ends=[{"order_id": order, "outcome": "exception", "reason": f"{node}: {message} ({error.code})"}],
        incidents=[
            {
                "order_id": order,
                "token_id": token.token_id,
                "version": token.version,
                "state": node,
                "code": error.code,
                "message": message,
                "fingerprint": fingerprint(node, error.code),
                "attempts": token.attempts,
                "kind": error.kind,
                "payload": error.payload,
                "stood": stood,
            }
        ],
        events=[
            {
                "order_id": order,
                "who": who,
                "source": "PostgreSQL",
                "what": "failed",
                "from_state": node,
                "to_state": "exception",
                "detail": {"code": error.code, "message": message, **detail},
            }
        ],
    )
