"""Every route with the least role that may use it."""

from portal.access import Page
from portal.accounts import Role
from portal.pages import control_room, entrance, exceptions, mail, operations, order, orders, people, statistics, system

PAGES = (
    Page(path="/login", endpoint=entrance.show_login, role=None),
    Page(path="/login", endpoint=entrance.log_in, role=None, method="POST"),
    Page(path="/logout", endpoint=entrance.log_out, role=Role.VIEWER, method="POST"),
    Page(path="/preferences", endpoint=entrance.prefer, role=None, method="POST"),
    Page(path="/", endpoint=control_room.show, role=Role.VIEWER),
    Page(path="/stream", endpoint=control_room.stream, role=Role.VIEWER, quiet=True),
    Page(path="/orders", endpoint=orders.show, role=Role.VIEWER),
    Page(path="/orders.csv", endpoint=orders.export, role=Role.VIEWER),
    Page(path="/views", endpoint=orders.save_view, role=Role.VIEWER, method="POST"),
    Page(path="/views/delete", endpoint=orders.delete_view, role=Role.VIEWER, method="POST"),
    Page(path="/operations", endpoint=operations.show_all, role=Role.VIEWER),
    Page(path="/operations/new", endpoint=operations.ask, role=Role.OPERATOR),
    Page(path="/operations/try", endpoint=operations.try_, role=Role.OPERATOR, method="POST"),
    Page(path="/operations/run", endpoint=operations.run, role=Role.OPERATOR, method="POST"),
    Page(path="/operations/stop", endpoint=operations.stop, role=Role.OPERATOR, method="POST"),
    Page(path="/operations/{operation:int}", endpoint=operations.show, role=Role.VIEWER),
    Page(path="/operations/{operation:int}/progress", endpoint=operations.progress, role=Role.VIEWER, quiet=True),
    Page(path="/orders/{order:path}", endpoint=order.show, role=Role.VIEWER),
    Page(path="/diagrams/{version:int}", endpoint=order.diagram, role=Role.VIEWER),
    Page(path="/exceptions", endpoint=exceptions.show, role=Role.VIEWER),
    Page(path="/waiting", endpoint=exceptions.waiting, role=Role.VIEWER),
    Page(path="/waiting/push", endpoint=exceptions.push, role=Role.OPERATOR, method="POST"),
    Page(path="/mail", endpoint=mail.show, role=Role.VIEWER),
    Page(path="/statistics", endpoint=statistics.show, role=Role.VIEWER),
    Page(path="/statistics.csv", endpoint=statistics.export, role=Role.VIEWER),
    Page(path="/system", endpoint=system.show, role=Role.VIEWER),
    Page(path="/people", endpoint=people.show, role=Role.ADMINISTRATOR),
    Page(path="/people/add", endpoint=people.add, role=Role.ADMINISTRATOR, method="POST"),
    Page(path="/people/role", endpoint=people.change_role, role=Role.ADMINISTRATOR, method="POST"),
    Page(path="/people/disable", endpoint=people.disable, role=Role.ADMINISTRATOR, method="POST"),
    Page(path="/people/revoke", endpoint=people.revoke, role=Role.ADMINISTRATOR, method="POST"),
    Page(path="/account", endpoint=people.show_account, role=Role.VIEWER),
    Page(path="/account", endpoint=people.change_password, role=Role.VIEWER, method="POST"),
)
