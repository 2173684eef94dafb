"""Tax documents against the SII's own schemas: DTE_v10 as `cl-sii` (MIT) ships it, EnvioBOLETA_v11 where a copy is.

A document is sent without folio, stamp and signature. They are put in as Paperless and the SII's rules have them, with
values that mean nothing, so that all the rest is validated.
"""

import os
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lxml import etree

SII = "http://www.sii.cl/SiiDte"
_DS = "http://www.w3.org/2000/09/xmldsig#"
BOLETA_SCHEMA = Path(os.environ.get("SII_SCHEMAS", "/work/shared/data/sii")) / "EnvioBOLETA_v11.xsd"
_SIGNATURE = f"""<Signature xmlns="{_DS}"><SignedInfo>
<CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>
<SignatureMethod Algorithm="{_DS}rsa-sha1"/><Reference URI="#F1"><Transforms>
<Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/></Transforms>
<DigestMethod Algorithm="{_DS}sha1"/><DigestValue>AAAA</DigestValue></Reference></SignedInfo>
<SignatureValue>AAAA</SignatureValue><KeyInfo><KeyValue><RSAKeyValue><Modulus>AAAA</Modulus><Exponent>AQAB</Exponent>
</RSAKeyValue></KeyValue><X509Data><X509Certificate>AAAA</X509Certificate></X509Data></KeyInfo></Signature>"""
_TED = """<TED xmlns="{sii}" version="1.0"><DD><RE>{issuer}</RE><TD>{kind}</TD><F>1</F><FE>{day}</FE><RR>{receiver}</RR>
<RSR>{name}</RSR><MNT>{total}</MNT><IT1>{item}</IT1><CAF version="1.0"><DA><RE>{issuer}</RE><RS>X</RS><TD>{kind}</TD>
<RNG><D>1</D><H>9</H></RNG><FA>{day}</FA><RSAPK><M>AAAA</M><E>AQAB</E></RSAPK><IDK>100</IDK></DA>
<FRMA algoritmo="SHA1withRSA">AAAA</FRMA></CAF><TSTED>{day}T10:00:00</TSTED></DD>
<FRMT algoritmo="SHA1withRSA">AAAA</FRMT></TED>"""


def has_boleta_schema() -> bool:
    """Whether the schema of boletas is there; no package that we may depend on ships it."""
    return BOLETA_SCHEMA.exists()


def violations(content: bytes) -> list[str]:
    """The complaints of its kind's schema about a document as it is sent; none for a boleta without that schema."""
    document = completed(content)
    kind = int(document.findtext(f".//{{{SII}}}TipoDTE") or 0)
    if kind in (39, 41):
        if not has_boleta_schema():
            return []
        document, schema = _in_an_envelope(document, kind), _boletas()
    else:
        schema = _documents()
    return [] if schema.validate(document) else [str(each.message) for each in schema.error_log]


def completed(content: bytes) -> Any:
    """The document with folio, stamp and signature."""
    from xml.sax.saxutils import escape

    root = etree.fromstring(content)
    body = root[0]
    body.set("ID", "F1")

    def text(path: str) -> str:
        return body.findtext("/".join(f"{{{SII}}}{name}" for name in path.split("/"))) or ""

    kind = text("Encabezado/IdDoc/TipoDTE")
    folio = etree.Element(f"{{{SII}}}Folio")
    folio.text = "1"
    body[0][0].insert(1, folio)
    day = text("Encabezado/IdDoc/FchEmis")
    stamp = _TED.format(
        sii=SII,
        kind=kind,
        day=day,
        issuer=text("Encabezado/Emisor/RUTEmisor"),
        receiver=text("Encabezado/Receptor/RUTRecep"),
        name=escape(text("Encabezado/Receptor/RznSocRecep")[:40]),
        total=text("Encabezado/Totales/MntTotal"),
        item=escape(text("Detalle/NmbItem")[:40]),
    )
    body.append(etree.fromstring(stamp))
    signed = etree.SubElement(body, f"{{{SII}}}TmstFirma")
    signed.text = f"{day}T10:00:00"
    root.append(etree.fromstring(_SIGNATURE))
    return root


def _in_an_envelope(document: Any, kind: int) -> Any:
    envelope = etree.fromstring(
        f'<EnvioBOLETA xmlns="{SII}" version="1.0"><SetDTE ID="S"><Caratula version="1.0"><RutEmisor>1-9</RutEmisor>'
        "<RutEnvia>1-9</RutEnvia><RutReceptor>60803000-K</RutReceptor><FchResol>2014-01-01</FchResol>"
        "<NroResol>0</NroResol><TmstFirmaEnv>2026-01-01T10:00:00</TmstFirmaEnv>"
        f"<SubTotDTE><TpoDTE>{kind}</TpoDTE><NroDTE>1</NroDTE></SubTotDTE></Caratula></SetDTE></EnvioBOLETA>"
    )
    envelope[0].append(document)
    envelope.append(etree.fromstring(_SIGNATURE))
    return envelope


def _shipped() -> Any:
    return files("cl_sii") / "data" / "ref" / "factura_electronica" / "schemas-xml"


@cache
def _documents() -> Any:
    return etree.XMLSchema(etree.parse(str(_shipped() / "DTE_v10.xsd")))


@cache
def _boletas() -> Any:
    """The schema beside the one of signatures that it imports."""
    with TemporaryDirectory() as folder:
        for source in (BOLETA_SCHEMA, Path(str(_shipped() / "xmldsignature_v10.xsd"))):
            (Path(folder) / source.name).write_bytes(source.read_bytes())
        return etree.XMLSchema(etree.parse(str(Path(folder) / BOLETA_SCHEMA.name)))
