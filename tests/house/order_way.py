"""`python -m tests.house.order_way FUNCTION` prints the modules of mtd on one order's way through a state, as JSON.

Counted are the modules of the package mtd (not `__init__`) that are loaded once the function has handled a batch of one
token, minus generic modules. A module is generic if at least two thirds of all handlers have loaded it once they were
called, too: orders, plans, the interpreter, errors, settings, the connection to PostgreSQL. The calls count, because
adapters are imported on first use. Every address leads to a closed port: the handler wires its adapters, tries to lease
the token and fails. AWS, PostgreSQL and legacy systems are not needed.
"""

import contextlib
import importlib.util
import io
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
LAMBDAS = PROJECT / "src" / "lambdas"
GENERIC_SHARE = 2 / 3
CLOSED = "http://127.0.0.1:9"


def main(function: str) -> None:
    sys.path.insert(0, str(PROJECT / "src" / "shared"))
    os.environ |= environment((PROJECT / "src" / "shared" / "mtd" / "config.py").read_text("utf-8"), function)
    print(json.dumps(sorted(loaded_for_a_batch(function) - generic())))


def environment(config: str, function: str) -> dict[str, str]:
    """A value for every variable that the source of `config` reads: a closed port for a URL, no settings in JSON, or a
    number."""
    names = set(re.findall(r'"([A-Z][A-Z0-9_]+)"', config))
    values = {name: CLOSED if name.endswith("URL") else "{}" if name.endswith("SETTINGS") else "1" for name in names}
    return values | {
        "AWS_LAMBDA_FUNCTION_NAME": f"mtd-local-{function}",
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ENDPOINT_URL": CLOSED,
        "AWS_ACCESS_KEY_ID": "1",
        "AWS_SECRET_ACCESS_KEY": "1",
        "AWS_MAX_ATTEMPTS": "1",
    }


def generic() -> set[str]:
    """The modules that at least GENERIC_SHARE of the handlers load, on import or in a call."""
    counts: Counter[str] = Counter()
    functions = sorted(path.parent.name for path in LAMBDAS.glob("*/handler.py"))
    for function in functions:
        handler = _import(function)
        # Most fail for want of a database, and some refuse the event: that they tried is enough.
        with contextlib.suppress(Exception):
            _call(handler)
        counts.update(_loaded())
    return {name for name, count in counts.items() if count >= GENERIC_SHARE * len(functions)}


def loaded_for_a_batch(function: str) -> set[str]:
    """The modules that are loaded after the function's handler was called with one token."""
    answer = _call(_import(function))
    if answer["statusCode"] < 500:
        raise SystemExit(f"{function} answered {answer}; it should have failed at a closed port.")
    if "configuration" in answer["body"]:
        raise SystemExit(f"{function} did not get beyond its settings: {answer['body']}")
    return _loaded()


def _call(handler: ModuleType) -> Any:
    """The handler's answer to one token, which comes as API Gateway and as SQS deliver it."""
    token = {"token_id": 1, "version": 1}
    event = {
        "httpMethod": "POST",
        "resource": "/states",
        "headers": {},
        "requestContext": {"requestId": "house", "requestTimeEpoch": 0},
        "body": json.dumps({"tokens": [token]}),
        "Records": [
            {
                "messageId": "1",
                "receiptHandle": "1",
                "body": json.dumps(token),
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"},
            }
        ],
    }
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return handler.handler(event, SimpleNamespace(aws_request_id="house"))


def _import(function: str) -> ModuleType:
    """The handler in an interpreter that has no module of mtd yet."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "mtd"]:
        del sys.modules[name]
    spec = importlib.util.spec_from_file_location("handler", LAMBDAS / function / "handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _loaded() -> set[str]:
    return {
        name
        for name, module in sys.modules.items()
        if name.partition(".")[0] == "mtd" and not hasattr(module, "__path__")
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
