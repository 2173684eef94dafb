"""The API's document as API Gateway reads it, which uses less of OpenAPI than the emulator does."""

from collections.abc import Iterator
from typing import Any

from delivery.packaging.openapi import one_document
from delivery.packaging.template import load
from devenv.instance import PROJECT

CLOUDFORMATION = PROJECT / "cloudformation"
# OpenAPI's methods; whatever else a path has is none of its operations.
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def _document() -> dict[str, Any]:
    document: dict[str, Any] = one_document(CLOUDFORMATION / "openapi.yaml")
    return document


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in _document()["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield f"{method.upper()} {path}", operation


def test_every_operation_asks_for_a_signature_by_itself() -> None:
    """Amazon API Gateway important notes for REST APIs: root level security is not used; "security needs to be defined
    at an operation level to be appropriately applied"."""
    operations = dict(_operations())
    assert len(operations) >= 40
    assert [name for name, operation in operations.items() if operation.get("security") != [{"sigv4": []}]] == []


def test_nothing_at_the_root_looks_as_if_it_protected_the_operations() -> None:
    document = _document()
    assert "security" not in document
    scheme = document["components"]["securitySchemes"]["sigv4"]
    # The same notes: the type must be apiKey; x-amazon-apigateway-authtype is what makes the method's AWS_IAM.
    assert (scheme["type"], scheme["x-amazon-apigateway-authtype"]) == ("apiKey", "awsSigv4")


def test_models_have_names_that_api_gateway_takes() -> None:
    """The same notes: model names can only contain alphanumeric characters."""
    assert [name for name in _document()["components"]["schemas"] if not name.isalnum()] == []


def test_a_private_api_answers_its_one_endpoint_only() -> None:
    """In one account an allow of the caller's own policy suffices, whatever the resource policy leaves open: only a
    denial keeps other endpoints out (table A of "How API Gateway resource policies affect authorization workflow")."""
    statements = _document()["x-amazon-apigateway-policy"]["Statement"]
    [condition, denial, otherwise] = next(each["Fn::If"] for each in statements if "Fn::If" in each)
    assert (condition, otherwise) == ("IsPrivate", {"Ref": "AWS::NoValue"})
    assert (denial["Effect"], denial["Principal"], denial["Resource"]) == ("Deny", "*", "execute-api:/*")
    assert denial["Condition"] == {"StringNotEquals": {"aws:SourceVpce": {"Ref": "VpcEndpointId"}}}
    template = load(CLOUDFORMATION / "stacks" / "api.yaml")
    assert condition in template["Conditions"]
    assert "VpcEndpointId" in template["Parameters"]


def test_sam_makes_no_second_stage() -> None:
    """aws/serverless-application-model issue 191: without OpenApiVersion there is a stage `Stage` as well."""
    api = load(CLOUDFORMATION / "stacks" / "api.yaml")["Resources"]["RestApi"]["Properties"]
    assert api["OpenApiVersion"] == _document()["openapi"]
