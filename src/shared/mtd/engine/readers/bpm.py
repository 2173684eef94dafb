"""Reads Bizagi Modeler's own files: a zip with one `.diag` a diagram, each a zip with a `Diagram.xml` in XPDL.

Nothing is unpacked to disk and no path in the archive is used; sizes and counts are bounded whatever the archive says.
"""

import io
import zipfile
import zlib

from mtd.domain.orders import xml
from mtd.engine.messages.phrases import Phrase, PhrasedError
from mtd.engine.model.drawing import Drawing
from mtd.engine.readers import diagram_xml, xpdl

_MOST_ENTRIES = 5_000
_MOST_DIAGRAMS = 100
_LARGEST_DIAGRAM = xml.MAXIMUM_BYTES
_LARGEST_TOTAL = 5 * xml.MAXIMUM_BYTES
_DEFINITIONS = "Documentation/"


def is_zip(content: bytes) -> bool:
    """Whether it can be a `.bpm` file at all."""
    return content.startswith(b"PK\x03\x04")


def read(content: bytes) -> list[Drawing]:
    """The drawings of a `.bpm` file. Raises ProcessError."""
    left = [_LARGEST_TOTAL]
    outer = _Archive(content, left)
    names: dict[str, str] = {}
    for entry in outer.names():
        if entry.startswith(_DEFINITIONS) and entry.endswith(".xml"):
            names[entry.removeprefix(_DEFINITIONS).removesuffix(".xml")] = _definition_name(outer.read(entry))
    diagrams = [entry for entry in outer.names() if entry.lower().endswith(".diag")]
    if not diagrams:
        raise PhrasedError(Phrase("zip_without_diagram"), code="diagram_unreadable")
    if len(diagrams) > _MOST_DIAGRAMS:
        phrase = Phrase("too_many_diagrams", count=len(diagrams), most=_MOST_DIAGRAMS)
        raise PhrasedError(phrase, code="diagram_too_large")
    return [_diagram(_Archive(outer.read(entry), left), names) for entry in diagrams]


class _Archive:
    """A zip in memory; `left` holds how many bytes it and its kin may still unpack to."""

    def __init__(self, content: bytes, left: list[int]) -> None:
        self._left = left
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise PhrasedError(Phrase("zip_damaged"), code="diagram_unreadable") from None
        if len(self._zip.infolist()) > _MOST_ENTRIES:
            raise PhrasedError(Phrase("zip_too_many_entries", most=_MOST_ENTRIES), code="diagram_too_large")

    def names(self) -> list[str]:
        return self._zip.namelist()

    def read(self, name: str) -> bytes:
        """An entry's bytes, never more than the limits, whatever size the archive claims."""
        most = min(_LARGEST_DIAGRAM, self._left[0])
        try:
            with self._zip.open(name) as entry:
                content = entry.read(most + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError, ValueError):
            raise PhrasedError(Phrase("zip_entry_unreadable"), code="diagram_unreadable") from None
        if len(content) > most:
            raise PhrasedError(Phrase("zip_too_large", most=most), code="diagram_too_large")
        self._left[0] -= len(content)
        return content


def _diagram(archive: _Archive, names: dict[str, str]) -> Drawing:
    if "Diagram.xml" not in archive.names():
        raise PhrasedError(Phrase("zip_diagram_missing"), code="diagram_unreadable")
    root = diagram_xml.parse(archive.read("Diagram.xml"))
    if not xpdl.is_xpdl(root):
        raise PhrasedError(Phrase("zip_diagram_strange"), code="diagram_unreadable")
    attributes: dict[str, dict[str, str]] = {}
    if "ExtendedAttributeValues.xml" in archive.names():
        _attribute_values(diagram_xml.parse(archive.read("ExtendedAttributeValues.xml")), names, attributes)
    return xpdl.read(root, "", attributes)


def _definition_name(content: bytes) -> str:
    root = diagram_xml.parse(content)
    named = root.attributes.get("Name", "")
    return named or next((each.text for each in root.children if each.tag.rpartition("}")[2] == "Name"), "")


def _attribute_values(
    element: xml.Element, names: dict[str, str], found: dict[str, dict[str, str]], owner: str = ""
) -> None:
    for child in element.children:
        local = child.tag.rpartition("}")[2]
        inner = child.attributes.get("ElementId", owner) if local == "ElementAttributeValues" else owner
        if local == "ExtendedAttributeValue":
            name = names.get(child.attributes.get("Id", ""), "")
            text = next((each.text for each in child.children if each.tag.rpartition("}")[2] == "Content"), "")
            if name and owner:
                found.setdefault(owner, {})[name] = text
        else:
            _attribute_values(child, names, found, inner)
