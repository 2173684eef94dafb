"""The one error hierarchy. Every error has a stable code that logs, rows and API answers carry."""

from typing import Any


class MtdError(Exception):
    """Base of all errors that MTD raises on purpose.

    The message is for people: it says what happened, to what, and what to do now. `payload` is the request to a legacy
    system that failed, for the incident.
    """

    #: Stable and machine-readable.
    code = "mtd_error"
    #: The sort of failure that an order's incident names.
    kind = "internal"

    def __init__(self, message: str, *, code: str | None = None, payload: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.payload = payload
        if code is not None:
            self.code = code


class RejectedOrder(MtdError):
    """The file can never become an order. `receive_order` moves it to `rejected/` with its reason."""

    code = "rejected"


class BusinessError(MtdError):
    """A rule or a legacy system refuses the order for good: it takes the error way of its state."""

    code = "business_error"
    kind = "refused"


class RetryableError(MtdError):
    """The same call may succeed later: a time-out, a 5xx, a refused connection."""

    code = "retryable"
    kind = "unavailable"
    #: The seconds after which the other side asked to be called again.
    retry_after: float | None = None


class NotBegunError(RetryableError):
    """The order's turn did not come in this batch. It is no try: the order comes again after `retry_after` seconds."""

    code = "not_begun"


class NoAnswerError(RetryableError):
    """A legacy system does not answer: a time-out, no connection, a 5xx. The order is not the cause."""

    code = "no_answer"


class ShortageError(RetryableError):
    """A legacy system lacks a resource, such as folios. The order waits at `circuit` until there is more of it."""

    code = "shortage"

    def __init__(
        self, message: str, *, circuit: str, code: str | None = None, payload: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message, code=code, payload=payload)
        self.circuit = circuit


class UnavailableError(RetryableError):
    """PostgreSQL or an AWS service did not answer: the whole batch may be received again."""

    code = "unavailable"


class UnstorableError(MtdError):
    """PostgreSQL refuses these values for good, such as a folio that another order has. Others are fine."""

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
    """A caller sent the API a request that it does not accept."""

    code = "invalid_request"


class NotFound(MtdError):
    """The caller asked for something that does not exist."""

    code = "not_found"


class Forbidden(MtdError):
    """The caller may not do this. Without a code of its own, only the platform tenant may."""

    code = "house_only"


class Conflict(MtdError):
    """The caller wants to change something that has changed since they saw it, or is in another state."""

    code = "conflict"
