"""JSON logs to standard output, without personal data."""

import json
import logging
import sys

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
