"""Jinja2 set up: everything escaped, an unknown name is an error, formats by the reader's locale and zone."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from portal.rendering import formats
from portal.rendering.assets import Assets
from portal.rendering.catalogue import circuit_name, document_name, result, say, state_name
from portal.rendering.context import Context, Frame, values
from portal.rendering.typed import show_typed


class Templates:
    """The templates of `portal/html`."""

    def __init__(self, assets: Assets) -> None:
        self.environment = Environment(
            loader=PackageLoader("portal", "html"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.environment.globals["asset"] = assets.url
        self.environment.filters["int_time"] = lambda at: int(at.timestamp())
        self.environment.filters["merged"] = lambda mapping, other: mapping | other

    def render(self, context: Context, frame: Frame, *, locale: str, zone: ZoneInfo, states: Mapping[str, str]) -> str:
        """The page as HTML; a field of the context goes before one of the frame. `states` are the drawn names."""
        names = tools(locale, zone, states) | values(frame) | values(context)
        return self.environment.get_template(context.template).render(names)


def tools(locale: str, zone: ZoneInfo, states: Mapping[str, str]) -> dict[str, Any]:
    """The functions that templates call: messages and formats in the reader's language and zone."""
    return {
        "t": partial(say, locale),
        "locale": locale,
        "zone": zone.key,
        "number": partial(formats.number, locale=locale),
        "typed": partial(show_typed, locale=locale),
        "money": partial(formats.money, locale=locale),
        "moment": partial(formats.moment, zone=zone, locale=locale),
        "day": partial(formats.day, locale=locale),
        "duration": partial(formats.duration, locale=locale),
        "age": partial(formats.age, locale=locale),
        "document_name": partial(document_name, locale),
        "circuit_name": partial(circuit_name, locale),
        "result": partial(result, locale, drawn=states),
        "state_name": partial(state_name, locale, drawn=states),
    }
