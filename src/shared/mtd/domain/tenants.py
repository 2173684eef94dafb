"""Tenants: the companies whose orders one system carries. Each sees its own orders only."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PLATFORM_TENANT = "main"
"""The tenant of the company that runs the system. An order, a file or a call that names no tenant belongs to it."""

_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")


def is_code(text: object) -> bool:
    """Whether the text may be a tenant's code: a letter, then letters, digits and hyphens; 40 characters at most."""
    return isinstance(text, str) and _CODE.fullmatch(text) is not None


def zone_named(text: object) -> ZoneInfo | None:
    """The IANA time zone of that name; None when there is none."""
    try:
        return ZoneInfo(text) if isinstance(text, str) and text else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def tenant_of_key(key: str) -> str:
    """The tenant of a file in the inbox: `orders/<tenant>/<anything>`, else the platform tenant."""
    _, *folders = key.split("/")[:-1]
    return folders[0] if folders else PLATFORM_TENANT
