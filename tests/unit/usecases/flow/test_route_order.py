import json
import threading
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.unit.support.fakes import FakeApi, FakeMachines, FakeQueues, FakeStore

from mtd.domain.errors import MtdError, ProcessError, RetryableError
from mtd.domain.json_types import Json
from mtd.usecases.flow.route_order import LARGEST_BATCH, TransitionMessage, route_order
from mtd.usecases.flow.tokens import CurrentToken, TokenReference
from mtd.usecases.flow.trace import hop

HERE = hop("Lambda", "route_order")


def place(token_id: int, node: str, version: int = 1, **data: str) -> CurrentToken:
    return CurrentToken(
        token_id=token_id,
        version=version,
        node=node,
        attempts=0,
        data=data,
        order_id=uuid.uuid4(),
        process_version_id=1,
        due_at=datetime.now(UTC),
        outcome_unknown=False,
    )


def message(name: str, *tokens: int, version: int = 1) -> TransitionMessage:
    references = tuple(TokenReference(token_id=token, version=version) for token in tokens)
    return TransitionMessage(message_id=name, references=references, hop=hop("SQS", "transitions"))


def test_one_call_a_state_for_the_whole_batch() -> None:
    store = FakeStore(current_tokens=[place(1, "validation"), place(2, "completion"), place(3, "validation")])
    api, machines = FakeApi(), FakeMachines()

    failed = route_order([message("a", 1, 2), message("b", 3)], store, api, machines, FakeQueues(), HERE)

    assert failed == []
    tokens = {path: [token["token_id"] for token in body["tokens"]] for path, body in api.calls}
    assert tokens == {"/states/validation": [1, 3], "/states/completion": [2]}


class MeetingApi:
    """Two calls must be under way together, or both fail; keeps how many were at most."""

    def __init__(self) -> None:
        self.under_way = 0
        self.most = 0
        self.meeting = threading.Barrier(2, timeout=5)
        self.lock = threading.Lock()

    def post(self, path: str, body: Json) -> Json:
        del path, body
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        self.meeting.wait()
        with self.lock:
            self.under_way -= 1
        return {}


def test_as_many_states_are_called_at_a_time_as_the_home_has_room_for() -> None:
    states = ("validation", "dispatch", "allocation", "completion")
    store = FakeStore(current_tokens=[place(number, state) for number, state in enumerate(states)])
    api = MeetingApi()

    assert route_order([message("a", *range(4))], store, api, FakeMachines(), FakeQueues(), HERE, at_once=2) == []
    assert api.most == 2


def test_a_stale_or_doubled_message_calls_no_one_twice() -> None:
    store = FakeStore(current_tokens=[place(1, "validation", version=2)])
    api = FakeApi()

    route_order(
        [message("old", 1), message("new", 1, version=2), message("again", 1, version=2)],
        store,
        api,
        FakeMachines(),
        FakeQueues(),
        HERE,
    )

    assert [body["tokens"] for _, body in api.calls] == [[{"token_id": 1, "version": 2}]]


def test_only_the_messages_of_a_state_that_fails_come_again() -> None:
    store = FakeStore(current_tokens=[place(1, "validation"), place(2, "completion")])
    api = FakeApi(errors={"/states/completion": RetryableError("503")})

    assert route_order([message("a", 1), message("b", 2)], store, api, FakeMachines(), FakeQueues(), HERE) == ["b"]


def test_a_failure_goes_to_the_error_api_of_its_state() -> None:
    store = FakeStore(current_tokens=[place(1, "control_error", failed="allocation")])
    api = FakeApi()

    route_order([message("a", 1)], store, api, FakeMachines(), FakeQueues(), HERE)

    assert api.calls[0][0] == "/errors/allocation"


def test_a_failed_tax_document_starts_one_execution_an_order() -> None:
    store = FakeStore(current_tokens=[place(1, "dte_incident"), place(2, "dte_incident")])
    machines = FakeMachines()

    route_order([message("a", 1, 2)], store, FakeApi(), machines, FakeQueues(), HERE)

    assert [(name, body["token"]["token_id"]) for name, _, body in machines.started] == [
        ("dte_incident", 1),
        ("dte_incident", 2),
    ]
    assert len({execution for _, execution, _ in machines.started}) == 2


def test_large_batches_are_split() -> None:
    count = LARGEST_BATCH * 2 + 1
    store = FakeStore(current_tokens=[place(i, "validation") for i in range(count)])
    api = FakeApi()

    route_order([message("a", *range(count))], store, api, FakeMachines(), FakeQueues(), HERE)

    assert sorted(len(body["tokens"]) for _, body in api.calls) == [1, LARGEST_BATCH, LARGEST_BATCH]


