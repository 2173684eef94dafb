"""Finding one's way in an XPDL document, whichever version's namespace it has."""

from collections.abc import Iterator

from mtd.domain.orders import xml


def local(element: xml.Element) -> str:
    """The tag without its namespace."""
    return element.tag.rpartition("}")[2]


def child(element: xml.Element | None, name: str) -> xml.Element | None:
    """The first child of that name, if there is one."""
    return next((each for each in element.children if local(each) == name), None) if element else None


def inside(element: xml.Element, name: str) -> Iterator[xml.Element]:
    """The elements of a list such as Activities."""
    found = child(element, name)
    yield from found.children if found else ()


def text(element: xml.Element | None, name: str) -> str:
    """The text of the first child of that name; empty without one."""
    found = child(element, name)
    return found.text if found else ""


def one_line(text: str) -> str:
    """The text with its line breaks and spaces made single spaces."""
    return " ".join(text.split())
