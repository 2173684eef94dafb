"""The type of a JSON object, as it travels between functions and is kept in PostgreSQL."""

from typing import Any

type Json = dict[str, Any]
