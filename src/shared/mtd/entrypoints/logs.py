"""JSON logs to standard output and metrics in CloudWatch's embedded metric format. No personal data in either."""

import json
import logging
import sys
import time
from collections.abc import Mapping

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "aws_request_id"}


class JsonFormatter(logging.Formatter):
    """One line a record: a constant message plus the fields given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        entry = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "aws_request_id", None),
            **fields,
        }
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def set_up_logs(level: str = "INFO") -> None:
    """Format all records of this process as JSON, in whatever handler the runtime has put up."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler(sys.stdout))
    for handler in root.handlers:
        handler.setFormatter(JsonFormatter())
    root.setLevel(level)
    # psycopg_binary and botocore tell at INFO what nobody acts on.
    logging.getLogger("botocore").setLevel(logging.WARNING)


def count(function: str, values: Mapping[str, float]) -> None:
    """Metrics of one invocation under the namespace MTD, by function (unit Count)."""
    document = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": "MTD",
                    "Dimensions": [["Function"]],
                    "Metrics": [{"Name": name, "Unit": "Count"} for name in values],
                }
            ],
        },
        "Function": function,
        **values,
    }
    print(json.dumps(document), flush=True)
