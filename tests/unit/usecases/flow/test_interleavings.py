"""An order's invariants hold in every interleaving of functions, crashes, doubled messages and people."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC
from decimal import Decimal
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.support.orders import OrderFile
from tests.unit.support.circuits import FakeCircuits
from tests.unit.support.memory import MemoryOrder, Row

from mtd.domain.errors import BusinessError, MtdError, NotFound, RetryableError
from mtd.domain.orders import ubl
from mtd.engine.model.plan import CANCELLATION
from mtd.engine.model.tokens import Waits
from mtd.engine.runtime import interpreter
from mtd.usecases.flow.apply_trigger import write_step
from mtd.usecases.flow.changes import Changes, IssuedDocument
from mtd.usecases.flow.control_error import NODE as CONTROL_ERROR
from mtd.usecases.flow.control_error import control_error
from mtd.usecases.flow.effects import EffectResult, StateRun
from mtd.usecases.flow.run_state import run_state
from mtd.usecases.flow.tokens import LeasedToken, TokenReference
from mtd.usecases.operations.cancel_order import CancelOrder, cancel_orders
from mtd.usecases.operations.operate_order import operate_order
from mtd.usecases.operations.order_actions import OrderAction
from mtd.usecases.ports import FlowStore
from mtd.usecases.states.dte_incident import NODE as DTE_INCIDENT
from mtd.usecases.states.dte_incident import notify_dte_incident, register_dte_incident

ORDER = ubl.parse_order(OrderFile(number="N-1", gift_card="GC-1").xml().encode())
RUN = StateRun(function="test", request_id="r", parallel=1)
ACTIONS = ("retry", "move", "skip", "suspend", "resume", "cancel")
ONCE = (CANCELLATION, DTE_INCIDENT, CONTROL_ERROR)
"""Places whose functions are not a state's."""
PLACES = ("validation", "gift_card", "allocation", "emission_dte", "sales_support", "dispatch", "completion", "nowhere")


