"""Counts after a run what must be: each order in one end state, one tax document, one mail, no event missing.

The legacy systems' ledger and the mail service are asked, not MTD: what MTD believes is not proof.
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
    """The counts; all but the first three must be 0."""

    orders: int
    completed: int
    exceptions: int
    lost: int
    """Put, but nowhere to be found."""
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

    def findings(self) -> dict[str, int]:
        """What is not as it must be."""
        fine = {"orders", "completed", "exceptions"}
        return {name: count for name, count in asdict(self).items() if count and name not in fine}


def audit(
    put: Iterable[str], ends: Iterable[Mapping[str, Any]], documents: Counter[str], mails: Counter[str], gaps: int
) -> StressAudit:
    """From the numbers put, the orders' rows, and how many documents and mails each number had."""
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
    )


def issued_documents(simulator: str) -> Counter[str]:
    """How many tax documents Paperless has issued for each order number. Raises Problem."""
    return Counter(entry["order"] for entry in ledger(simulator, "paperless", "issue"))


def ledger(simulator: str, system: str, operation: str) -> list[dict[str, Any]]:
    """What a legacy system has done of that operation: at, order, key, result. Raises Problem."""
    url = f"{simulator}/control/ledger?system={system}&operation={operation}"
    try:
        with urllib.request.urlopen(url, timeout=120) as answer:
            return list(json.load(answer)["entries"])
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise Problem(f"The legacy simulator does not tell its ledger ({error}).", fix="See 'mtd status'.") from error
