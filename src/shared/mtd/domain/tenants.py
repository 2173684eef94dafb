"""Tenants: the companies whose orders one system carries, each as if it were alone in it."""

import re

PLATFORM_TENANT = "main"
"""The tenant of whoever runs the system: what names no tenant is the house's, and so is what concerns all of them."""

_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")


def is_code(text: object) -> bool:
    """Whether it may name a tenant: a letter, then letters, digits and hyphens; 40 at most."""
    return isinstance(text, str) and _CODE.fullmatch(text) is not None


def tenant_of_key(key: str) -> str:
    """Whose a file of the inbox is: `orders/<tenant>/<anything>`; right below `orders/` it is the house's."""
    _, *folders = key.split("/")[:-1]
    return folders[0] if folders else PLATFORM_TENANT
