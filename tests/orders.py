"""The orders of tests are those of `mtd parity`."""

from devenv.parity.order_file import OrderFile

__all__ = ["OrderFile"]
