"""The import of diagram files: readers, quirks, bindings, verdicts."""

from typing import Any

import pytest
import yaml
from tests.support.bpmn_files import bpmn
from tests.support.cases import Run
from tests.support.diagrams import draw
from tests.support.imports import A_TASK, PROCESSES, ROOT, SMALL, report_of
from tests.support.xpdl_files import bpm, xpdl

from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Report, Source, Verdict
from mtd.engine.model import plan_json
from mtd.engine.model.plan import MultiInstance, NodeKind
from mtd.engine.readers import sheet as binding_sheet
from mtd.usecases.processes.import_processes import STATES

OWN = ("fulfilment", "payment", "packing", "labelling")


def report_file(name: str) -> list[Report]:
    return import_sources([Source(name=name, content=(PROCESSES / name).read_bytes())], STATES)


def sheet(name: str) -> Any:
    path = PROCESSES / f"{name}.bindings.yaml"
    return yaml.safe_load(path.read_text("utf-8")) if path.exists() else None


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("A.1.0-roundtrip.bpmn", [(5, 4)]),
        ("A.2.0-roundtrip.bpmn", [(8, 9)]),
        ("A.3.0-roundtrip.bpmn", [(10, 8)]),
        ("A.4.0-roundtrip.bpmn", [(4, 3), (13, 10)]),
        ("exampleBPM1.bpmn", [(5, 4)]),
    ],
)
def test_what_bizagi_exports_is_imported_whole(name: str, sizes: list[tuple[int, int]]) -> None:
    reports = report_file(name)

    assert [(report.nodes, report.flows) for report in reports] == sizes
    assert {report.verdict for report in reports} == {Verdict.READY}
    for report in reports:
        assert report.plan is not None
        assert len({node.element for node in report.plan.nodes.values()}) == report.nodes


@pytest.mark.parametrize("name", OWN)
def test_the_three_formats_give_one_plan(name: str) -> None:
    plans, verdicts = [], []
    for ending in (".bpmn", ".xpdl", ".bpm"):
        sources = [
            Source(name=f"{each}{ending}", content=(PROCESSES / f"{each}{ending}").read_bytes(), sheet=sheet(each))
            for each in OWN
        ]
        report = next(each for each in import_sources(sources, STATES) if each.source == f"{name}{ending}")
        assert report.plan is not None
        plans.append(plan_json.to_json(report.plan))
        verdicts.append(report.verdict)

    assert verdicts == [Verdict.READY] * 3
    assert plans[0] == plans[1] == plans[2]


@pytest.mark.parametrize("name", OWN)
def test_the_files_are_those_of_their_text(name: str) -> None:
    drawing = draw((PROCESSES / f"{name}.diagram").read_text("utf-8"), name.capitalize())

    assert (PROCESSES / f"{name}.bpmn").read_bytes() == bpmn(drawing)
    assert (PROCESSES / f"{name}.xpdl").read_bytes() == xpdl(drawing)


def test_plans_of_every_kind_survive_their_json() -> None:
    sources = [Source(name=name, content=(PROCESSES / f"{name}.bpmn").read_bytes(), sheet=sheet(name)) for name in OWN]
    for report in import_sources(sources, STATES):
        assert report.plan is not None
        assert plan_json.from_json(plan_json.to_json(report.plan)) == report.plan


XOR = "start: S\nxor: X\nend: A\nend: B\nS > X >[%s] A\nX >[%s] B"


