"""Tax documents (DTE, documentos tributarios electrónicos) of an order, as the SII prescribes them.

`documents.documents_of` goes from an order to its documents, `notes` to what undoes them, `document_xml.write` to what
is sent. Everything here is pure; rules name their source: [F] is the SII's "Formato Documentos Tributarios
Electrónicos" 2.2 (2019-11-15), [X] its schema DTE_v10.xsd, [B] EnvioBOLETA_v11.xsd, [T] SiiTypes_v10.xsd. docs/tax.md
has them all.
"""
