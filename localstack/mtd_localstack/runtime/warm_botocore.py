"""Spares the forked functions what a first boto3 client costs: late imports, and reading service descriptions.

A client built in a fresh interpreter takes 55 to 170 ms of one core, most of it for JSON files of the botocore package
and for listing its folders. The fork server reads them once and its children find them read. Clients
remain those of botocore, and a function with its own botocore is not affected.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any


def warm(services: Sequence[str]) -> None:
    """Build and drop a client of each service, keeping the files read meanwhile. Raises what botocore raises."""
    session_module: Any = import_module("boto3.session")
    loaders: Any = import_module("botocore.loaders")
    files: dict[str, Any] = {}
    listings: dict[tuple[str, ...], list[str]] = {}
    load_file = loaders.JSONFileLoader.load_file
    list_services = loaders.Loader.list_available_services
    filling = True

    def load_kept(self: Any, path: str) -> Any:
        if path in files:
            return files[path]
        loaded = load_file(self, path)
        if filling:
            files[path] = loaded
        return loaded

    def list_kept(self: Any, type_name: str) -> list[str]:
        key = (type_name, *self.search_paths)
        if key in listings:
            return list(listings[key])
        found: list[str] = list_services(self, type_name)
        if filling:
            listings[key] = list(found)
        return found

    loaders.JSONFileLoader.load_file = load_kept
    loaders.Loader.list_available_services = list_kept
    session = session_module.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-west-2")
    for service in services:
        session.client(service, endpoint_url="http://127.0.0.1:1")
    filling = False
