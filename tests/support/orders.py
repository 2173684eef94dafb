"""The orders of tests are those of `mtd parity`."""

from proving.parity.order_file import OrderFile

__all__ = ["OrderFile"]
