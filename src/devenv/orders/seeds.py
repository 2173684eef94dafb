"""Puts order files into the inbox and waits until their orders end."""

import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from devenv.orders.orders_client import OrdersClient, Row
from devenv.problem import Problem
from devenv.running import Running

_CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"


def order_number(path: Path) -> str | None:
    """The order's number in a UBL file of the seed; None when the file has none."""
    try:
        return (ElementTree.parse(path).getroot().findtext(f"{_CBC}ID") or "").strip() or None
    except (ElementTree.ParseError, OSError):
        return None


def put(running: Running, files: Iterable[Path], tenant: str | None = None) -> list[str]:
    """Uploads the files to the inbox of the tenant, or of the platform tenant, in parallel; returns their keys.

    Raises Problem for a file that cannot be read.
    """
    bucket = running.output("InboxBucket")
    client = running.clients.client("s3")

    def one(path: Path) -> str:
        key = f"orders/{tenant}/{path.name}" if tenant else f"orders/{path.name}"
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Problem(f"{path} cannot be read ({error.strerror}).", fix="Check the path.") from error
        client.put_object(Bucket=bucket, Key=key, Body=content, ContentType="application/xml")
        return key

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, list(files)))


def wait_for_files(
    api: OrdersClient, files: Mapping[str, str | None], since: datetime, *, seconds: float
) -> dict[str, Row | None]:
    """Polls until the order of each file has ended or waits, or the file was rejected.

    `files` has the order's number, if the file has one, by the file's address. The files were put after `since`.
    Returns the row of each, None for one that came to no rest.
    """
    deadline = time.monotonic() + seconds
    pause = 0.15
    while True:
        rows = api.orders()
        found = {address: _rest_of(address, number, rows, since) for address, number in files.items()}
        if None not in found.values() or time.monotonic() > deadline:
            return found
        time.sleep(pause)
        pause = min(0.5, pause * 1.3)


def _rest_of(address: str, number: str | None, rows: Iterable[Row], since: datetime) -> Row | None:
    """The row of a rejected file, else that of its order if all orders of the number rest."""
    of_number = []
    for row in rows:
        if row["number"] == address and datetime.fromisoformat(row["received_at"]) >= since:
            return row
        if number is not None and row["number"] == number:
            of_number.append(row)
    rest = all(row["ended"] or row["state"] == "waiting" for row in of_number)
    return of_number[0] if of_number and rest else None


def wait_until_ended(
    api: OrdersClient, numbers: set[str], *, seconds: float, tell: Callable[[int], None] = lambda _: None
) -> tuple[list[Row], set[str]]:
    """Polls until each order of `numbers` has ended or waits; returns (their rows, the numbers of the others)."""
    deadline = time.monotonic() + seconds
    pause = 0.15
    while True:
        rows = [row for row in api.orders() if row["number"] in numbers]
        resting = {row["number"] for row in rows if row["ended"] or row["state"] == "waiting"}
        done = resting - {row["number"] for row in rows if not row["ended"] and row["state"] != "waiting"}
        tell(len(done))
        if numbers <= done or time.monotonic() > deadline:
            return rows, numbers - done
        time.sleep(pause)
        pause = min(0.5, pause * 1.3)
