"""Times as people write them on a timer: 'Esperar 2 días', '48 hrs', 'two weeks'."""

import re

from mtd.engine.messages.naming import plain

_NUMBERS = {
    word: number
    for number, words in {
        1: "un una uno one a an um uma",
        2: "dos two dois duas",
        3: "tres three",
        4: "cuatro four quatro",
        5: "cinco five",
        6: "seis six",
        7: "siete seven sete",
        8: "ocho eight oito",
        10: "diez ten dez",
        12: "doce twelve doze",
        15: "quince fifteen quinze",
        30: "treinta thirty trinta",
    }.items()
    for word in words.split()
}
_UNITS = {
    unit: form
    for form, units in {
        "PT{}S": "s seg segs second seconds segundo segundos",
        "PT{}M": "min mins minute minutes minuto minutos",
        "PT{}H": "h hr hrs hour hours hora horas",
        "P{}D": "d day days dia dias",
        "P{}W": "week weeks semana semanas",
        "P{}M": "month months mes meses",
        "P{}Y": "year years ano anos",
    }.items()
    for unit in units.split()
}
_SPOKEN = re.compile(rf"\b(\d{{1,4}}|{'|'.join(_NUMBERS)})\s*({'|'.join(sorted(_UNITS, key=len, reverse=True))})\b")


def spoken(text: str) -> str | None:
    """The ISO 8601 duration that the text speaks of; None where it speaks of none, or of more than one."""
    found = _SPOKEN.findall(plain(text))
    if len(found) != 1:
        return None
    [(number, unit)] = found
    return _UNITS[unit].format(_NUMBERS.get(number, number))
