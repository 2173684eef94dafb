"""Calls that a role does not allow, and grants that no call used; what of both is argued in cloudformation/iam.yaml."""

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from delivery.iam.calls import Need
from delivery.iam.policies import Grant
from delivery.packaging.template import load
from devenv.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ArguedGrant:
    """The reason why a grant may be unused; patterns of shells' kind. `policy` is the AWS-managed policy that has it,
    or ''."""

    function: str
    action: str
    policy: str
    because: str

    def speaks_of(self, function: str, grant: Grant) -> bool:
        """Whether it argues for this grant of this function."""
        return (
            fnmatch.fnmatchcase(function, self.function)
            and fnmatch.fnmatchcase(grant.action, self.action)
            and fnmatch.fnmatchcase(grant.policy, self.policy)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleComparison:
    """The comparison for one function."""

    function: str
    calls: int
    denied: tuple[Need, ...]
    unused: tuple[Grant, ...]
    argued: tuple[tuple[Grant, str], ...]


def arguments(project: Path) -> list[ArguedGrant]:
    """The file's arguments. Raises Problem when it has another shape."""
    path = project / "cloudformation" / "iam.yaml"
    try:
        return [
            ArguedGrant(
                function=item["function"], action=item["action"], policy=item.get("policy", ""), because=item["because"]
            )
            for item in load(path)["unused"]
        ]
    except (KeyError, TypeError) as error:
        raise Problem(
            f"{path} has no list 'unused' of function, action, because ({error!r}).", fix="Correct it."
        ) from error


def compare(
    roles: Sequence[tuple[str, str]], needed: Iterable[Need], granted: Iterable[Grant], argued: Sequence[ArguedGrant]
) -> list[RoleComparison]:
    """One line a function, for (function, role) pairs."""
    needed, granted = list(needed), list(granted)
    lines = []
    for function, role in roles:
        own_needs = [need for need in needed if need.role == role]
        own_grants = [grant for grant in granted if grant.role == role]
        idle = [grant for grant in own_grants if not any(grant.covers(need) for need in own_needs)]
        reasons = [(grant, _reason(function, grant, argued)) for grant in idle]
        lines.append(
            RoleComparison(
                function=function,
                calls=len(own_needs),
                denied=tuple(sorted(n for n in own_needs if not any(grant.covers(n) for grant in own_grants))),
                unused=tuple(grant for grant, reason in reasons if reason is None),
                argued=tuple((grant, reason) for grant, reason in reasons if reason is not None),
            )
        )
    return lines


def _reason(function: str, grant: Grant, argued: Sequence[ArguedGrant]) -> str | None:
    return next((argument.because for argument in argued if argument.speaks_of(function, grant)), None)
