"""CloudFormation templates as plain data: the YAML short forms (!Sub, !GetAtt ...) become their long forms."""

from pathlib import Path
from typing import Any

import yaml

from devenv.problem import Problem


class _Loader(yaml.SafeLoader):
    """Reads safe YAML with intrinsic functions. Dates stay text, as AWSTemplateFormatVersion must."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _intrinsic(loader: yaml.Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def load(path: Path) -> Any:
    """The document in a YAML or JSON file. Raises Problem with file and line."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError as error:
        raise Problem(f"{path} does not exist.", fix="Check the path in the template that names it.") from error
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise Problem(f"{path} is not valid YAML: {reason}", fix="Correct the file.") from error
