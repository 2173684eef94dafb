"""Metrics in CloudWatch's embedded metric format: a line on standard output instead of a call."""

import json
import time
from collections.abc import Mapping


def count(function: str | None, values: Mapping[str, float]) -> None:
    """Print metrics of the namespace MTD (unit Count): of a function, or of the whole system when it is None."""
    document = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": "MTD",
                    "Dimensions": [["Function"]] if function else [[]],
                    "Metrics": [{"Name": name, "Unit": "Count"} for name in values],
                }
            ],
        },
        **({"Function": function} if function else {}),
        **values,
    }
    print(json.dumps(document), flush=True)