class Interleavings(RuleBasedStateMachine):
    """One order; every rule is one commit of somebody's, or a crash."""

    def __init__(self) -> None:
        super().__init__()
        self.world = MemoryOrder(ORDER)
        self.issued = 0
        self.versions: dict[int, int] = {}
        self.stale: list[tuple[str, TokenReference]] = []

    @initialize()
    def register(self) -> None:
        plan = self.world.plan
        changes = Changes()
        step = interpreter.begin(plan, {"order": {}})
        write_step(changes, plan, ORDER.order_id, {}, step, {}, UTC)
        self.world.write(changes)

    def working(self, *, leased: bool) -> list[tuple[int, Row]]:
        """The tokens that a function may take, or has taken."""
        rows = sorted(self.world.rows.items())
        return [(id_, row) for id_, row in rows if row.token.waits is Waits.SERVICE and row.leased is leased]

    def run(self, token_id: int, row: Row, effect: Callable[[LeasedToken], EffectResult]) -> None:
        server = row.server or row.token.node
        reference = TokenReference(token_id=token_id, version=row.version)
        self.serve(server, reference, effect)
        self.stale.append((server, reference))

    def serve(self, server: str, reference: TokenReference, effect: Callable[[LeasedToken], EffectResult]) -> None:
        """As the function, or the state machine, that serves the place."""
        work = cast(FlowStore, self.world)
        if server == CANCELLATION:
            cancel_orders([reference], cast(CancelOrder, effect), work, FakeCircuits(), RUN)
        elif server == DTE_INCIDENT:
            with suppress(NotFound):
                register_dte_incident(reference, work, RUN)
                notify_dte_incident(reference, work, RUN)
        else:
            run_state(server, [reference], control_error if server == CONTROL_ERROR else effect, work, RUN)

    @precondition(lambda self: self.working(leased=False))
    @rule(data=st.data())
    def a_function_is_done(self, data: Any) -> None:
        token_id, row = data.draw(st.sampled_from(self.working(leased=False)))

        def effect(token: LeasedToken) -> EffectResult:
            if token.node == "emission_dte":
                # Paperless knows the key: a second issue is the first one's document.
                self.issued = 1
                return EffectResult(
                    documents=(IssuedDocument(document_type=39, folio=1, amount=Decimal(1), currency="CLP"),)
                )
            return EffectResult()

        self.run(token_id, row, effect)

    @precondition(lambda self: self.working(leased=False))
    @rule(data=st.data(), error=st.sampled_from([BusinessError("no", code="refused"), RetryableError("later")]))
    def a_legacy_system_fails(self, data: Any, error: MtdError) -> None:
        token_id, row = data.draw(st.sampled_from(self.working(leased=False)))

        def effect(_: LeasedToken) -> EffectResult:
            raise error

        self.run(token_id, row, effect)

    @precondition(lambda self: self.working(leased=False))
    @rule(data=st.data())
    def a_function_takes_it_and_dies(self, data: Any) -> None:
        token_id, row = data.draw(st.sampled_from(self.working(leased=False)))
        server = row.server or row.token.node
        self.world.lease(server, [TokenReference(token_id=token_id, version=row.version)])

    @precondition(lambda self: self.working(leased=False))
    @rule(data=st.data(), action=st.sampled_from(("", *ACTIONS)))
    def a_slow_function_is_overtaken(self, data: Any, action: str) -> None:
        """Its lease runs out while it works; another function, or a person, is through before it."""
        token_id, row = data.draw(st.sampled_from(self.working(leased=False)))
        overtaken: list[Any] = []

        def effect(case: LeasedToken) -> EffectResult:
            if not overtaken:
                overtaken.append(None)
                self.world.cut_off(token_id)
                if action:
                    self.a_person_acts(action, "dispatch", late=False)
                if (now := self.world.rows.get(token_id)) is not None and now.token.node not in ONCE:
                    self.run(token_id, now, lambda _: EffectResult())
                row = self.world.rows.get(token_id)
                own = row is not None and (row.version, row.attempts) == (case.version, case.attempts)
                overtaken[0] = None if own else self.world.seen()
            return EffectResult()

        if (row.server or row.token.node) in ONCE or self.world.suspended:
            return
        self.run(token_id, row, effect)
        # A token that is stopped is not taken at all. Of others nobody took, each is still its own to commit.
        assert overtaken in ([], [None]) or self.world.seen() == overtaken[0]

    @precondition(lambda self: self.working(leased=True))
    @rule(data=st.data())
    def a_lease_runs_out(self, data: Any) -> None:
        self.world.cut_off(data.draw(st.sampled_from(self.working(leased=True)))[0])

    @precondition(lambda self: self.stale)
    @rule(data=st.data())
    def a_message_comes_again(self, data: Any) -> None:
        server, reference = data.draw(st.sampled_from(self.stale))
        row = self.world.rows.get(reference.token_id)
        fresh = row is not None and row.version == reference.version
        before = self.world.seen()
        if not fresh:
            self.serve(server, reference, lambda _: EffectResult())
            assert self.world.seen() == before

    @rule(action=st.sampled_from(ACTIONS), place=st.sampled_from(PLACES), late=st.booleans())
    def a_person_acts(self, action: str, place: str, late: bool) -> None:
        before = self.world.seen()
        operated = self.world.operated_as()
        act = OrderAction(action=action, person="ana", reason="why", node=place if action == "move" else None)
        revision = operated.revision - late
        try:
            verdict = operate_order(act, operated, revision, frozenset(), "operate_order")
        except MtdError:
            assert self.world.seen() == before
            return
        assert not late
        assert not (operated.leased and action in ("move", "skip", "cancel"))
        self.world.apply(verdict)
        assert len(self.world.events) == before[3] + 1

    @invariant()
    def an_order_has_ended_or_stands_somewhere(self) -> None:
        world = self.world
        assert (world.outcome is None) == bool(world.rows)
        assert not (world.suspended and world.outcome)

    @invariant()
    def tokens_are_distinct_and_where_the_process_has_a_place(self) -> None:
        rows = self.world.rows
        assert len({row.token.id for row in rows.values()}) == len(rows)
        assert all(row.token.node in self.world.plan.nodes or row.token.node == CANCELLATION for row in rows.values())

    @invariant()
    def versions_only_grow(self) -> None:
        for token_id, row in self.world.rows.items():
            assert row.version >= self.versions.get(token_id, 0)
            self.versions[token_id] = row.version

    @invariant()
    def an_exception_has_an_incident_and_a_completed_order_has_none(self) -> None:
        opened = [incident for incident in self.world.incidents if incident.open]
        assert self.world.outcome != "exception" or opened
        assert self.world.outcome not in ("completed", "cancelled") or not opened

    @invariant()
    def a_cancellation_is_alone(self) -> None:
        nodes = [row.token.node for row in self.world.rows.values()]
        assert CANCELLATION not in nodes or len(nodes) == 1


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
