"""Finding one's way in a BPMN document and in what Bizagi adds to it."""

from mtd.domain.orders import xml

NAMESPACE = "http://www.omg.org/spec/BPMN/20100524/MODEL}"
BIZAGI = "http://www.bizagi.com/bpmn20}"
_LABEL = "http://www.omg.org/spec/BPMN/20100524/DI}BPMNLabel"
_SHAPE = "http://www.omg.org/spec/BPMN/20100524/DI}BPMNShape"


def extended_values(element: xml.Element, names: dict[str, str], found: dict[str, str]) -> None:
    """Gather the values of extended attributes; `names` are their definitions by id."""
    for child in element.children:
        if child.tag == BIZAGI + "BizagiExtendedAttributeValue":
            name = names.get(child.attributes.get("Id", ""), "")
            if name:
                found[name] = child_text(child, BIZAGI + "Content")
        else:
            extended_values(child, names, found)


def empty_labels(element: xml.Element, owner: str, empty: set[str]) -> None:
    """Gather the shapes whose label has bounds without width and height."""
    for child in element.children:
        owner = element.attributes.get("bpmnElement", "") if element.tag == _SHAPE else owner
        if child.tag == _LABEL and owner:
            if any(
                bounds.attributes.get("width") == "0" == bounds.attributes.get("height") for bounds in child.children
            ):
                empty.add(owner)
        elif not element.tag.startswith(NAMESPACE) or child.tag.endswith("BPMNDiagram"):
            empty_labels(child, owner, empty)


def lanes_of(element: xml.Element, found: dict[str, str], name: str = "") -> None:
    """Gather the names of the lanes that nodes lie in, by node; the innermost name counts."""
    for child in element.children:
        local = child.tag.rpartition("}")[2]
        if local == "flowNodeRef":
            found[child.text] = name
        elif local in ("laneSet", "childLaneSet"):
            lanes_of(child, found, name)
        elif local == "lane":
            lanes_of(child, found, child.attributes.get("name", "") or name)


def child_text(element: xml.Element, tag: str) -> str:
    """The text of the first child with that tag; empty without one."""
    return next((child.text for child in element.children if child.tag == tag), "")


def one_line(text: str) -> str:
    """The text with its line breaks and spaces made single spaces."""
    return " ".join(text.split())


def shown(element: xml.Element) -> set[str]:
    """The ids of what has a shape in the document's picture."""
    found = {element.attributes.get("bpmnElement", "")} if element.tag == _SHAPE else set()
    for child in element.children:
        if not child.tag.startswith(NAMESPACE):
            found |= shown(child)
    return found
