"""Leases tokens. An order that this code cannot read does not fail its batch."""

import logging
from collections.abc import Sequence

from mtd.usecases.flow.failures import fail_order, snapshot_of_all
from mtd.usecases.flow.tokens import LeaseResult, TokenReference, UnreadableToken
from mtd.usecases.ports import FlowStore

LOG = logging.getLogger(__name__)


def lease(
    store: FlowStore, server: str, references: Sequence[TokenReference], who: str, system: str | None = None
) -> LeaseResult:
    """Lease the tokens of the server that are due; an order that cannot be read becomes an exception."""
    leased = store.lease(server, references, system)
    fail_unreadable(store, leased.unreadable, who)
    return leased


def fail_unreadable(store: FlowStore, unreadable: Sequence[UnreadableToken], who: str) -> None:
    """End orders whose content this code cannot read as exceptions."""
    for each in unreadable:
        token = each.token
        LOG.error("order unreadable", extra={"order_id": str(token.order_id), "state": token.node})
        with store.unit_of_work([token]) as unit:
            if (locked := unit.locked(token)) is not None:
                unit.write(fail_order(token, each.error, snapshot=snapshot_of_all(locked), who=who, detail={}))
