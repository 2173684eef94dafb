"""The functions and queues of the system."""

from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.responses import Response

from mtd.domain.errors import UnavailableError
from portal.rendering.context import Context
from portal.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemContext(Context):
    """Functions with their last hour, and queues with their depths; None where AWS did not answer."""

    template: ClassVar[str] = "reporting/system.html"

    functions: list[dict[str, Any]] | None
    queues: list[dict[str, Any]] | None


def show(visit: Visit) -> Response:
    functions: list[dict[str, Any]] | None = None
    queues: list[dict[str, Any]] | None = None
    try:
        queues = visit.services.cloud.queues()
        functions = visit.services.cloud.functions()
    except UnavailableError:
        pass
    return visit.page(SystemContext(functions=functions, queues=queues))
