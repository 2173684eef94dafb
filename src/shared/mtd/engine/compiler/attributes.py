"""Bizagi's extended attributes, by the words of the binding sheet."""

from mtd.engine.messages.naming import slug
from mtd.engine.model.drawing import DrawnNode

# Extended attributes as analysts call them, in either language.
_WORDS = {
    "server": ("binding", "server", "servidor"),
    "lambda": ("lambda", "lambda_name", "funcion"),
    "group": ("group", "grupo", "role", "rol"),
    "candidate": ("candidate", "candidato"),
    "form": ("form", "formulario"),
    "due": ("due", "vencimiento"),
    "follow_up": ("follow_up", "seguimiento"),
    "priority": ("priority", "prioridad"),
    "retries": ("retries", "reintentos"),
    "sla": ("sla", "plazo"),
    "each": ("each", "collection", "coleccion"),
    "as": ("as", "item"),
    "question": ("fact", "question", "pregunta"),
    "time": ("timer", "time", "tiempo"),
}


def attributes_of(node: DrawnNode) -> dict[str, str]:
    """The node's extended attributes, without empty ones."""
    if not node.attributes:
        return {}
    said = {slug(name): value.strip() for name, value in node.attributes.items() if value.strip()}
    return {word: said[name] for word, names in _WORDS.items() for name in names if name in said}
