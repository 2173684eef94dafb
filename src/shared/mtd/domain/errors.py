"""The one error hierarchy. Every error has a stable code that logs, rows and API answers carry."""

from typing import Any


class MtdError(Exception):
    """Base of all errors that MTD raises on purpose.

    `code` is stable and machine-readable; the message is for people and names what to do where it can. `payload` is the
    request to a legacy system that failed, for the incident. `kind` says what sort of failure it is to an order.
    """

    code = "mtd_error"
    kind = "internal"

    def __init__(self, message: str, *, code: str | None = None, payload: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.payload = payload
        if code is not None:
            self.code = code


class RejectedOrder(MtdError):
    """The file can never become an order: it goes to `rejected/` with its reason."""

    code = "rejected"


class BusinessError(MtdError):
    """The order is understood, but a rule or a legacy system refuses it: final, the state's error way."""

    code = "business_error"
    kind = "refused"


class RetryableError(MtdError):
    """The same call may succeed later: a time-out, a 5xx, a refused connection."""

    code = "retryable"
    kind = "unavailable"


class NoAnswerError(RetryableError):
    """A system on the other side does not answer: a time-out, no connection, a 5xx. It says nothing of the order."""

    code = "no_answer"


class UnavailableError(RetryableError):
    """PostgreSQL or an AWS service did not answer: the whole batch is worth another receive."""

    code = "unavailable"


class UnstorableError(MtdError):
    """PostgreSQL refuses this content for good, such as a folio that another order has; other content it takes."""

    code = "unstorable"
    kind = "unstorable"


class ConfigurationError(MtdError):
    """An environment variable is missing or wrong."""

    code = "configuration"


class ProcessError(MtdError):
    """A diagram cannot be compiled, or a plan cannot go on."""

    code = "process"
    kind = "process"


class InvalidRequest(MtdError):
    """A caller of the API sent something that it does not take."""

    code = "invalid_request"


class NotFound(MtdError):
    """What was asked for does not exist."""

    code = "not_found"


class Forbidden(MtdError):
    """Only the platform tenant may ask for this."""

    code = "house_only"


class Conflict(MtdError):
    """What a caller wants to change is no longer as they saw it: look again."""

    code = "conflict"
