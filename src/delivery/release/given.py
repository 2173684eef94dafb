"""Values of the template's parameters that a person gives beside the environment's file."""

from collections.abc import Sequence

from devenv.instance import Instance
from devenv.problem import Problem


def parameters(texts: Sequence[str], instance: Instance) -> dict[str, str]:
    """NAME=VALUE, first those of the setting PARAMETERS (with spaces between; CI has it of GitHub's environment), then
    `texts`. Raises Problem (code 2) for any other form."""
    found = {}
    for text in [*instance.setting("PARAMETERS").split(), *texts]:
        name, given, value = text.partition("=")
        if not given or not name:
            raise Problem(f"{text} is no NAME=VALUE.", fix="For example PARAMETERS='HostedZoneId=Z0123456789'.", code=2)
        found[name] = value
    return found
