"""All checks, one after the other; an answer that cannot be had is a warning of its own."""

from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from delivery.packaging.builds import Build
from delivery.release.preflight import account, places
from delivery.release.preflight.findings import Check, Finding, Question, Severity, stops, warning
from delivery.targets.target import Target
from devenv.problem import Problem

NOT_READY_CODE = 5
CHECKS: tuple[Check, ...] = (*places.CHECKS, *account.CHECKS)


def findings(target: Target, build: Build, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """The findings of all checks for this build in the target's account."""
    status = target.stack.status()
    try:
        known = target.parameters(build, target.stack.parameters() if status else {})
    except Problem as problem:
        return [stops("values", problem.sentence, problem.fix)]
    defaults = {
        name: str(item["Default"]) for name, item in build.template()["Parameters"].items() if "Default" in item
    }
    question = Question(target=target, build=build, parameters=defaults | known, status=status)
    return [finding for check in checks for finding in _asked(check, question)]


def _asked(check: Check, question: Question) -> list[Finding]:
    try:
        return list(check(question))
    except (ClientError, BotoCoreError) as error:
        name = check.__name__.replace("_", " ")
        fix = "Give the caller that permission (bootstrap.yaml's roles have it), or look by hand: docs/operations.md."
        return [warning(name, f"Could not be asked: {str(error)[:300]}", fix)]


def ensure_ready(found: Sequence[Finding]) -> None:
    """Raises Problem (code 5) with all that stops a deployment, each with its fix."""
    stopping = [finding for finding in found if finding.severity is Severity.STOPS]
    if stopping:
        raise Problem(
            "The account is not ready, nothing was changed: " + " ".join(finding.answer for finding in stopping),
            fix=" | ".join(finding.fix for finding in stopping),
            code=NOT_READY_CODE,
        )
