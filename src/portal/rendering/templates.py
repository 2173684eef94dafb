"""Jinja2 set up: everything escaped, an unknown name is an error, formats by the reader's locale and zone."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from portal.rendering import formats
from portal.rendering.assets import Assets
from portal.rendering.catalogue import document_name, result, say, state_name


class Templates:
    """The templates of `portal/html`."""

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=PackageLoader("portal", "html"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals["asset"] = assets.url
        self._environment.filters["int_time"] = lambda at: int(at.timestamp())

    def render(
        self, name: str, context: Mapping[str, Any], *, locale: str, zone: ZoneInfo, states: Mapping[str, str]
    ) -> str:
        """The page as HTML. `states` are the drawn names of states."""
        tools = {
            "t": partial(say, locale),
            "locale": locale,
            "zone": zone.key,
            "number": partial(formats.number, locale=locale),
            "money": partial(formats.money, locale=locale),
            "moment": partial(formats.moment, zone=zone, locale=locale),
            "day": partial(formats.day, locale=locale),
            "duration": partial(formats.duration, locale=locale),
            "age": partial(formats.age, locale=locale),
            "document_name": partial(document_name, locale),
            "result": partial(result, locale, drawn=states),
            "state_name": partial(state_name, locale, drawn=states),
        }
        return self._environment.get_template(name).render(tools | dict(context))
