"""Which tax document an order gets; the rules are `mtd.domain.tax.kinds`'s."""

from mtd.domain.tax.kinds import DocumentType, credit_note_type, document_type, receiver_rut

__all__ = ["DocumentType", "credit_note_type", "document_type", "receiver_rut"]
