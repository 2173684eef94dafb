"""The emulator knows which function called what: IAM parity is reckoned from it."""

from delivery.iam.calls import needs
from tests.integration.system import System
from tests.support.orders import OrderFile


def test_the_calls_of_an_order_are_its_functions_own(system: System, number: str) -> None:
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "completed")

    recorded: object = system.call_emulator("GET", "/_mtd/role-calls")
    assert isinstance(recorded, list)
    roles = {
        role["RoleName"] for page in system.aws("iam").get_paginator("list_roles").paginate() for role in page["Roles"]
    }
    called = {(need.role, need.action, need.resource.rpartition(":")[2]) for need in needs(recorded)}
    assert {role for role, _, _ in called} <= roles

    def calls(function: str) -> set[tuple[str, str]]:
        return {(action, name) for role, action, name in called if f"-{function}Function" in role}

    assert ("sqs:SendMessage", "mtd-local-orders") in calls("ReceiveOrder")
    assert {action for action, _ in calls("ReadQueue")} >= {"execute-api:Invoke"}
    assert ("sqs:SendMessage", "mtd-local-transitions") in calls("IssueDte")
    assert not any(name == "mtd-local-orders" for _, name in calls("IssueDte"))
