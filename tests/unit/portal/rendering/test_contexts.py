"""Each page's context and its template fit each other: every name that is read is there, every field is read."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jinja2 import meta, nodes
from tests.unit.portal.samples import SAMPLES
from tests.unit.portal.services import CSRF, LIBRARIES

from portal.access.accounts import Role
from portal.access.sessions import Session
from portal.rendering.assets import Assets
from portal.rendering.context import Context, Frame
from portal.rendering.templates import Templates, tools

HTML = Path(__file__).parents[4] / "src" / "portal" / "html"
UTC = ZoneInfo("UTC")
LONGEST_LINE = 160


def kinds(parent: type[Context] = Context) -> Iterator[type[Context]]:
    for kind in parent.__subclasses__():
        yield kind
        yield from kinds(kind)


# A dataclass with slots is made twice; the first one is of no use and may still be there.
KINDS = list({kind.__qualname__: kind for kind in sorted(kinds(), key=lambda kind: kind.__qualname__)}.values())


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    for name in LIBRARIES:
        (tmp_path / name).touch()
    return Templates(Assets(tmp_path))


def frame(role: Role | None) -> Frame:
    who = (
        None
        if role is None
        else Session(
            session_id=7,
            user_id=1,
            tenant="main",
            tenant_name="Main",
            name="ana",
            role=role,
            csrf=CSRF,
            groups=("sales",),
        )
    )
    return Frame(
        who=who,
        may=lambda needed: role is not None and role.may(Role(needed)),
        csrf=CSRF,
        path="/",
        back="/",
        theme="auto",
        notice="done",
        environment="local",
        has_inbox=True,
    )


def names(templates: Templates, name: str) -> set[str]:
    """The names that a template reads, with the templates that it extends, includes and imports."""
    environment = templates.environment
    assert environment.loader is not None
    parsed = environment.parse(environment.loader.get_source(environment, name)[0])
    # A block sees what the template defines at its top, which Jinja's search does not know.
    defined = {name.name for name in parsed.find_all(nodes.Name) if name.ctx == "store"}
    defined |= {macro.name for macro in parsed.find_all(nodes.Macro)}
    for part in parsed.find_all(nodes.FromImport):
        defined |= {each if isinstance(each, str) else each[1] for each in part.names}
    found = meta.find_undeclared_variables(parsed) - defined
    for other in meta.find_referenced_templates(parsed):
        assert other is not None, f"{name}: which template it uses must not depend on a value"
        found |= names(templates, other)
    return found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_template_reads_its_contexts_fields_and_all_of_them(templates: Templates, kind: type[Context]) -> None:
    own = {field.name for field in fields(kind)}
    common = {field.name for field in fields(Frame)} | tools("en", UTC, {}).keys() | {"asset"}
    read = names(templates, kind.template)

    assert read - own - common == set()
    assert own - read == set()


def test_each_context_has_a_sample() -> None:
    assert {type(sample).__qualname__ for sample in SAMPLES} == {kind.__qualname__ for kind in KINDS}


@pytest.mark.parametrize("locale", ["es", "en"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_each_page_is_rendered_for_those_who_may_most_and_least(
    templates: Templates, sample: Context, locale: str
) -> None:
    for role in (Role.ADMINISTRATOR, Role.VIEWER):
        page = templates.render(sample, frame(role), locale=locale, zone=UTC, states={"approve": "Approve <b>"})
        assert "Approve <b>" not in page
        assert "None" not in page


def test_no_line_of_a_template_is_longer_than_a_screen() -> None:
    long = [
        f"{path.relative_to(HTML)}:{number} has {len(line)}"
        for path in sorted(HTML.rglob("*.html"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > LONGEST_LINE
    ]
    assert long == []
