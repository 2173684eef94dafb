"""The last deployment that stood: its templates and parameters on disk, so that it can be deployed again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from delivery.packaging.packaging import Packaged


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDeployment:
    """The files that it uploaded, and the parameters that it set."""

    body: str
    #: The uploaded files by their keys.
    uploads: dict[str, str]
    parameters: dict[str, str]
    #: Of the template and the file's parameters.
    fingerprint: str
    #: The hashes of the template files by their paths.
    templates: dict[str, str]

    @property
    def packaged(self) -> Packaged:
        return Packaged(body=self.body, uploads={key: Path(path) for key, path in self.uploads.items()})

    def write(self, folder: Path) -> None:
        """Keep it in the instance's folder."""
        unfinished = _file(folder).with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(self)), "utf-8")
        unfinished.replace(_file(folder))

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The kept one; None without one, or if a file of it was removed."""
        try:
            kept = cls(**json.loads(_file(folder).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return kept if all(Path(path).exists() for path in kept.uploads.values()) else None


def deployed_templates(folder: Path) -> Mapping[str, str]:
    """The hashes of the template files that were deployed last."""
    last = LastDeployment.read(folder)
    return last.templates if last else {}


def _file(folder: Path) -> Path:
    return folder / "last-deployment.json"
