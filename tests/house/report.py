"""The measures with their limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.house import measures

FILES_IN_FOLDER = 15
TEMPLATE_LINE = 160
FMT_SKIP = 19
LOOKUP_ROWS = 14
FILES_PER_STATE = 15
_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measured value, which must not exceed `limit`; `key` is its name in the JSON object, if it has one."""

    title: str
    value: int
    limit: int
    key: str = ""
    where: str = ""

    @property
    def holds(self) -> bool:
        return self.value <= self.limit


def measure_all(project: Path) -> list[Measure]:
    folders = measures.files_in_folders(project)
    classes, modules = measures.class_names_twice(project), measures.module_names_twice(project)
    way = measures.files_per_state(project)
    return [
        Measure(
            title="Code files in one folder, at most",
            value=max(folders.values(), default=0),
            limit=FILES_IN_FOLDER,
            key="files_in_folder_max",
            where=too_large(folders),
        ),
        _names("Class names used twice in a package", classes, "class_names_twice"),
        _names("Module names used twice in a layer", modules, ""),
        Measure(
            title="Longest line of a template",
            value=measures.template_line_max(project),
            limit=TEMPLATE_LINE,
            key="template_line_max",
        ),
        Measure(title="'fmt: skip' comments", value=measures.fmt_skip(project), limit=FMT_SKIP, key="fmt_skip"),
        Measure(
            title="Rows of the lookup table",
            value=measures.lookup_rows(project),
            limit=LOOKUP_ROWS,
            key="lookup_rows",
        ),
        Measure(
            title="Files on an order's way through a state",
            value=len(way),
            limit=FILES_PER_STATE,
            key="files_per_state",
        ),
    ]


def too_large(folders: Mapping[str, int]) -> str:
    """The folders above the limit, largest first."""
    found = sorted((-count, name) for name, count in folders.items() if count > FILES_IN_FOLDER)
    return _some([f"{name} {-count}" for count, name in found])


def _names(title: str, found: Sequence[str], key: str) -> Measure:
    return Measure(title=title, value=len(found), limit=0, key=key, where=_some(found))


def _some(texts: Sequence[str]) -> str:
    return "; ".join(texts[:_SHOWN]) + (f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else "")
