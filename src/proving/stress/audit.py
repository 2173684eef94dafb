"""Audits a run: each order has one end state, one tax document, one mail and all its events.

The evidence comes from the legacy systems' ledger and the mail service, because MTD's own rows prove nothing.
"""

import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from devenv.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class StressAudit:
    """Counts of orders; all but the first three must be 0."""

    orders: int
    completed: int
    exceptions: int
    lost: int
    """Put, but neither registered nor waiting."""
    unended: int
    """Registered, but not in an end state, or with a token left."""
    registered_twice: int
    dte_missing: int
    """Completed without a tax document at Paperless."""
    dte_doubled: int
    mails_missing: int
    mails_doubled: int
    event_gaps: int
    """Orders whose events do not form a chain up to their end."""
    invariants_broken: int
    """What `mtd audit invariants` tells of the system at the end."""

    def findings(self) -> dict[str, int]:
        """The counts that must be 0 and are not."""
        fine = {"orders", "completed", "exceptions"}
        return {name: count for name, count in asdict(self).items() if count and name not in fine}


def audit(
    put: Iterable[str],
    ends: Iterable[Mapping[str, Any]],
    documents: Counter[str],
    mails: Counter[str],
    gaps: int,
    broken: int = 0,
) -> StressAudit:
    """Counts, from the numbers put, the orders' rows, the documents and mails of each number, and broken invariants."""
    numbers = set(put)
    rows = list(ends)
    registered = Counter(row["number"] for row in rows)
    completed = {row["number"] for row in rows if row["outcome"] == "completed"}
    return StressAudit(
        orders=len(numbers),
        completed=len(completed),
        exceptions=sum(row["outcome"] not in (None, "completed") for row in rows),
        lost=len(numbers - registered.keys()),
        unended=sum(row["outcome"] is None or row["tokens"] > 0 for row in rows),
        registered_twice=sum(count > 1 for count in registered.values()),
        dte_missing=len(completed - documents.keys()),
        dte_doubled=sum(documents[number] > 1 for number in numbers),
        mails_missing=len(completed - mails.keys()),
        mails_doubled=sum(mails[number] > 1 for number in numbers),
        event_gaps=gaps,
        invariants_broken=broken,
    )


def issued_documents(simulator: str) -> Counter[str]:
    """The number of tax documents of Paperless for each order number. Raises Problem."""
    return Counter(entry["order"] for entry in ledger(simulator, "paperless", "issue"))


def ledger(simulator: str, system: str, operation: str) -> list[dict[str, Any]]:
    """A legacy system's entries in the ledger for that operation: at, order, key, result. Raises Problem."""
    url = f"{simulator}/control/ledger?system={system}&operation={operation}"
    try:
        with urllib.request.urlopen(url, timeout=120) as answer:
            return list(json.load(answer)["entries"])
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise Problem(f"The simulator did not list its ledger ({error}).", fix="Read 'mtd status'.") from error
