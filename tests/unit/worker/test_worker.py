"""A worker's loop against a server: which report follows from what its function does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mtd_worker import Credentials, Later, Refused, Task, Worker
from mtd_worker.client import Refusal

type Json = dict[str, Any]


class Api:
    """Hands out tasks, and keeps the reports. `statuses` are those of the next reports."""

    def __init__(self) -> None:
        self.tasks: list[Json] = []
        self.reports: list[tuple[str, Json]] = []
        self.statuses: list[tuple[int, Json]] = []
        self.lease_status = 200
        self.done = threading.Event()
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = api.serve(self.path.rpartition("/")[2], body, self.headers["Authorization"])
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/live"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def serve(self, action: str, body: Json, authorization: str) -> tuple[int, Json]:
        assert authorization.startswith("AWS4-HMAC-SHA256 Credential=KEY/")
        if action == "lease":
            given, self.tasks = self.tasks[: body["most"]], self.tasks[body["most"] :]
            return self.lease_status, {"tasks": given, "code": "x", "message": "m"}
        self.reports.append((action, body))
        status, answer = self.statuses.pop(0) if self.statuses else (200, {})
        if status < 500:
            self.done.set()
        return status, answer

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def api() -> Iterator[Api]:
    started = Api()
    yield started
    started.stop()


def worker(api: Api) -> Worker:
    return Worker(
        api.url,
        "us-west-2",
        system="warehouse",
        name="w-1",
        wait_seconds=0.05,
        pause_seconds=0.01,
        credentials=Credentials(access_key="KEY", secret_key="S"),
    )


def task(operation: str = "pick") -> Json:
    return {
        "lease": "1.2.1",
        "task": "pick_goods",
        "operation": operation,
        "order": "N-1",
        "key": "K-1",
        "request": {"lines": [1, 2]},
        "tries": 1,
        "outcome_unknown": False,
        "of_a_later_release": True,
    }


def work_off(api: Api, made: Worker) -> tuple[str, Json]:
    """The first report."""
    api.tasks.append(task())
    running = threading.Thread(target=made.run)
    running.start()
    assert api.done.wait(10)
    made.stop()
    running.join(10)
    assert not running.is_alive()
    return api.reports[-1]


def test_the_answer_is_reported(api: Api) -> None:
    made = worker(api)
    seen: list[Task] = []

    @made.operation("pick")
    def pick(found: Task) -> Json:
        seen.append(found)
        return {"picked": 2}

    assert work_off(api, made) == ("complete", {"worker": "w-1", "lease": "1.2.1", "answer": {"picked": 2}})
    assert (seen[0].order, seen[0].key, seen[0].request) == ("N-1", "K-1", {"lines": [1, 2]})


@pytest.mark.parametrize(
    ("error", "action", "told"),
    [
        (Refused("no_stock", "none left"), "error", {"code": "no_stock", "message": "none left"}),
        (Later("busy", 7), "fail", {"code": "worker_failed", "message": "busy", "retry_after": 7}),
        (ValueError("oh"), "fail", {"code": "worker_failed", "message": "oh"}),
        (ValueError(), "fail", {"code": "worker_failed", "message": "ValueError"}),
    ],
)
def test_each_exception_has_its_report(api: Api, error: Exception, action: str, told: Json) -> None:
    made = worker(api)

    @made.operation("pick")
    def pick(_: Task) -> Json:
        raise error

    assert work_off(api, made) == (action, {"worker": "w-1", "lease": "1.2.1", **told})


def test_an_operation_that_it_does_not_know_is_left_to_others(api: Api) -> None:
    action, body = work_off(api, worker(api))

    assert (action, "does not know the operation pick" in body["message"]) == ("fail", True)


def test_a_report_is_repeated_while_mtd_does_not_answer(api: Api) -> None:
    made = worker(api)
    made.operation("pick")(lambda _: {})
    api.statuses = [(503, {}), (500, {}), (200, {})]

    work_off(api, made)

    assert [action for action, _ in api.reports] == ["complete"] * 3


def test_a_report_that_comes_too_late_is_dropped(api: Api) -> None:
    made = worker(api)
    made.operation("pick")(lambda _: {})
    api.statuses = [(409, {"code": "lease_lost", "message": "m"})]

    work_off(api, made)

    assert len(api.reports) == 1


def test_a_worker_that_is_set_up_wrongly_ends(api: Api) -> None:
    api.lease_status = 403

    with pytest.raises(Refusal, match="403"):
        worker(api).run()
