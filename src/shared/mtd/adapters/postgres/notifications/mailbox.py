"""The mails of PostgreSQL: claimed, finished with their events, and marked by SES's reports."""

import logging
from collections.abc import Sequence

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.flow.changes import columns, event_rows
from mtd.domain.orders import order as orders
from mtd.sql import load
from mtd.usecases.flow.changes import OrderEvent, RequestedMail
from mtd.usecases.notifications.notify_customer import DocumentNumber, DueMail, FinishedMail
from mtd.usecases.notifications.record_mail_feedback import Feedback
from mtd.usecases.ports import MailResult

LOG = logging.getLogger(__name__)

_SQL = load(__name__)
_FLOW = load("mtd.adapters.postgres.flow.changes")
_UNREADABLE = MailResult(status="failed", reason="the order's stored content cannot be read")


class PostgresMailBox:
    """Serves `notify_customer.MailBox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, mails: Sequence[RequestedMail]) -> list[DueMail]:
        rows = self._database.query(_SQL["claim"], {"mails": Jsonb([columns(mail) for mail in mails])})
        due, unreadable = [], []
        for row in rows:
            document, numbers = row.pop("document"), row.pop("documents")
            try:
                order = orders.from_json(document)
            except orders.READ_ERRORS:
                LOG.exception("order unreadable", extra={"order_id": str(row["order_id"])})
                unreadable.append(FinishedMail(mail_id=row["mail_id"], result=_UNREADABLE))
            else:
                due.append(DueMail(order=order, documents=[DocumentNumber(**each) for each in numbers], **row))
        if unreadable:
            self.finish(unreadable, [])
        return due

    def finish(self, mails: Sequence[FinishedMail], events: Sequence[OrderEvent]) -> None:
        rows = [{"mail_id": each.mail_id, **columns(each.result)} for each in mails]
        with self._database.transaction() as connection:
            connection.execute(_SQL["finish"], {"mails": Jsonb(rows)})
            connection.execute(_FLOW["insert_events"], {"events": Jsonb(event_rows(events))})


class PostgresFeedback:
    """Serves `record_mail_feedback.FeedbackStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, feedback: Sequence[Feedback], function: str, request_id: str) -> int:
        rows = [
            {"order_id": f.order_id, "kind": f.kind, "what": f.what, "at": f.at, "reason": f.reason} for f in feedback
        ]
        by_mail = {(f.order_id, f.kind): f for f in feedback}
        suppressed = [
            {"address": address, "what": f.what, "order_id": f.order_id} for f in feedback for address in f.addresses
        ]
        with self._database.transaction() as connection:
            news = connection.execute(_SQL["record_feedback"], {"feedback": Jsonb(rows)}).fetchall()
            recorded = [by_mail[row["order_id"], row["kind"]] for row in news]
            events = [_feedback_event(each, function, request_id) for each in recorded]
            connection.execute(_FLOW["insert_events"], {"events": Jsonb(event_rows(events))})
            connection.execute(_SQL["suppress"], {"suppressed": Jsonb(suppressed)})
        return len(news)


def _feedback_event(feedback: Feedback, function: str, request_id: str) -> OrderEvent:
    kept = "no more mails to this address" if feedback.addresses else None
    return OrderEvent(
        order_id=feedback.order_id,
        who=function,
        source="SES",
        what=f"mail {feedback.kind} {feedback.what}",
        request_id=feedback.message_id or request_id,
        detail={"reason": feedback.reason, "then": kept, "hops": list(feedback.hops)},
    )
