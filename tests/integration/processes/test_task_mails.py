"""People are told of tasks by mail: when one comes, and when its time has passed."""

import json
import urllib.request
import uuid
from typing import Any

from tests.integration.processes.drawn import active, do, start, tasks
from tests.integration.system import System, until

_PROCESS = """
    start: Came
    user: Approve | group={group}, due=PT1S
    boundary: Late | on=Approve, escalation, interrupting=no
    user: Ask the boss | group=bosses
    end: Done
    end: Asked
    Came > Approve > Done
    Late > Ask the boss > Asked
"""


def _mails(system: System, address: str) -> list[str]:
    """The subjects of the mails to the address."""
    with urllib.request.urlopen(f"{system.endpoint}/_aws/ses", timeout=10) as answer:
        messages: list[dict[str, Any]] = json.load(answer)["messages"]
    return [each["Subject"] for each in messages if address in each["Destination"]["ToAddresses"]]


def test_the_group_is_told_of_a_task_and_of_its_time_which_escalates_it(system: System, number: str) -> None:
    mark = uuid.uuid4().hex[:8]
    group, address = f"group-{mark}", f"{mark}@example.cl"
    system.sql(
        "insert into portal.users (tenant, name, password_hash, role, groups, mail) "
        "values ('main', %s, 'x', 'operator', %s, %s)",
        f"u-{mark}",
        [group.upper()],
        address,
    )
    assert start(system, number, active(system, _PROCESS.format(group=group)))[0] == 200
    [approve] = tasks(system, number, "Approve")

    def relayed() -> list[str]:
        system.invoke("relay_outbox", {})
        return _mails(system, address)

    new = f"Tarea nueva: Approve, pedido {number}"
    until(relayed, lambda mails: new in mails)
    # Its time passes: the drawn event takes its way, and the group is told once more.
    tasks(system, number, "Approve", "Ask the boss")
    overdue = f"Tarea vencida: Approve, pedido {number}"
    until(relayed, lambda mails: overdue in mails)
    relayed()
    assert sorted(_mails(system, address)) == [new, overdue]

    assert do(system, approve, "complete")[0] == 200
    history = [event["what"] for event in system.order(number)["events"]]
    assert any(what.startswith("task overdue: escalated") for what in history)
    assert any(what.startswith("mail about an overdue task") and "sent 1" in what for what in history), history
