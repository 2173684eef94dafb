"""The route tables of the functions hold just the operations that openapi.yaml gives to them."""

import importlib.util
import json
import re
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from delivery.packaging.template import load
from mtd.entrypoints.api import api_handler, routed

PROJECT = Path(__file__).parents[3]
_FUNCTION = re.compile(r"function:mtd-\$\{Environment\}-(\w+)")
_METHODS = {"get", "post", "put", "delete", "patch"}


def operations() -> dict[str, set[str]]:
    """The operations of each function, as `GET /orders/{number}`."""
    document: Any = load(PROJECT / "cloudformation" / "openapi.yaml")
    found: dict[str, set[str]] = defaultdict(set)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in _METHODS:
                [function] = _FUNCTION.findall(json.dumps(operation["x-amazon-apigateway-integration"]["uri"]))
                found[function].add(f"{method.upper()} {path}")
    return found


OPERATIONS = operations()


@pytest.mark.parametrize("function", sorted(OPERATIONS))
def test_a_functions_routes_are_its_operations(function: str) -> None:
    spec = importlib.util.spec_from_file_location("handler", PROJECT / "src" / "lambdas" / function / "handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    # A function of one operation needs no table.
    assert set(getattr(module, "ROUTES", OPERATIONS[function])) == OPERATIONS[function]
    assert hasattr(module, "ROUTES") or len(OPERATIONS[function]) == 1


def test_a_route_that_the_function_does_not_have_is_not_found() -> None:
    handler = api_handler(routed({"GET /x": lambda *_: {}}))
    event = {"httpMethod": "POST", "resource": "/x"}

    assert handler(event, SimpleNamespace(aws_request_id="r"))["statusCode"] == 404
