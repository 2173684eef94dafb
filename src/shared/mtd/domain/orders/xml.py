"""A small, closed XML reader: no document type, no entities, no files, no network; bounded depth and size."""

from dataclasses import dataclass, field
from xml.parsers import expat

from mtd.domain.errors import RejectedOrder

MAXIMUM_BYTES = 10 * 1024 * 1024
"""Larger files are rejected unread; 2,000 order lines take about 2 MB."""

_MAXIMUM_DEPTH = 64
_MAXIMUM_ELEMENTS = 500_000


class NotXml(RejectedOrder):
    """The content is not well-formed XML, or its encoding cannot be read (`by_encoding`). `detail` is the parser's."""

    def __init__(self, detail: str, *, by_encoding: bool) -> None:
        super().__init__(f"{_NOT_XML[by_encoding]}: {detail}", code="not_xml")
        self.detail = detail
        self.by_encoding = by_encoding


_NOT_XML = {False: "not well-formed XML", True: "the encoding cannot be read"}


@dataclass(slots=True)
class Element:
    """An element with its namespace-qualified tag ('namespace}name'), attributes, direct text and children."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Element"] = field(default_factory=list)


def parse(content: bytes) -> Element:
    """The root element.

    Raises NotXml, or RejectedOrder with the code `empty`, `too_large`, `document_type` or `too_deep`.
    """
    if not content.strip():
        raise RejectedOrder("the file is empty", code="empty")
    if len(content) > MAXIMUM_BYTES:
        raise RejectedOrder(f"the file has {len(content)} bytes; {MAXIMUM_BYTES} at most", code="too_large")
    builder = _Builder()
    try:
        builder.parser.Parse(content, True)
    except expat.ExpatError as error:
        raise NotXml(str(error), by_encoding=False) from None
    except (LookupError, ValueError) as error:
        raise NotXml(str(error), by_encoding=True) from None
    assert builder.root is not None
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._count = 0
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        # Entities can only be declared in a document type, so refusing it refuses bombs and external files.
        self.parser.StartDoctypeDeclHandler = self._refuse_document_type

    def _refuse_document_type(self, *_: object) -> None:
        raise RejectedOrder("a document type declaration is not allowed", code="document_type")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= _MAXIMUM_DEPTH or self._count > _MAXIMUM_ELEMENTS:
            raise RejectedOrder("the XML nests too deeply or has too many elements", code="too_deep")
        element = Element(tag, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._texts.append([])

    def _characters(self, text: str) -> None:
        self._texts[-1].append(text)

    def _end(self, _: str) -> None:
        self._open.pop().text = "".join(self._texts.pop()).strip()
