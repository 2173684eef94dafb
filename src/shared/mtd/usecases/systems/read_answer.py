"""The meaning of a system's answer for an order: values to go on with, a refusal, or another try."""

from mtd.domain.errors import BusinessError, MtdError, NoAnswerError, ProcessError, RetryableError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import ServerCall
from mtd.engine.rules.evaluator import Facts
from mtd.engine.runtime.answers import refusal_code, values_of, with_answer
from mtd.usecases.systems.ports import UNREADABLE, SystemAnswer

_COME_AGAIN = frozenset({408, 425, 429})
_NOT_LET_IN = frozenset({401, 407})
_LONGEST_MESSAGE = 300


def read_answer(call: ServerCall, answer: SystemAnswer, facts: Facts) -> Json:
    """The values that the task's `result` gives.

    The task's own `errors` come first, so that a team can say what any status means. Otherwise a 5xx and refused
    credentials count as no answer, because no order is their cause: the circuit parks the orders until somebody has
    mended the system or its secret. RFC 9110, section 15, has the statuses; RFC 6585 has 429.

    Raises BusinessError when the system refuses the order, NoAnswerError and RetryableError when it may do it later.
    """
    known = with_answer(facts, answer.content, answer.status)
    for case in call.errors:
        if case.when is None and _has_status(case.status, answer.status):
            raise BusinessError(_message(answer), code=case.code)
    readable = answer.content is not UNREADABLE and answer.status < 500
    if readable and (code := refusal_code(call, known)) is not None:
        raise BusinessError(_message(answer), code=code)
    if answer.status >= 300:
        raise refusal(answer)
    if call.result and not readable:
        raise RetryableError(f"the answer is no JSON: {answer.text!r}", code="answer_unreadable")
    try:
        return dict(values_of(call, known))
    except ProcessError as error:
        raise RetryableError(f"the answer lacks what 'result' asks for: {error}", code="answer_unreadable") from None


def _has_status(wanted: str, status: int) -> bool:
    """A class of statuses, as in 4xx, leaves out those that say something about the call and not about the order."""
    whole_class = status not in _COME_AGAIN | _NOT_LET_IN and wanted == f"{status // 100}xx"
    return whole_class or wanted == str(status)


def refusal(answer: SystemAnswer) -> MtdError:
    """The error of an answer with a status of 300 or more."""
    status, message = answer.status, _message(answer)
    if status in _COME_AGAIN:
        return _later(RetryableError(message, code=f"http_{status}"), answer)
    if status in _NOT_LET_IN:
        return NoAnswerError(f"the system refuses the credentials: {message}", code="credentials_refused")
    if status >= 500:
        return _later(NoAnswerError(message, code=f"http_{status}"), answer)
    if status < 400:
        return BusinessError(f"{message}: redirects are not followed; correct the system's address", code="redirected")
    code = answer.content.get("code") if isinstance(answer.content, dict) else None
    return BusinessError(message, code=code if isinstance(code, str) and code else f"http_{status}")


def _later(error: RetryableError, answer: SystemAnswer) -> RetryableError:
    error.retry_after = answer.retry_after
    return error


def _message(answer: SystemAnswer) -> str:
    said = answer.content.get("message") if isinstance(answer.content, dict) else answer.text
    shown = said[:_LONGEST_MESSAGE] if isinstance(said, str) and said else ""
    return f"the system answered {answer.status}: {shown}" if shown else f"the system answered {answer.status}"
