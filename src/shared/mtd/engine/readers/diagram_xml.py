"""The XML of a diagram, read by the closed reader, whose refusals become phrases of the report."""

from mtd.domain.errors import RejectedOrder
from mtd.domain.orders import xml
from mtd.engine.messages.phrases import Phrase, PhrasedError


def parse(content: bytes) -> xml.Element:
    """The root element. Raises ProcessError (`diagram_unreadable`)."""
    try:
        return xml.parse(content)
    except RejectedOrder as error:
        phrase = Phrase("diagram_unreadable", problem=_problem(error, content))
        raise PhrasedError(phrase, code="diagram_unreadable") from None


def _problem(error: RejectedOrder, content: bytes) -> Phrase:
    if isinstance(error, xml.NotXml):
        return Phrase("xml_encoding" if error.by_encoding else "xml_not_xml", detail=error.detail)
    match error.code:
        case "too_large":
            return Phrase("xml_too_large", size=len(content), most=xml.MAXIMUM_BYTES)
        case "empty" | "document_type" | "too_deep" as code:
            return Phrase(f"xml_{code}")
        case _:
            return Phrase("as_told", text=str(error))
