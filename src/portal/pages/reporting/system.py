"""The functions and queues of the system."""

from typing import Any

from starlette.responses import Response

from mtd.domain.errors import UnavailableError
from portal.visit import Visit


def show(visit: Visit) -> Response:
    """What AWS does not tell is left out, and said so."""
    functions: list[dict[str, Any]] | None = None
    queues: list[dict[str, Any]] | None = None
    try:
        queues = visit.services.cloud.queues()
        functions = visit.services.cloud.functions()
    except UnavailableError:
        pass
    return visit.page("reporting/system.html", functions=functions, queues=queues)
