"""Nothing of a customer in any log: of the functions, the emulator, PostgreSQL and the simulator."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

from tests.integration.system import System, until
from tests.support.orders import OrderFile

# The names of the tests' and the seeds' buyers, and one of this test's own.
NAME, MAIL, RUT = "Perpetua Quiñelao", "perpetua.quinelao@example.cl", "9876543-3"
_PERSONAL = re.compile(
    r"perpetua|Qui(ñ|\\u00f1|Ã±)elao|9\.?876\.?543-3|Ana Rojas|12\.?345\.?678-5"
    r"|(ana|cliente\.[\w.-]+|perpetua[\w.]*)@example\.cl",
    re.IGNORECASE,
)


def _function_logs(system: System) -> Iterator[tuple[str, str]]:
    """Every event of every function since the instance's start: (log group, message)."""
    logs = system.aws("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                for event in events["events"]:
                    yield name, event["message"]


def _files(system: System) -> Iterator[tuple[str, str]]:
    """Every line of the servers' own logs, where they are files of this machine."""
    for path in sorted((Path(str(system.state["folder"])) / "logs").glob("*.log")):
        for line in path.read_text("utf-8", "replace").splitlines():
            yield path.name, line


def _found(system: System) -> list[tuple[str, str]]:
    written = [*_function_logs(system), *_files(system)]
    assert len(written) > 50, "there are logs to look at"
    return [(place, line[:300]) for place, line in written if _PERSONAL.search(line)]


def test_no_log_holds_a_name_an_address_or_a_rut(system: System, number: str) -> None:
    def order(suffix: str, **knobs: object) -> OrderFile:
        values = {"buyer_rut": RUT, "buyer_name": NAME, "mail": MAIL} | knobs
        return OrderFile(number=f"{number}-{suffix}", **values)  # type: ignore[arg-type]

    system.fault("eom", f"{number}-refused", refusal_rate=1, refusal_code="no", refusal_message=f"{NAME} {MAIL} {RUT}")
    system.fault("paperless", f"{number}-dte", refusal_rate=1, refusal_code="NO", refusal_message=f"{MAIL} {RUT}")
    system.fault("sales_support", f"{number}-slow", error_rate=1, times=2)
    files = {
        "fine": order("fine"),
        "refused": order("refused"),
        "dte": order("dte"),
        "slow": order("slow"),
        "card": order("card", gift_card="4111111111111111"),
        "mail": order("mail", mail=f"{NAME} <{MAIL}>"),
    }
    for suffix, file in files.items():
        system.put(file.xml(), f"{number}-{suffix}.xml")
    system.put(order("wrong", buyer_rut="9876543-4").xml(), f"{number}-wrong.xml")
    system.put(order("cut").xml()[:-60], f"{number}-cut.xml")
    system.ended(f"{number}-fine", "completed")
    # The same number with other content, values that PostgreSQL refuses, and an order that its own row cannot hold.
    system.put(order("fine", item_name="Mesa").xml(), f"{number}-fine-again.xml")
    document = system.sql("select document from orders where number = %s", f"{number}-fine")[0]["document"]
    system.call("POST", "/orders", {"orders": [{"order": document | {"number": MAIL, "issued_on": "soon"}}]})
    system.sql("update orders set document = document - 'lines' where number = %s", f"{number}-fine")
    for suffix in ("refused", "dte", "card"):
        system.ended(f"{number}-{suffix}", "exception")
    system.ended(f"{number}-slow", "completed")
    until(lambda: system.mails(f"{number}-slow"), bool)
    # Log events reach CloudWatch within a second.
    time.sleep(1.5)

    assert _found(system) == []
