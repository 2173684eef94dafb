"""The SII's names of currencies ([T] TipMonType) by ISO 4217 code, and what a country is to it."""

PESOS = "CLP"
NAME_OF_PESOS = "PESO CL"
_OTHER = "OTRAS MONEDAS"
_NAMES = {
    "AED": "DIRHAM",
    "AUD": "DOLAR AUST",
    "BOB": "BOLIVIANO",
    "BRL": "CRUZEIRO REAL",
    "CAD": "DOLAR CAN",
    "CHF": "FRANCO SZ",
    "CLP": NAME_OF_PESOS,
    "CNY": "RENMINBI",
    "COP": "PESO COL",
    "DKK": "CORONA DIN",
    "EUR": "EURO",
    "GBP": "LIBRA EST",
    "HKD": "DOLAR HK",
    "INR": "RUPIA",
    "JPY": "YEN",
    "MXN": "PESO MEX",
    "NOK": "CORONA NOR",
    "NZD": "DOLAR NZ",
    "PEN": "NUEVO SOL",
    "PYG": "GUARANI",
    "SEK": "CORONA SC",
    "SGD": "DOLAR SIN",
    "TWD": "DOLAR TAI",
    "USD": "DOLAR USA",
    "UYU": "PESO URUG",
    "VES": "BOLIVAR",
    "ZAR": "RAND",
}


def name_of(currency: str) -> str:
    """TpoMoneda of an ISO 4217 code; the SII has one name for all that it does not list."""
    return _NAMES.get(currency, _OTHER)


# Aduana's codes of countries (Compendio de Normas Aduaneras, anexo 51-9) by ISO 3166-1 alpha-2.
_COUNTRIES = {
    "AR": "224",
    "AT": "509",
    "AU": "406",
    "BE": "514",
    "BO": "221",
    "BR": "220",
    "CA": "226",
    "CH": "508",
    "CL": "997",
    "CN": "336",
    "CO": "202",
    "CR": "211",
    "DE": "563",
    "DK": "507",
    "EC": "218",
    "ES": "517",
    "FI": "512",
    "FR": "505",
    "GB": "510",
    "HK": "342",
    "IE": "506",
    "IL": "306",
    "IN": "317",
    "IT": "504",
    "JP": "331",
    "KR": "333",
    "MX": "216",
    "NL": "515",
    "NO": "513",
    "NZ": "405",
    "PA": "210",
    "PE": "219",
    "PL": "528",
    "PT": "501",
    "PY": "222",
    "SE": "511",
    "US": "225",
    "UY": "223",
    "VE": "201",
    "ZA": "112",
}


def customs_code(country: str | None) -> str | None:
    """Nacionalidad of a country, None where it is not known: the field may be left out [X]."""
    return _COUNTRIES.get((country or "").upper())
