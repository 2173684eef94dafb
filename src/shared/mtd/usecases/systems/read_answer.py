"""The meaning of a system's answer for an order: values to go on with, a refusal, or another try."""

from decimal import Decimal
from typing import Any

from mtd.domain.errors import BusinessError, MtdError, NoAnswerError, ProcessError, RetryableError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import ErrorCase, ServerCall
from mtd.engine.rules import evaluator
from mtd.engine.rules.evaluator import Facts
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
    known = {**facts, "answer": answer.content, "status": Decimal(answer.status)}
    for case in call.errors:
        if _is(case, answer, known):
            raise BusinessError(_message(answer), code=case.code)
    if answer.status >= 300:
        raise refusal(answer)
    if call.result and answer.content is UNREADABLE:
        raise RetryableError(f"the answer is no JSON: {answer.text!r}", code="answer_unreadable")
    try:
        return {name: evaluator.captured(evaluator.evaluate(rule, known)) for name, rule in call.result}
    except ProcessError as error:
        raise RetryableError(f"the answer lacks what 'result' asks for: {error}", code="answer_unreadable") from None


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


def _is(case: ErrorCase, answer: SystemAnswer, known: dict[str, Any]) -> bool:
    if case.when is None:
        # A class of statuses, as in 4xx, leaves out those that say something about the call and not about the order.
        whole_class = answer.status not in _COME_AGAIN | _NOT_LET_IN and case.status == f"{answer.status // 100}xx"
        return whole_class or case.status == str(answer.status)
    if answer.content is UNREADABLE or answer.status >= 500:
        return False
    try:
        return evaluator.holds(case.when, known)
    except ProcessError:
        # The answer has not what the rule asks for, so it is another answer than the rule is for.
        return False


def _message(answer: SystemAnswer) -> str:
    said = answer.content.get("message") if isinstance(answer.content, dict) else answer.text
    shown = said[:_LONGEST_MESSAGE] if isinstance(said, str) and said else ""
    return f"the system answered {answer.status}: {shown}" if shown else f"the system answered {answer.status}"
