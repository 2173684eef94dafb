"""JSON logs to standard output, without personal data."""

import json
import logging
import re
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
        return json.dumps(masked(entry))


# The error of a driver or of a legacy system may repeat the values that it was given.
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
# A RUT with a wrong check digit may still be a person's. Parts of order numbers and UUIDs are no RUTs.
_RUT = re.compile(r"(?<![\w.-])\d{1,2}\.?\d{3}\.?\d{3}-[\dkK](?![\w-])")


def masked(value: object) -> object:
    """The value as JSON takes it, with stars for every e-mail address and RUT in its texts."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(masked(str(name))): masked(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each) for each in value]
    text = str(value)
    if "@" in text:
        text = _ADDRESS.sub("***@***", text)
    return _RUT.sub("***-*", text)


def set_up_logs(level: str = "INFO") -> None:
    """Have all log handlers of the runtime write records as JSON."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler(sys.stdout))
    for handler in root.handlers:
        handler.setFormatter(JsonFormatter())
    root.setLevel(level)
    # botocore logs at INFO what no person acts on.
    logging.getLogger("botocore").setLevel(logging.WARNING)
