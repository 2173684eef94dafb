"""A context of each page with a row of everything in it, as the queries and the API give them."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.unit.portal.pages.orders.test_documents import ORDER

from mtd.domain.orders.order import to_json
from mtd.domain.orders.totals import amounts, line_amount
from mtd.queries.orders.order_page import OrderPage
from mtd.queries.orders.tax_document import PrintedDocument
from mtd.queries.reporting.control_room import ControlRoom, StateCount
from mtd.queries.reporting.statistics import Statistics
from portal.live import Snapshot
from portal.pages.operations import (
    circuits,
    correction_lines,
    corrections,
    exceptions,
    operation_form,
    operations,
    systems,
    warnings,
)
from portal.pages.orders import documents, order, orders
from portal.pages.orders.situation import Situation
from portal.pages.orders.stamp_barcode import Barcode
from portal.pages.people import entrance, people
from portal.pages.processes import heat, process_bindings, process_imports, process_trials, processes
from portal.pages.reporting import control_room, mail, reconciliations, statistics, system
from portal.pages.tasks import task_forms, tasks
from portal.rendering.confirm import ConfirmContext
from portal.rendering.context import Context, Tab
from portal.rendering.problem import ProblemContext

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ID = uuid.UUID(int=7)
TABS = [Tab(label="task.mine", href="/tasks?view=mine", chosen=True, count=3)]
DOCUMENT = to_json(ORDER)
NODE = {"id": "approve", "name": "Approve", "kind": "person", "element": "A"}
PLACE = {"node": "approve", "orders": 2}
TIMES = {"node": "approve", "element": "A", "p50": 7200.0, "p95": 9000.0}
MEMBER: dict[str, Any] = {
    "order_id": ID,
    "number": "O-7",
    "seller_name": "S",
    "buyer_name": "B",
    "currency": "CLP",
    "total": Decimal(11900),
    "reason": "totals differ",
    "received_at": AT,
    "attempts": 3,
    "opened_at": AT,
    "code": "no_stock",
}
ROW = MEMBER | {"outcome": None, "nodes": "allocation", "ended_at": None}
CIRCUIT: dict[str, Any] = {
    "system": "eom",
    "state": "open",
    "by_hand": False,
    "since": AT,
    "changed_by": "allocate_order",
    "reason": "timed out",
    "failing": 5,
    "parked": 7,
    "oldest": AT,
}
TASK: dict[str, Any] = {
    "task_id": 1,
    "order_id": ID,
    "number": "O-7",
    "name": "Approve",
    "group": "sales",
    "assignee": None,
    "due_at": AT,
    "overdue": True,
    "status": "open",
    "version": 2,
    "created_at": AT,
    "ended_at": AT,
    "ended_by": "ana",
    "comment": "soon",
    "result": {"discount": 5},
    "total": Decimal(1),
    "currency": "CLP",
    "buyer_name": "B",
    "promised_on": AT.date(),
    "document": {"buyer": {"name": "B"}},
    "data": {"approved": True, "lines": [1, 2], "note": "<b>"},
    "candidate": None,
    "element": {"sku": "SKU-1"},
    "element_name": "line",
    "item": 0,
}
FIELDS = task_forms.fields(
    {
        "required": ["why"],
        "properties": {
            "why": {"type": "string", "title": "Why", "description": "a hint"},
            "kind": {"enum": ["a", "b"]},
            "sure": {"type": "boolean"},
            "much": {"type": "number", "minimum": 1, "x-when": {"sure": True}},
            "more": {"type": "object"},
            "seen": {"type": "string", "readOnly": True, "default": "before"},
            "where": {"type": "object", "properties": {"street": {"type": "string"}}},
            "lines": {"type": "array", "items": {"properties": {"sku": {}, "ok": {"type": "boolean"}}}},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
    },
    task_forms.Reader(locale="es", zone=ZoneInfo("America/Santiago"), facts={"data": {"tags": ["x"]}}),
)
VERSION: dict[str, Any] = {
    "process": "p q",
    "version": 1,
    "process_version_id": 3,
    "plan": {"nodes": [NODE]},
    "places": [PLACE],
    "counts": {"A": 2},
    "times": [TIMES],
    "inside": {"L": "A"},
}
BOUND: dict[str, Any] = {
    "nodes": [
        NODE | {"work": {"group": "sales", "due": "PT1H", "choices": [{"name": "large"}]}},
        {"id": "reserve", "name": "Reserve", "kind": "service", "element": "R", "binding": "api:/states/allocation"},
        {"id": "mark", "name": "Mark", "kind": "script", "element": "M", "sets": [["checked", ["value", True]]]},
        {
            "id": "large",
            "name": "Large?",
            "kind": "exclusive",
            "element": "G",
            "flows": [{"to": "reserve", "id": "f1", "when": ["x"]}, {"to": "mark", "id": "f2"}],
        },
        {"id": "decide_large", "name": "Large?", "kind": "person", "element": "G", "work": {"group": "sales"}},
    ]
}
LISTED = {
    "process": "p q",
    "version": 2,
    "name": "P",
    "active": True,
    "retired_at": None,
    "imported_at": AT.isoformat(),
    "orders_in_flight": 4,
}
REPORT = {
    "process": "p",
    "file": "p.bpmn",
    "nodes": 3,
    "flows": 2,
    "fixes": ["a label"],
    "unbound": ["a task"],
    "walkthrough": ["until a system is bound to it, a person of group sales does 'Ship'"],
    "lint": ["no default"],
    "bindings": [{"task": "Approve", "by": "group sales"}],
    "verdict": "ready",
    "reason": "because",
    "version": 2,
}
OPERATION: dict[str, Any] = {
    "operation_id": 5,
    "action": "move",
    "person": "ana",
    "reason": "why",
    "arguments": {"node": "dispatch", "document": {"buyer": {"rut": "1-9"}}},
    "dry_run": True,
    "canary": 5,
    "rate": 0.5,
    "stop_at": 0.2,
    "status": "finished",
    "why": "too many errors",
    "created_at": AT,
    "next": 100,
    "counts": {"total": 2, "pending": 0, "done": 1, "refused": 1, "came_back": 0, "unsettled": 0},
    "items": [
        {"order_id": ID, "number": "O-7", "status": "done", "code": None, "message": "would be moved: dispatch"},
        {"order_id": ID, "number": "O-8", "status": "refused", "code": "order_ended", "message": "ended"},
    ],
}
MIGRATION = OPERATION | {
    "action": "migrate",
    "dry_run": False,
    "arguments": {"process": "p", "from": 1, "to": 2, "map": {"a": "b"}},
}
WARNING = {
    "warning_id": 1,
    "order_id": ID,
    "number": "O-7",
    "seller": "S",
    "kind": "promise",
    "state": "dispatch",
    "outcome": None,
    "due_at": AT,
    "predicted_at": AT + timedelta(hours=3),
    "acknowledged_at": None,
    "acknowledged_by": None,
    "ended_at": None,
}
DIFFERENCE: dict[str, Any] = {
    "difference_id": 3,
    "day": date(2026, 1, 2),
    "kind": "amount",
    "key": "k",
    "order_id": None,
    "number": None,
    "ours": {"document_type": 33, "folio": 12, "amount": "11900"},
    "theirs": None,
    "status": "open",
    "closed_at": AT,
    "closed_by": "ana",
    "note": "voided",
}
SNAPSHOT = Snapshot(
    now=ControlRoom(
        states=(StateCount(state="allocation", name="Allocation", orders=2, retrying=1, oldest=AT),),
        in_process=2,
        ended={"completed": 5},
        open_incidents=1,
        incidents_lately=1,
        waiting=1,
        waiting_since=AT,
        at_risk=1,
        has_active_process=False,
        completed_lately=5,
        p50=2.0,
        p95=3.0,
    ),
    throughput=[{"minute": AT, "received": 1, "ended": 2}],
    queues=[{"name": "orders", "visible": 1, "in_flight": 2, "delayed": 3}],
    circuits=[CIRCUIT],
    failures={"eom": {"code": "http_503", "message": "busy", "opened_at": AT}},
    alarms=[{"name": "circuit-open", "meaning": "A legacy system does not answer.", "since": AT}],
    tries={"eom": {"system": "eom", "tried": 8, "failed": 2}},
)
ORDER_PAGE = OrderPage(
    order=MEMBER
    | {
        "buyer_id": "1-9",
        "seller_id": "2-7",
        "outcome": "completed",
        "archived_at": AT,
        "suspended_at": AT,
        "conflicts_with": ID,
        "conflicting_number": "O-1",
        "ended_at": AT,
        "promised_on": date(2026, 1, 3),
        "document_type": 33,
        "folio": 12,
        "issued_at": AT,
        "document_amount": Decimal(11900),
        "document_currency": "CLP",
        "note_type": 61,
        "note_folio": 3,
        "note_issued_at": AT,
        "note_amount": Decimal(11900),
        "note_currency": "CLP",
        "further_documents": [
            {
                "key": "dte:2",
                "document_type": 33,
                "folio": 13,
                "amount": 500,
                "currency": "CLP",
                "refers_to_type": None,
            },
            {
                "key": "credit_note:2",
                "document_type": 61,
                "folio": 4,
                "amount": 500,
                "currency": "CLP",
                "refers_to_type": 33,
            },
        ],
        "process": "p",
        "version": 1,
        "process_version_id": 3,
        "source": "orders/o.xml",
    },
    tokens=[{"token_id": 1, "node": "allocation", "version": 2, "attempts": 1}],
    stations=[],
    mails=[
        {
            "kind": "being_processed",
            "status": "sent",
            "sent_at": AT,
            "created_at": AT,
            "message_id": "m",
            "reason": "bounced",
        }
    ],
    incidents=[
        {
            "code": "no_stock",
            "message": "none",
            "state": "allocation",
            "attempts": 3,
            "opened_at": AT,
            "resolved_at": AT,
        }
    ],
    operations=[
        {
            "operation_id": 5,
            "action": "retry",
            "person": "ana",
            "reason": "why",
            "status": "done",
            "code": None,
            "message": "retried: allocation",
            "places": "allocation",
            "dry_run": False,
            "created_at": AT,
            "ended_at": AT,
        }
    ],
    notes=[{"text": "the buyer called", "person": "ana", "at": AT}],
    places=["A"],
    passed=["V"],
    inside={"L": "A"},
)
STATION = {
    "source": "API Gateway",
    "at": AT.isoformat(),
    "from": None,
    "to": "validation",
    "what": "done",
    "since": 1.5,
    "ms": 12,
    "who": "ana",
    "request_id": "r",
}
PRINTED = PrintedDocument(
    row={
        "order_id": ID,
        "number": "O-7",
        "document_type": 33,
        "folio": 12,
        "issued_at": AT,
        "document_amount": Decimal(11900),
        "document_currency": "CLP",
    },
    order=ORDER,
    sums=amounts(ORDER),
    lines=[(line.name, line.quantity, line.price, line_amount(line, ORDER.currency)) for line in ORDER.lines],
    receiver="12345678-5",
)
LINES = [
    correction_lines.LineRow(
        place=1,
        line=DOCUMENT["lines"][0],
        fields=corrections.line_fields(DOCUMENT, 0, "es") if corrected else [],
        correct="/operations/lines?line=1",
        page="/operations/new?line=1",
    )
    for corrected in (False, True)
]
COLUMN = orders.Column(label="orders.number", num=False, href="/orders?sort=number", sorted="ascending")
LETTER = {"id": "m", "subject": "s", "to": "t", "from": "f", "text": "x", "sent_at": AT, "href": "/mail?mail=m"}
STEP = {"since": AT, "received": 4, "completed": 3, "exceptions": 1, "promised": 2, "kept": 1, "p50": 9.0}

SAMPLES: list[Context] = [
    ProblemContext(kind="forbidden", detail="a reason"),
    ConfirmContext(
        title="Retire p v1", effects=["no orders"], action="/processes", fields={"a": "b"}, text="T", back="/"
    ),
    circuits.CircuitsContext(circuits=[CIRCUIT]),
    systems.SystemsContext(
        systems=[
            {
                "system": f"fraud{i}",
                "way": way,
                "address": address,
                "circuit": "open",
                "by_hand": True,
                "reason": "maintenance",
                "parked": 3,
                "calls": 7,
                "unanswered": 1,
                "refused": 2,
                "mean_ms": 12.5,
                "longest_ms": 90.0,
                "tasks": [{"process": "p", "version": 2, "task": "check", "name": "Check"}],
            }
            for i, (way, address) in enumerate(
                (("url", "https://fraud.example"), ("lease", 60.0), ("lambda", "scores"), ("queue", "checks"))
            )
        ],
        given={"task": "fraud0/p@2/check", "number": "N"},
        tried={
            "system": "fraud",
            "task": "check",
            "request": {"body": {}},
            "answer": {"status": 409, "content": {}},
            "ms": 3.0,
            "values": {},
            "error": {"code": "suspected", "message": "m"},
        },
        problem="a problem",
    ),
    exceptions.WaitingContext(
        waiting=[{"number": "O-7", "message_id": "m", "seller": {"name": "S"}, "since": AT, "reason": "no content"}]
    ),
    *(
        kind(
            groups=[
                {
                    "fingerprint": "f 1",
                    "code": "no_stock",
                    "message": "none",
                    "state": "allocation",
                    "orders": 3,
                    "last": AT,
                }
            ],
            group="f 1",
            **here,
            orders=3,
            others_total=1,
            rejections_total=1,
            pages=dict.fromkeys(("groups", "members", "others", "rejections"), "/exceptions?groups_after=100"),
            members=[MEMBER],
            others=[MEMBER],
            rejections=[{"source": "orders/x.xml", "code": "bad", "reason": "no XML", "received_at": AT}],
        )
        for kind, here in (
            (exceptions.ExceptionListContext, {}),
            (exceptions.ExceptionsContext, {"here": "/exceptions?group=f+1"}),
        )
    ),
    warnings.WarningsContext(
        rows=[WARNING, WARNING | {"acknowledged_at": AT, "acknowledged_by": "ana"}],
        views=TABS,
        next="/warnings?after=1",
    ),
    operations.OperationsContext(rows=[OPERATION]),
    operations.OperationContext(
        operation=OPERATION,
        allowed=True,
        effect=corrections.effect(DOCUMENT, {"buyer": {"rut": None, "name": "Eva"}}, "es"),
    ),
    operations.OperationContext(operation=MIGRATION, allowed=True, effect=None),
    operations.OperationProgressContext(operation=OPERATION | {"status": "running"}, allowed=True),
    operation_form.OperationFormContext(
        choice={"order": str(ID)},
        order=MEMBER,
        selected=None,
        selection=[],
        offered=TABS,
        action="correct",
        problem="a problem",
        steps=[("dispatch", "Dispatch")],
        active_nodes=[("allocation", "Allocation"), ("approve", "Approve")],
        fields=[("buyer", corrections.fields(DOCUMENT, "es"))],
        lines=LINES,
        next_lines="/operations/lines?after=100",
        currency="CLP",
        given={},
    ),
    operation_form.OperationFormContext(
        choice={"group": "f 1"},
        order=None,
        selected=30,
        selection=[("State", "Exception")],
        offered=TABS,
        action="move",
        problem="",
        steps=[("dispatch", "Dispatch")],
        active_nodes=[("allocation", "Allocation"), ("approve", "Approve")],
        fields=[],
        lines=[],
        next_lines="",
        currency="",
        given={"node": "dispatch"},
    ),
    correction_lines.CorrectionLinesContext(lines=LINES, next_lines="/more", currency="CLP", given={}),
    order.OrderContext(
        page=ORDER_PAGE,
        document=DOCUMENT,
        timeline=[STATION, STATION],
        actions=["cancel", "retry"],
        stamp="1 2",
        situation=Situation(text="It failed.", tone="bad", action="retry"),
        marks={"failed": ["A"]},
        names={"A": "Approve"},
    ),
    documents.TicketContext(document=PRINTED, barcode=Barcode(width=5, rows=["10011"]), stamp=["Timbre"]),
    documents.TicketContext(document=PRINTED, barcode=None, stamp=["Timbre"]),
    orders.OrderRowsContext(rows=[ROW, ROW | {"outcome": "completed", "ended_at": AT}], next="/orders?after=x"),
    orders.OrderListContext(
        rows=[ROW],
        next="",
        columns=[COLUMN],
        narrowed=[("24 h", "/orders")],
        total=1,
        more=False,
        problem="",
        query="q=x",
        bulk="/b",
        export="/e",
    ),
    orders.OrdersContext(
        rows=[ROW],
        next="",
        columns=[COLUMN],
        narrowed=[],
        total=10_000,
        more=True,
        problem="",
        query="q=x",
        bulk="/b",
        export="/e",
        given={"q": "x", "sort": "number"},
        states=[("", "Any"), ("dispatch", "Dispatch")],
        sellers=["S"],
        views=[{"view_id": 1, "name": "Mine", "query": "q=x"}],
    ),
    entrance.LoginContext(csrf="c", name="ana", problem="login.wrong", next="/orders"),
    people.PeopleContext(
        users=[
            {
                "user_id": 1,
                "name": "ana",
                "role": "viewer",
                "groups": ["sales"],
                "mail": "a@x.cl",
                "seen_at": AT,
                "disabled_at": disabled,
            }
            for disabled in (None, AT)
        ],
        sessions=[
            {
                "session_id": number,
                "name": "ana",
                "address": "10.0.0.1",
                "agent": "x",
                "opened_at": AT,
                "seen_at": AT,
                "ends_at": AT,
                "closed_at": closed,
                "closed_by": "bob" if closed else None,
            }
            for number, closed in ((7, None), (8, AT))
        ],
        audit=[{"at": AT, "user_name": "ana", "action": "log_in", "subject": "session", "outcome": "done"}],
        roles=[("viewer", "Viewer")],
        tenants=[("main", "Main"), ("andes", "Andes")],
        groups=["sales"],
        shortest=12,
    ),
    people.AccountContext(has_password=True, shortest=12),
    process_imports.ImportContext(reports=[REPORT], problem="a problem", endings=".bpmn"),
    process_bindings.BindingsContext(
        version=VERSION,
        tasks=process_bindings.task_bindings(BOUND),
        gateways=process_bindings.gateway_bindings(BOUND, {"rule.f1": "<b>"}),
        doers=[(each, each) for each in process_bindings.DOERS],
        groups=["sales"],
        servers=["api:/states/allocation"],
        report=REPORT,
        problem="a problem",
    ),
    process_bindings.VerdictContext(report=None, problem=""),
    process_trials.SimulationContext(
        version=VERSION,
        walk={
            "order": "O-7",
            "outcome": None,
            "stands": ["approve"],
            "steps": [{"what": "done", "node": "approve", "visited": [NODE | {"node": "x"}], "values": {"a": 1}}],
        },
        problem="",
        stuck="stuck",
        given={},
        steps=[NODE],
        passed=["V"],
        places=["A"],
    ),
    process_trials.MigrationContext(
        old=VERSION, others=[LISTED], new=VERSION | {"version": 2}, unmapped=[(NODE, 2, [NODE])]
    ),
    processes.ProcessesContext(versions=[LISTED, LISTED | {"active": False}]),
    processes.ProcessPlacesContext(version=VERSION),
    *(
        processes.ProcessContext(
            version=VERSION,
            view=view,
            views=TABS,
            steps=[NODE],
            given={},
            heat=heat.marks([TIMES], "en"),
            legend=heat.legend("en"),
        )
        for view in processes.VIEWS
    ),
    control_room.FiguresContext(snapshot=SNAPSHOT),
    control_room.ControlRoomContext(snapshot=SNAPSHOT),
    mail.MailContext(mails=[LETTER], total=300, opened=LETTER, q="s", next="/mail?after=200"),
    reconciliations.ReconciliationsContext(
        chosen="2026-01-02",
        reconciliations=[{"day": date(2026, 1, 2), "ours": 3, "theirs": 3, "differences": 1, "open": 1}],
        differences=[DIFFERENCE, DIFFERENCE | {"status": "resolved", "order_id": ID, "number": "O-7"}],
        folios=[
            {"document_type": 33, "left": 80, "per_day": 10.0, "expires_on": "2026-06-30", "lasts_days": lasts}
            for lasts in (8, None, 9999)
        ],
    ),
    statistics.StatisticsContext(
        figures=Statistics(
            steps=[STEP],
            sellers=[{"seller_name": "S", "orders": 4, "amount": Decimal(5), "currency": "CLP"}],
            causes=[{"code": "no_stock", "state": "allocation", "incidents": 2}],
            states=[{"state": "allocation", "passed": 4, "over": 1, "p50": 1.0, "p95": 2.0}],
        ),
        span="day",
        spans=TABS,
        since=AT,
        until=AT,
        step="hour",
    ),
    system.SystemContext(
        functions=[
            {
                "name": "issue_dte",
                "memory_mb": 256,
                "timeout_s": 30,
                "modified_at": AT,
                "invocations": 10,
                "errors": 1,
                "p50": 12.0,
                "p99": None,
            }
        ],
        queues=[{"name": "orders", "visible": 1, "in_flight": 2, "delayed": 3}],
    ),
    *(
        tasks.TasksContext(
            view=view, views=TABS, group="sales", groups=["sales"], rows=[TASK], next="/tasks?after=200", own_groups=own
        )
        for view, own in (("open", ["sales"]), ("groups", []))
    ),
    tasks.TaskContext(
        task=TASK,
        fields=FIELDS,
        mine=False,
        open_to_me=True,
        comments=[{"at": AT, "task": "Approve", "person": "ana", "text": "soon"}],
        given={"value.why": "x"},
        problem="a problem",
    ),
    tasks.TaskContext(
        task=TASK | {"element_name": None, "data": {}},
        fields=[],
        mine=False,
        open_to_me=False,
        comments=[],
        given={},
        problem="",
    ),
]