QUIRKS = [
    (SMALL % "script: A | script=print(1)", "script task 'A': its script is not of the form 'name = rule'"),
    (SMALL % "catch: A | time=soon", "event 'A': 'soon' is no ISO 8601 time"),
    (SMALL % "catch: A | time=48 horas", "event 'A': its time is taken as PT48H"),
    (SMALL % "user: A | group=g, many=parallel", "user task 'A' is multi-instance and names no list"),
    (
        SMALL % "user: A | group=g\nboundary: B | on=A, timer\nB > E",
        "boundary event 'B' has no time or rule: it happens when the message 'b' comes",
    ),
    (XOR % ("gift_card", "Small"), "gateway 'X' has no default flow: flow 'Small' from 'X' to 'B' is taken as such"),
    (SMALL % "sub: A {\n}", "sub-process 'A' is empty: it is treated as a task"),
    (SMALL % "call: A", "call activity 'A' names no process: the one of its name is called"),
    (SMALL % "user: A | lane=Back office", "group back_office does 'A'"),
    (SMALL % "user: A", "group test does 'A'"),
    ("start: S | message=m\nend: E\nS > E", "start event 'S' starts by message"),
    ("start: S\nend: E | message=m\nS > E", "end event 'E' sends its message, and then ends"),
    ("task: A\ntask: B\nA > B", "the process has no start event: it starts at task 'A'"),
    ("task: A\ntask: B\nA > B", "the process has no end event: it ends after task 'B'"),
    (XOR % ("gift_card", ""), "has no default flow: the unnamed flow from 'X' to"),
    (XOR % ("gift_card", "En otro caso"), "flow 'En otro caso' from 'X'"),
    (XOR % ("gift_card", "*"), "its name is taken as its rule"),
    (SMALL % "task: A", "the empty process 'ghost' beside it is dropped"),
]


@pytest.mark.parametrize(("text", "fix"), QUIRKS)
def test_each_quirk_is_put_right_and_told(text: str, fix: str) -> None:
    assert any(fix in str(reason) for reason in report_of(text).fixes)


def test_html_documentation_and_a_misplaced_loop_counter_are_put_right() -> None:
    content = bpmn(draw(SMALL % "task: A | many=parallel"))
    content = content.replace(b'isSequential="false"', b'isSequential="false" LoopCounter="3"')
    text = b"<documentation>&lt;p&gt;Check &amp;amp; sign &lt;b&gt;twice&lt;/b&gt;&lt;/p&gt;</documentation>"
    content = content.replace(b'name="A">', b'name="A">' + text)
    [report] = import_sources([Source(name="p", content=content)], STATES)

    assert "task 'A': a LoopCounter stands where BPMN has none: ignored" in map(str, report.fixes)
    assert "the documentation of task 'A' is HTML: its text is kept" in map(str, report.fixes)


def test_extended_attributes_bind_in_either_language() -> None:
    report = report_of(
        "start: S\nservice: A | Lambda=issue_dte, Reintentos=3, SLA=PT2H\nuser: B | Grupo=bodega, Formulario=picking\n"
        "end: E\nS > A > B > E"
    )
    assert report.plan is not None
    assert report.verdict is Verdict.READY
    served, person = report.plan.nodes["a"], report.plan.nodes["b"]
    assert (served.binding, served.retries, served.sla) == ("lambda:issue_dte", 3, "PT2H")
    assert person.work is not None
    assert (person.work.group, person.work.form) == ("bodega", "picking")


def test_the_sheet_says_what_the_diagram_does_not() -> None:
    text = """
        start: S
        task: Cobrar
        task: Revisar
        xor: ¿Aprobado?
        call: Rotular | calls=nothing
        catch: Espera | timer
        task: Cada línea | many=sequential
        end: E
        end: N
        S > Cobrar > Revisar > ¿Aprobado? >[Sí] Rotular > Espera > Cada línea > E
        ¿Aprobado? >[No] N
    """
    labelling = Source(name="labelling", content=(PROCESSES / "labelling.bpmn").read_bytes())
    said = {
        "process": "cobranza",
        "tasks": {
            "cobrar": "lambda:charge",
            "Revisar": {"group": "finance", "form": "review", "due": "= order.promised_on", "priority": "high"},
            "Cada linea": {"lambda": "line", "each": "order.lines", "as": "line"},
        },
        "gateways": {"¿Aprobado?": "data.approved == true"},
        "calls": {"Rotular": "Labelling"},
        "timers": {"Espera": "PT15M"},
    }
    first, _ = import_sources([Source(name="p", content=bpmn(draw(text)), sheet=said), labelling], STATES)

    assert (first.verdict, first.reason, first.process) == (Verdict.READY, None, "cobranza")
    assert first.plan is not None
    nodes = first.plan.nodes
    assert nodes["cobrar"].binding == "lambda:charge"
    assert nodes["revisar"].kind is NodeKind.PERSON
    assert nodes["aprobado"].flows[1].when == ["not", nodes["aprobado"].flows[0].when]
    assert nodes["print_the_label"].scope == "rotular"
    assert nodes["espera"].time == "PT15M"
    assert nodes["cada_linea"].repeat == MultiInstance(
        collection=["field", ["name", "order"], "lines"], name="line", sequential=True, collect=True
    )


