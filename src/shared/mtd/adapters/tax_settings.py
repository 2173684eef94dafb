"""The settings of tax documents, from the text of a parameter: issuers by RUT, and exchange rates."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from mtd.domain.errors import ConfigurationError, RejectedOrder
from mtd.domain.tax import rut
from mtd.domain.tax.issuer import Issuer, Prices, TaxSettings


def read_tax_settings(text: str) -> TaxSettings:
    """`{"issuers": [{"rut": …, "name": …, …}], "default": {…}, "pesos_per": {"USD": "950.2"}}`; all may be left out.

    An issuer has the fields of `Issuer`. Raises ConfigurationError that names the fault.
    """
    try:
        given: dict[str, Any] = json.loads(text or "{}")
        return TaxSettings(
            issuers={each.rut: each for each in map(_issuer, given.get("issuers", ()))},
            pesos_per={currency: Decimal(str(value)) for currency, value in given.get("pesos_per", {}).items()},
            default=_issuer(given["default"]) if "default" in given else None,
        )
    except (RejectedOrder, ValueError, TypeError, AttributeError, KeyError, InvalidOperation) as error:
        raise ConfigurationError(f"TAX_SETTINGS cannot be read: {error}") from None


def _issuer(given: dict[str, Any]) -> Issuer:
    prices = given.get("prices")
    return Issuer(
        **{
            **given,
            "rut": rut.normalise(given["rut"]),
            "activity_codes": tuple(int(code) for code in given["activity_codes"]),
            "prices": Prices(prices) if prices else None,
        }
    )
