"""The list of tasks."""

from tests.unit.portal.samples import TASK
from tests.unit.portal.services import FakePortal

from portal.access.accounts import Role


def test_tasks_of_one_name_are_told_apart_by_their_element(portal: FakePortal) -> None:
    client = portal.client(Role.VIEWER)
    portal.read.rows["as overdue, t.element_name, t.item"] = [
        TASK | {"item": 0},
        TASK | {"task_id": 2, "item": 1},
        TASK | {"task_id": 3, "element_name": None, "item": None},
    ]

    page = client.get("/tasks?view=open").text

    assert [page.count(f"<small>{element}</small>") for element in ("line 1", "line 2", "line 3")] == [1, 1, 0]
    assert page.count("Approve</a>") == 3
