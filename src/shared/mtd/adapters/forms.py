"""JSON Schema (draft 7 and earlier) behind the forms of people's tasks."""

from typing import Any

import fastjsonschema

from mtd.domain.errors import InvalidRequest


class JsonSchemas:
    """Serves `manage_processes.FormSchemas` and `manage_tasks.Forms`."""

    def check(self, schema: Any) -> None:
        if not isinstance(schema, dict):
            raise InvalidRequest("a form must be a JSON Schema object", code="form_malformed")
        _compiled(schema)

    def validate(self, schema: Any, values: dict[str, Any]) -> None:
        try:
            _compiled(schema)(values)
        except fastjsonschema.JsonSchemaValueException as error:
            raise InvalidRequest(
                f"the form refuses the values: {error.message}: correct them and send them again", code="form_refused"
            ) from None


def _compiled(schema: dict[str, Any]) -> Any:
    try:
        # Without defaults MTD stores only values that a person entered. Without references the library fetches nothing.
        return fastjsonschema.compile(schema, handlers={"http": _refuse, "https": _refuse}, use_default=False)
    except (fastjsonschema.JsonSchemaDefinitionException, ValueError, TypeError, RecursionError) as error:
        raise InvalidRequest(f"the form is not a JSON Schema: {error}", code="form_malformed") from None


def _refuse(uri: str) -> Any:
    raise ValueError(f"a form may not refer to {uri}: write the referenced schema into it")