UNBOUND: list[tuple[str, dict[str, Any], str]] = [
    (SMALL % "script: A | script=x = order.nothing", {}, "script task 'A': there is no field 'nothing'"),
    (SMALL % "catch: A | timer", {"timers": {"A": "soon"}}, "event 'A': 'soon' is no ISO 8601 time"),
    (SMALL % "call: A", {"calls": {"A": "b"}}, "calls 'b', which is not among the diagrams given"),
    (SMALL % "catch: A | timer", {"timers": {"A": "= order.number2"}}, "event 'A': there is no field 'number2'"),
    (SMALL % "send: A | many=parallel", {"tasks": {"A": {"lambda": "a", "each": "order.number"}}}, "give a list"),
    (SMALL % "task: A", {"tasks": {"A": "http://x"}}, "'http://x' is no server"),
    (SMALL % "task: A", {"tasks": {"A": "api:/states/nowhere"}}, "no function serves /states/nowhere"),
    (SMALL % "task: A", {"tasks": {"A": {"group": "g", "due": "x"}}}, "'x' is no ISO 8601 time"),
    (SMALL % "task: A", {"tasks": {"A": {"lambda": "a", "retries": "many"}}}, "'many' is no number of retries"),
    (XOR % ("Big", "*"), {"flows": {"big": "1 +"}}, "cannot be read: it ends"),
    (XOR % ("Big", "*"), {"flows": {"X / Big": "order.payable"}}, "give a bool"),
    (XOR % ("Big", "*"), {"flows": {"X -> A": "gift_cart"}}, "no fact 'gift_cart'"),
]


@pytest.mark.parametrize(("text", "said", "unbound"), UNBOUND)
def test_what_nothing_binds_is_named(text: str, said: dict[str, Any], unbound: str) -> None:
    report = report_of(text, **said)

    assert report.verdict is Verdict.UNBOUND
    assert any(unbound in str(reason) for reason in report.unbound), report.unbound


def test_the_longer_name_of_a_flow_counts_before_its_label() -> None:
    text = "start: S\nxor: X\nend: A\nend: B\nend: C\nS > X >[Yes] A\nX >[Maybe] B\nX >[*] C"
    report = report_of(text, flows={"X -> A": "gift_card", "Yes": "false", "X / Maybe": "true"})
    assert report.plan is not None
    assert [flow.when for flow in report.plan.nodes["x"].flows] == [["name", "gift_card"], ["value", True], None]
    assert "the binding sheet has 'yes' under flows, which the diagram has not" in map(str, report.lint)


def test_a_process_that_calls_itself_is_refused() -> None:
    one = Source(name="one", content=bpmn(draw("start: S\ncall: A | calls=two\nend: E\nS > A > E", "One")))
    two = Source(name="two", content=bpmn(draw("start: S\ncall: B | calls=one\nend: E\nS > B > E", "Two")))
    reports = import_sources([one, two], ())

    assert [report.verdict for report in reports] == [Verdict.REFUSED] * 2
    assert str(reports[0].reason) == "call activity 'B' calls 'one', which calls it in turn"


def test_a_process_called_twice_is_there_twice() -> None:
    text = "start: S\ncall: A | calls=labelling\ncall: B | calls=labelling\nend: E\nS > A > B > E"
    labelling = Source(name="labelling", content=(PROCESSES / "labelling.bpmn").read_bytes())
    report, _ = import_sources([Source(name="p", content=bpmn(draw(text))), labelling], ())
    assert report.plan is not None
    assert {node.scope for node in report.plan.nodes.values()} == {None, "a", "b"}
    assert (report.plan.nodes["a"].first, report.plan.nodes["b"].first) == ("parcel_came", "parcel_came_2")


