"""JSON over HTTP to the control APIs of the emulator and the simulator."""

import json
import urllib.error
import urllib.request
from typing import Any

from devenv.problem import Problem


def ask(method: str, url: str, body: object = None) -> Any:
    """Returns the JSON answer. Raises Problem when there is no answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise Problem(f"{url} does not answer ({error}).", fix="Read 'mtd status'.") from error
