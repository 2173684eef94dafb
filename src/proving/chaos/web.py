"""JSON over HTTP to the emulator's and the simulator's own controls."""

import json
import urllib.error
import urllib.request
from typing import Any

from devenv.problem import Problem


def ask(method: str, url: str, body: object = None) -> Any:
    """The answer's JSON. Raises Problem when there is none."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise Problem(f"{url} does not answer ({error}).", fix="See 'mtd status'.") from error
