"""The emulator's API Gateway invokes whatever its document names; AWS's asks the function's own policy."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from delivery.packaging.template import load
from devenv.instance import PROJECT

_FUNCTION = re.compile(r":function:mtd-\$\{Environment\}-(\w+):live/")


def _operations() -> Iterator[tuple[str, str]]:
    """The function of each operation of the API, and the operation as a permission names it."""
    paths = load(PROJECT / "cloudformation" / "openapi.yaml")["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            found = _FUNCTION.search(str(operation["x-amazon-apigateway-integration"]["uri"]))
            assert found is not None, path
            yield found[1], method.upper() + re.sub(r"{\w+}", "*", path)


def test_api_gateway_may_invoke_the_function_of_every_operation() -> None:
    template = load(PROJECT / "cloudformation" / "stacks" / "permissions.yaml")
    _, granted, _ = template["Resources"]["Fn::ForEach::Permissions"]
    rows = [template["Mappings"]["Functions"][name] for name in granted]
    missing = [
        (function, operation)
        for function, operation in _operations()
        if not any(row["Name"] == function and fnmatchcase(operation, row["Path"]) for row in rows)
    ]
    assert missing == []