def test_processes_of_one_file_get_keys_of_their_own() -> None:
    assert [report.process for report in report_file("A.4.0-roundtrip.bpmn")] == [
        "a-4-0-roundtrip-pool",
        "a-4-0-roundtrip-2",
    ]
    drawings = [draw(SMALL % A_TASK, "First"), draw(SMALL % A_TASK, "Second")]
    reports = import_sources([Source(name="model.bpm", content=bpm(drawings))], ())
    assert [report.process for report in reports] == ["model", "model-second"]


BAD_SHEETS: list[tuple[Any, str]] = [
    ([], "must be a mapping with tasks"),
    ({"task": {}}, "there is no part 'task'"),
    ({"tasks": []}, "'tasks' must be a mapping"),
    ({"tasks": {"A": 3}}, "task 'A' must be a server, or a mapping"),
    ({"tasks": {"A": {"url": "x"}}}, "task 'A' says 'url'"),
    ({"tasks": {"A": {"set": "x"}}}, "'set' of task 'A' must be a mapping"),
    ({"tasks": {"A": {"group": ["x"]}}}, "'group' of task 'A' must be a text"),
    ({"flows": {"A": {}}}, "'A' in 'flows' must be a text"),
    ({"process": 3}, "'process' must be a text"),
]


@pytest.mark.parametrize(("said", "reason"), BAD_SHEETS)
def test_a_sheet_that_cannot_be_read_refuses_with_its_reason(said: Any, reason: str) -> None:
    [report] = import_sources([Source(name="p", content=bpmn(draw(SMALL % A_TASK)), sheet=said)], ())

    assert report.verdict is Verdict.REFUSED
    assert reason in str(report.reason)


def test_the_sheets_that_papers_show_can_be_read() -> None:
    papers = [(ROOT / "docs" / "processes.md").read_text("utf-8"), binding_sheet.__doc__ or ""]
    for paper in papers:
        example = paper.partition("```yaml\n")[2].partition("```")[0]
        read = binding_sheet.read(yaml.load(example, yaml.BaseLoader))
        assert read.tasks
        assert read.flows
        assert read.calls


def test_lanes_of_xpdl_are_found_by_where_they_are_drawn() -> None:
    graphics = (
        b'<NodeGraphicsInfos><NodeGraphicsInfo Width="%d" Height="%d"><Coordinates XCoordinate="%d" YCoordinate="%d" />'
    )
    close = b"</NodeGraphicsInfo></NodeGraphicsInfos>"
    content = xpdl(draw(SMALL % "user: A"))
    content = content.replace(
        b"<Lanes>",
        graphics % (700, 300, 30, 30)
        + close
        + b'<Lanes><Lane Id="l" Name="Bodega">'
        + graphics % (650, 150, 50, 150)
        + close
        + b"</Lane>",
    )
    content = content.replace(b'Name="A">', b'Name="A">' + graphics % (90, 60, 200, 250) + close)
    [report] = import_sources([Source(name="p", content=content)], ())
    assert report.plan is not None
    assert report.plan.nodes["a"].work is not None
    assert report.plan.nodes["a"].work.group == "bodega"


def test_a_call_may_go_to_a_version_that_was_imported_before() -> None:
    labelling = report_of("start: P\nuser: Print | group=g\nuser: Stick | group=g\nend: Q\nP > Print > Stick > Q").plan
    assert labelling is not None
    text = "start: S\ncall: A\ncall: B\nuser: Print | group=h\nend: E\nS > A > B > Print > E"
    said = {"calls": {"A": "labelling@3", "B": "labelling@3"}}
    versions = {("labelling", 3): labelling}
    [report] = import_sources(
        [Source(name="p", content=bpmn(draw(text)), sheet=said)], (), lambda *version: versions.get(version)
    )
    assert (report.verdict, report.walkthrough) == (Verdict.READY, ())
    assert report.plan is not None
    case = Run(report.plan).start()
    assert case.done("print_2", "stick").done("print_3", "stick_2").places == ["print"]
    [unknown] = import_sources([Source(name="p", content=bpmn(draw(text)), sheet=said)], (), lambda *_: None)
    assert str(unknown.reason) == "call activity 'A' calls 'labelling@3', which is not among the diagrams given"
