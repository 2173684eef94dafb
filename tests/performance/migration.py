"""Orders in flight go to another version of their process while others run: rehearsed, moved, taken back, moved again.

So many orders stand at a people's task, at a timer and half-way into a join. A new version renames the task, gives it
a deadline, and has another step; meanwhile as many other orders go their way through the inbox. Every order is then
brought to its end on the new version and counted in the legacy systems. The last line is one JSON object.

    .venv/bin/python -m tests.performance.migration [--orders 200] [--instance NAME]
"""

import argparse
import base64
import json
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# In place of this folder, whose portal.py is not the portal.
sys.path[:1] = [str(ROOT), str(ROOT / "seed")]

from generate import generate  # type: ignore[import-not-found]  # noqa: E402

from devenv.running import Running  # noqa: E402
from tests.integration.system import System, until  # noqa: E402
from tests.performance.measured import measured_instance  # noqa: E402
from tests.support.bpmn_files import bpmn  # noqa: E402
from tests.support.diagrams import draw  # noqa: E402

type Json = dict[str, Any]

OLD = """
    start: Order came
    service: Validation
    and: Split
    service: Allocation
    user: Approve | group=sales
    and: Join
    catch: Wait for the truck | time=PT%(wait)sS
    service: Dispatch
    end: Completed
    Order came > Validation > Split > Allocation > Join > Wait for the truck > Dispatch > Completed
    Split > Approve > Join
"""
NEW = (
    OLD.replace("Approve", "Review")
    .replace(
        "    end: Completed",
        "    service: Sales support\n    boundary: Too slow | on=Review, time=PT8H, interrupting=no\n"
        "    end: Told\n    end: Completed",
    )
    .replace("Dispatch > Completed", "Dispatch > Sales support > Completed")
    + "    Too slow > Told\n"
)
_PERSON = {"person": "demo", "reason": "the new version"}
_WAIT_SECONDS = 45