def test_an_api_that_refuses_for_good_fails_its_own_messages_alone() -> None:
    store = FakeStore(current_tokens=[place(1, "validation"), place(2, "dispatch")])
    api = FakeApi(errors={"/states/validation": MtdError("400")})

    assert route_order([message("a", 1), message("b", 2)], store, api, FakeMachines(), FakeQueues(), HERE) == ["a"]


def test_an_order_whose_task_nothing_serves_becomes_an_exception_and_the_others_go_on() -> None:
    """A place that its process does not have, a path that the API does not have, an unknown state machine."""
    tokens = [place(1, "demolition"), place(2, "completion"), place(3, "validation"), place(4, "dte_incident")]
    store = FakeStore(current_tokens=tokens)
    gone = ProcessError("the API has no such path", code="nobody_serves")
    api, machines = FakeApi(errors={"/states/validation": gone}), FakeMachines(unknown=True)

    assert route_order([message("a", 1, 2), message("b", 3, 4)], store, api, machines, FakeQueues(), HERE) == []

    assert "/states/completion" in [path for path, _ in api.calls]
    assert {token_id: changes.incidents[0].code for token_id, changes in store.committed.items()} == dict.fromkeys(
        (1, 3, 4), "nobody_serves"
    )
    assert [changes.order_ends[0].outcome for changes in store.committed.values()] == ["exception"] * 3


def test_tokens_whose_function_was_cut_off_go_alone() -> None:
    cut_off = [replace(place(i, "validation"), outcome_unknown=True) for i in (1, 2)]
    store = FakeStore(current_tokens=[*cut_off, place(3, "validation"), place(4, "validation")])
    api = FakeApi()

    route_order([message("a", 1, 2, 3, 4)], store, api, FakeMachines(), FakeQueues(), HERE)

    assert sorted([token["token_id"] for token in body["tokens"]] for _, body in api.calls) == [[1], [2], [3, 4]]


def test_a_message_of_the_relay_starts_an_execution_of_its_own() -> None:
    first, machines = place(1, "dte_incident"), FakeMachines()
    again = replace(first, due_at=first.due_at + timedelta(minutes=15))

    for each in (first, first, again):
        route_order([message("a", 1)], FakeStore(current_tokens=[each]), FakeApi(), machines, FakeQueues(), HERE)

    names = [execution for _, execution, _ in machines.started]
    assert names[0] == names[1] != names[2]
    assert all(len(name) <= 80 for name in names)


def test_tokens_of_a_slow_system_are_handed_on_to_its_lane_and_the_others_are_served() -> None:
    tokens = [place(1, "validation"), place(2, "allocation"), place(3, "dispatch"), place(4, "emission_dte")]
    store, api, queues = FakeStore(current_tokens=tokens), FakeApi(), FakeQueues()

    assert route_order([message("a", 1, 2, 3, 4)], store, api, FakeMachines(), queues, HERE) == []

    assert [path for path, _ in api.calls] == ["/states/validation"]
    sent = [(lane, [token["token_id"] for token in json.loads(body)["tokens"]]) for lane, body in queues.sent]
    assert sent == [("transitions-eom", [2]), ("transitions-eom", [3]), ("transitions-paperless", [4])]
    assert json.loads(queues.sent[0][1])["tokens"] == [{"token_id": 2, "version": 1}]


def test_a_lane_serves_its_tokens_and_any_other_that_comes_there() -> None:
    store, api, queues = (
        FakeStore(current_tokens=[place(1, "allocation"), place(2, "gift_card")]),
        FakeApi(),
        FakeQueues(),
    )

    route_order([message("a", 1, 2)], store, api, FakeMachines(), queues, HERE, lane="transitions-eom")

    assert [path for path, _ in api.calls] == ["/states/allocation", "/states/gift_card"]
    assert queues.sent == []


def test_a_message_whose_tokens_cannot_be_handed_on_comes_again() -> None:
    store, queues = FakeStore(current_tokens=[place(1, "validation"), place(2, "allocation")]), FakeQueues()
    queues.fail_sending = True

    assert route_order([message("a", 1), message("b", 2)], store, FakeApi(), FakeMachines(), queues, HERE) == ["b"]


def test_a_call_that_breaks_in_an_unknown_way_takes_no_other_along() -> None:
    store, api = FakeStore(current_tokens=[place(1, "dte_incident"), place(2, "validation")]), FakeApi()

    assert route_order(
        [message("a", 1), message("b", 2)], store, api, FakeMachines(broken=True), FakeQueues(), HERE
    ) == ["a"]
    assert [path for path, _ in api.calls] == ["/states/validation"]
