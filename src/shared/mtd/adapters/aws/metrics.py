"""Metrics in CloudWatch's embedded metric format: a line on standard output, no call."""

import json
import time
from collections.abc import Mapping


def count(function: str | None, values: Mapping[str, float]) -> None:
    """Metrics under the namespace MTD (unit Count), by function, or of the whole system when `function` is None."""
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