def measure(system: System, orders: int) -> Json:
    """Everything; the figures."""
    process = f"moving-{uuid.uuid4().hex[:6]}"
    for version, text in enumerate((OLD, NEW), 1):
        _import(system, process, version, text % {"wait": _WAIT_SECONDS})
    numbers = _start(system, process, orders)
    waiting = set(numbers[orders // 2 :])
    _people(system, waiting, "Approve")
    places = {row["node"]: row["n"] for row in system.sql(_PLACES, numbers)}
    ahead = time.monotonic() + _WAIT_SECONDS - 5
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(_load, system, orders)
        result: Json = {"orders": orders, "places": places}
        asked = {"from": 1, "to": 2}
        result["unmapped"] = _verdicts(_migrate(system, process, mode="rehearse", **asked))
        rehearsal = _timed(result, "rehearsal", lambda: _migrate(system, process, mode="rehearse", map=MAP, **asked))
        move = _timed(result, "move", lambda: _migrate(system, process, mode="run", map=MAP, **asked))
        back = _timed(
            result, "back", lambda: _migrate(system, process, mode="reverse", operation_id=move["operation_id"])
        )
        again = _timed(result, "again", lambda: _migrate(system, process, mode="run", map=MAP, **asked))
        result["before_the_first_timer"] = time.monotonic() < ahead
        result |= {
            "rehearsed": _verdicts(rehearsal),
            "moved": _verdicts(move),
            "taken_back": _verdicts(back),
            "moved_again": _verdicts(again),
        }
        _people(system, set(numbers) - waiting, "Review")
        result["ends"] = _ends(system, numbers)
        result["load"] = load.result()
    result["steps_on_the_new_version"] = system.sql(_NEW_STEPS, numbers)[0]["n"]
    shipped = Counter(len(system.done("eom", "ship", number)) for number in numbers)
    result["shipments_an_order"] = dict(shipped)
    result["lost"] = orders - result["ends"].get("completed", 0)
    return result


MAP = {"approve": "review"}
_PLACES = (
    "select node, count(*) as n from places join orders using (order_id) where number = any(%s) group by 1 order by 1"
)
_NEW_STEPS = (
    "select count(distinct e.order_id) as n from events e join orders using (order_id) "
    "where number = any(%s) and e.from_state = 'sales_support' and e.what = 'done'"
)


def _import(system: System, process: str, version: int, text: str) -> None:
    content = base64.b64encode(bpmn(draw(text, "Moving"))).decode()
    status, answer = system.call("POST", "/processes", {"files": [{"name": f"{process}.bpmn", "content": content}]})
    assert status == 200, answer
    assert (answer["reports"][0]["verdict"], answer["reports"][0]["version"]) == ("ready", version), answer


def _start(system: System, process: str, orders: int) -> list[str]:
    model, content = next(iter(generate(1, seed=3, prefix=f"MODEL{uuid.uuid4().hex[:5]}")))
    system.put(content, f"{model}.xml")
    document = until(lambda: system.sql("select document from orders where number = %s", model), bool)[0]["document"]
    numbers = [f"MOVE-{process[-6:]}-{i:04}" for i in range(orders)]
    for i in range(0, orders, 100):
        entries = [{"order": document | {"number": n}, "process": process, "version": 1} for n in numbers[i : i + 100]]
        assert system.call("POST", "/orders", {"orders": entries})[0] == 200
    # All have their task, and their other branch has come to the join.
    until(
        lambda: {r["node"]: r["n"] for r in system.sql(_PLACES, numbers)},
        lambda n: n == {"approve": orders, "join": orders},
        120,
    )
    return numbers


def _people(system: System, numbers: set[str], name: str) -> None:
    rows = system.sql(
        "select task_id, t.version, t.team from tasks t join orders using (order_id) "
        "where number = any(%s) and status = 'open' and t.name = %s",
        list(numbers),
        name,
    )
    assert len(rows) == len(numbers), (len(rows), len(numbers))
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(
            lambda row: system.call(
                "POST",
                f"/tasks/{row['task_id']}/complete",
                {"version": row["version"], "person": "demo", "groups": [row["team"]]},
            )[0],
            rows,
        )
        assert Counter(done) == {200: len(numbers)}


def _migrate(system: System, process: str, **asked: Any) -> Json:
    status, operation = system.call("POST", f"/processes/{process}/migrations", {**_PERSON, **asked})
    assert status == 200, operation
    path = f"/operations/{operation['operation_id']}"
    return until(lambda: system.get(path), lambda found: found["status"] != "running", 300)


def _timed(result: Json, name: str, do: Callable[[], Json]) -> Json:
    started = time.perf_counter()
    done = do()
    result[f"{name}_seconds"] = round(time.perf_counter() - started, 2)
    return done


def _verdicts(operation: Json) -> Json:
    counts = Counter(item["code"] or item["status"] for item in operation["items"])
    return {name: operation["counts"]["total"] if len(counts) == 1 else n for name, n in counts.items()}


def _load(system: System, orders: int) -> Json:
    """So many orders through the inbox meanwhile; how they ended."""
    files = list(generate(orders, seed=11, prefix=f"WITH{uuid.uuid4().hex[:5]}"))
    for number, content in files:
        system.put(content, f"{number}.xml")
    return _ends(system, [number for number, _ in files])


def _ends(system: System, numbers: list[str]) -> Json:
    def ask() -> Json:
        rows = system.sql(
            "select coalesce(outcome, 'in flight') as o, count(*) as n from orders where number = any(%s) group by 1",
            numbers,
        )
        return {row["o"]: row["n"] for row in rows}

    return until(ask, lambda ends: "in flight" not in ends and sum(ends.values()) == len(numbers), 300)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--instance", help="a running instance; else one of its own")
    arguments = parser.parse_args()
    with measured_instance(arguments.instance) as instance:
        result = measure(System(Running.of(instance).document), arguments.orders)
    for name, value in result.items():
        print(f"{name.replace('_', ' '):28}{value}")
    print(json.dumps(result))
    if result["lost"] or result["shipments_an_order"] != {1: arguments.orders}:
        raise SystemExit("orders were lost or served twice")


if __name__ == "__main__":
    main()
