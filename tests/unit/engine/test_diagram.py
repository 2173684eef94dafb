"""Processes of files without a picture of BPMN, drawn as BPMN: where the files draw them, or else from left to right.

Bizagi's exports in the test data are written as `.xpdl` and `.bpm` with the places that their `.bpmn` says, in the way
that Bizagi Modeler does, and must look the same when they are read and drawn.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.diagrams import draw
from tests.support.imports import PROCESSES
from tests.support.pictures import located, picture_of
from tests.support.xpdl_files import bpm, drawn_at, xpdl

from mtd.engine.compiler.importing import import_sources, read_drawings
from mtd.engine.compiler.reports import Source
from mtd.engine.layout.diagram import diagram
from mtd.engine.layout.placing import placed
from mtd.engine.messages.naming import xml_id
from mtd.engine.model.drawing import Body, Drawing, DrawnFlow, DrawnNode, DrawnProcess
from mtd.engine.model.geometry import Box, Point
from mtd.engine.readers.normalising import normalise
from mtd.usecases.processes.import_processes import STATES

BIZAGI = [
    PROCESSES / f"{name}.bpmn"
    for name in ("A.1.0-roundtrip", "A.2.0-roundtrip", "A.3.0-roundtrip", "A.4.0-roundtrip", "exampleBPM1")
]
OWN = sorted(file for file in PROCESSES.iterdir() if file.suffix in (".xpdl", ".bpm"))


def as_xpdl(file: Path) -> Drawing:
    [drawing] = read_drawings(file.read_bytes(), file.stem)
    return located(drawing, picture_of(file.read_bytes()))


def contents() -> dict[str, bytes]:
    found = {file.name: file.read_bytes() for file in OWN}
    found |= {f"{file.stem}.xpdl": xpdl(as_xpdl(file)) for file in BIZAGI}
    return found | {f"{file.stem}.bpm": bpm([as_xpdl(file)]) for file in BIZAGI}


FILES = contents()


def processes(content: bytes) -> list[DrawnProcess]:
    return [process for drawing in read_drawings(content, "p") for process in normalise(drawing)[0]]


def bodies(body: Body) -> Iterator[Body]:
    yield body
    for node in body.nodes:
        if node.body:
            yield from bodies(node.body)


def without_layout(body: Body) -> tuple[list[DrawnNode], list[DrawnFlow]]:
    """The body without the things that a picture does not carry: attributes, documentation, and Bizagi's own ids."""

    def bare(node: DrawnNode) -> DrawnNode:
        inner = node.body and Body(nodes=tuple(without_layout(node.body)[0]), flows=tuple(without_layout(node.body)[1]))
        default, host = (each and xml_id(each) for each in (node.default, node.attached_to))
        trigger = "" if node.trigger == "none" else node.trigger
        return replace(
            node,
            id=xml_id(node.id),
            default=default,
            attached_to=host,
            trigger=trigger,
            body=inner,
            attributes={},
            documentation="",
        )

    def ends(flow: DrawnFlow) -> DrawnFlow:
        return replace(flow, id=xml_id(flow.id), source=xml_id(flow.source), target=xml_id(flow.target))

    return [bare(node) for node in body.nodes], [ends(flow) for flow in body.flows]


@pytest.mark.parametrize("name", FILES)
def test_each_node_has_a_shape_and_each_flow_an_edge_that_touches_its_nodes(name: str) -> None:
    assert processes(FILES[name])
    for process in processes(FILES[name]):
        picture = picture_of(diagram(process).encode())
        for body in bodies(process.body):
            for node in body.nodes:
                box = picture.box(xml_id(node.id))
                assert box.width > 0
                assert box.height > 0
            for flow in body.flows:
                bends = picture.bends[xml_id(flow.id)]
                assert len(bends) >= 2
                assert picture.box(xml_id(flow.source)).grown(1).touches(bends[0]), flow
                assert picture.box(xml_id(flow.target)).grown(1).touches(bends[-1]), flow


@pytest.mark.parametrize("name", FILES)
def test_what_is_drawn_is_read_as_what_it_was(name: str) -> None:
    for process in processes(FILES[name]):
        [read] = read_drawings(diagram(process).encode(), "p")
        [again] = read.processes

        assert without_layout(again.body) == without_layout(process.body)
        assert again.name == process.name
        assert read.pictured


@pytest.mark.parametrize("file", BIZAGI, ids=lambda file: file.stem)
@pytest.mark.parametrize("write", [xpdl, lambda drawing: bpm([drawing])], ids=["xpdl", "bpm"])
def test_what_bizagi_draws_stays_where_it_is(file: Path, write: object) -> None:
    assert callable(write)
    theirs = picture_of(file.read_bytes())
    for process in processes(write(as_xpdl(file))):
        ours = picture_of(diagram(process).encode())
        for body in bodies(process.body):
            for node in body.nodes:
                added = node.id not in theirs.boxes
                assert added == (node.box is None)
                assert added or ours.box(node.id) == theirs.box(node.id)
            for flow in body.flows:
                drawn = theirs.bends.get(flow.id, ())
                assert ours.bends[flow.id][1:-1] == drawn[1:-1]
                for here, there in zip(ours.bends[flow.id], drawn, strict=bool(drawn)):
                    assert abs(here.x - there.x) + abs(here.y - there.y) < 3
        for lane in process.lanes:
            assert lane.box in [theirs.box(each) for each, named in theirs.lanes.items() if named == lane.name]


@pytest.mark.parametrize("name", [file.stem for file in OWN if file.suffix == ".bpm"])
def test_what_a_plan_names_is_drawn(name: str) -> None:
    sources = [Source(name=file.name, content=file.read_bytes()) for file in OWN if file.suffix == ".bpm"]
    report = next(each for each in import_sources(sources, STATES) if each.source == f"{name}.bpm")
    assert report.plan is not None
    assert report.unseen is not None
    drawn = picture_of(diagram(report.unseen).encode()).boxes
    called = {node.id for node in report.plan.nodes.values() if node.name == "Label"}
    assert {node.element for node in report.plan.nodes.values() if node.scope not in called} <= drawn.keys()


def test_ids_are_a_viewers_and_an_id_stands_once() -> None:
    body = Body(
        nodes=(
            DrawnNode(id="401bb21d-f134", name='<A> & "b"', kind="startEvent"),
            DrawnNode(id="línea\n1", name="", kind="endEvent"),
            DrawnNode(
                id="flow",
                name="",
                kind="subProcess",
                expanded=True,
                body=Body(nodes=(DrawnNode(id="flow", name="", kind="startEvent"),)),
            ),
        ),
        flows=(DrawnFlow(id="flow", name="", source="401bb21d-f134", target="línea\n1"),),
    )
    content = diagram(DrawnProcess(id="1", name="Día", body=body)).encode()
    picture = picture_of(content)
    [read] = read_drawings(content, "p")

    assert [node.id for node in read.processes[0].body.nodes] == ["Id_401bb21d-f134", "l_ed_nea_a_1", "flow"]
    assert read.processes[0].body.nodes[0].name == '<A> & "b"'
    assert max(Counter(element for element, boxes in picture.boxes.items() for _ in boxes).values()) == 1
    assert xml_id("a:b-c.d_1") == "a:b-c.d_1"
    assert len(picture.boxes) == 4


def test_a_bpmn_file_that_a_viewer_cannot_show_is_drawn_anew() -> None:
    drawn = diagram(draw("start: S\nend: E\nS > E").processes[0])

    assert read_drawings(drawn.encode(), "p")[0].pictured
    assert not read_drawings(drawn.partition("<bpmndi:BPMNDiagram")[0].encode() + b"</bpmn:definitions>", "p")[
        0
    ].pictured
    assert not read_drawings(drawn.replace('"S"', '"1"').encode(), "p")[0].pictured


# What files say of places, and do not


def of_xpdl(text: str, boxes: dict[str, Box], *, change: tuple[str, str] = ("", "")) -> DrawnProcess:
    """The process of an XPDL file with these boxes, placed."""

    def at(body: Body) -> Body:
        nodes = (
            replace(node, box=boxes.get(node.id), body=node.body and at(node.body), expanded=node.body is not None)
            for node in body.nodes
        )
        return replace(body, nodes=tuple(nodes))

    drawing = draw(text)
    drawing = replace(drawing, processes=tuple(replace(each, body=at(each.body)) for each in drawing.processes))
    [process] = processes(xpdl(drawing).replace(change[0].encode(), change[1].encode()))
    return placed(process)


def boxes_of(process: DrawnProcess) -> dict[str, Box]:
    return {node.id: node.box for body in bodies(process.body) for node in body.nodes if node.box}


SMALL = "start: S\nuser: A\nend: E\nS > A > E"
PLACES = {"S": Box(0, 100, 30, 30), "A": Box(100, 85, 90, 60), "E": Box(300, 100, 30, 30)}


def test_of_several_graphics_the_one_with_a_size_counts() -> None:
    other = (
        '<NodeGraphicsInfo ToolId="Other" /><NodeGraphicsInfo ToolId="Third" Width="0" Height="0"><Coordinates '
        'XCoordinate="9" YCoordinate="9" /></NodeGraphicsInfo>'
    )
    process = of_xpdl(SMALL, PLACES, change=("<NodeGraphicsInfos>", f"<NodeGraphicsInfos>{other}"))

    assert boxes_of(process) == PLACES


@pytest.mark.parametrize("wrong", ["", "NaN", "1e308", "-inf", "left"])
def test_a_place_that_is_no_number_is_none(wrong: str) -> None:
    process = of_xpdl(SMALL, PLACES, change=('XCoordinate="100"', f'XCoordinate="{wrong}"'))

    assert boxes_of(process) == PLACES | {"A": Box(80, 75, 100, 80)}


@pytest.mark.parametrize("size", [0, 0.04, -90])
def test_a_size_of_nothing_is_that_of_its_kind(size: float) -> None:
    process = of_xpdl(SMALL, PLACES | {"A": Box(100, 85, size, size)})

    assert boxes_of(process)["A"] == Box(100, 85, 100, 80)


@pytest.mark.parametrize("places", [{}, dict.fromkeys("SAE", Box(5, 5, 0, 0)), dict.fromkeys("SAE", Box(0, 0, 0, 0))])
def test_without_places_of_their_own_nodes_stand_in_a_row(places: dict[str, Box]) -> None:
    boxes = boxes_of(of_xpdl(SMALL, places))

    assert boxes["S"].right < boxes["A"].x < boxes["A"].right < boxes["E"].x
    assert len({box.centre.y for box in boxes.values()}) == 1


def test_what_the_import_adds_stands_beside_its_neighbours() -> None:
    process = of_xpdl("user: A\nuser: B\nA > B", {"A": Box(100, 85, 90, 60), "B": Box(300, 85, 90, 60)})
    boxes = boxes_of(process)

    assert boxes.keys() == {"A", "B", "A-start", "B-end"}
    assert boxes["A-start"].right < boxes["A"].x
    assert boxes["B-end"].x > boxes["B"].right


SUB = "start: S\nsub: P {\nstart: I\nend: O\nI > O\n}\nend: E\nS > P > E"
HOST = {"S": Box(0, 200, 30, 30), "P": Box(500, 100, 300, 200), "E": Box(900, 200, 30, 30)}


def test_places_in_a_sub_process_may_be_the_pages_or_its_own() -> None:
    of_page = {"I": Box(530, 180, 30, 30), "O": Box(700, 180, 30, 30)}
    of_host = {node: box.moved(-500, -100) for node, box in of_page.items()}

    assert boxes_of(of_xpdl(SUB, HOST | of_page)) == boxes_of(of_xpdl(SUB, HOST | of_host)) == HOST | of_page


def test_a_sub_process_whose_inside_lies_elsewhere_is_closed_and_its_inside_is_a_page() -> None:
    process = of_xpdl(SUB, HOST | {"I": Box(10, 2000, 30, 30), "O": Box(700, 2000, 30, 30)})
    picture = picture_of(diagram(process).encode())

    assert picture.closed == {"P"}
    assert picture.pages == ["process", "P"]
    assert picture.box("P") == HOST["P"]


def test_an_event_on_an_edge_is_put_on_one_where_it_is_drawn_elsewhere() -> None:
    text = "start: S\nuser: A\nboundary: Late | on=A, time=PT1H\nend: E\nend: L\nS > A > E\nLate > L"
    places = PLACES | {"L": Box(300, 300, 30, 30)}
    on_edge = boxes_of(of_xpdl(text, places | {"Late": Box(130, 130, 30, 30)}))
    astray = boxes_of(of_xpdl(text, places | {"Late": Box(5, 500, 30, 30)}))

    assert on_edge["Late"] == Box(130, 130, 30, 30)
    assert astray["Late"].centre == Point(145, 145)


def test_lanes_are_in_their_pool_although_their_graphics_come_first() -> None:
    pool, lane = Box(30, 20, 700, 300), Box(80, 170, 650, 150)
    lanes = (
        f'<Lanes><Lane Id="a" Name="Sales">{drawn_at(Box(50, 0, 650, 150))}</Lane>'
        f'<Lane Id="b" Name="Stock">{drawn_at(Box(50, 150, 650, 150))}</Lane></Lanes>{drawn_at(pool)}'
    )
    process = of_xpdl(
        SMALL, {node: box.moved(100, 100) for node, box in PLACES.items()}, change=("<Lanes>\n</Lanes>", lanes)
    )

    assert process.pool == pool
    assert [lane.box for lane in process.lanes] == [Box(80, 20, 650, 150), lane]
    assert {node.lane for node in process.body.nodes} == {"Stock"}


# From left to right


@st.composite
def drawings(draw_one: st.DrawFn) -> Body:
    """Any flows between up to ten nodes, events on edges and circles included."""
    names = [f"n{number}" for number in range(draw_one(st.integers(2, 10)))]
    kinds = [draw_one(st.sampled_from(["userTask", "exclusiveGateway", "endEvent", "startEvent"])) for _ in names]
    lanes = [draw_one(st.sampled_from(["", "Sales", "Stock"])) for _ in names]
    nodes = [
        DrawnNode(id=name, name=name, kind=kind, lane=lane)
        for name, kind, lane in zip(names, kinds, lanes, strict=True)
    ]
    hosts = [node.id for node in nodes if node.kind == "userTask"]
    for number, host in enumerate(draw_one(st.lists(st.sampled_from(hosts), max_size=3)) if hosts else ()):
        nodes.append(DrawnNode(id=f"b{number}", name="late", kind="boundaryEvent", trigger="timer", attached_to=host))
    pairs = st.tuples(st.sampled_from([node.id for node in nodes]), st.sampled_from(names))
    flows = [
        DrawnFlow(id=f"f{number}", name="", source=source, target=target)
        for number, (source, target) in enumerate(draw_one(st.lists(pairs, max_size=15)))
    ]
    return Body(nodes=tuple(nodes), flows=tuple(flows))


@settings(max_examples=150, deadline=None)
@given(drawings())
def test_nothing_lies_on_anything_else(body: Body) -> None:
    process = placed(DrawnProcess(id="p", name="p", body=body))
    nodes = {node.id: node for node in process.body.nodes}
    stations = [node for node in nodes.values() if node.kind != "boundaryEvent"]
    boxes = {node.id: node.box for node in stations if node.box}
    assert boxes.keys() == {node.id for node in stations}
    for first, box in boxes.items():
        assert not any(box.overlaps(other) for second, other in boxes.items() if first != second)
        if process.pool:
            assert process.pool.holds(box)
    assert len(process.body.flows) == len(body.flows)
    for flow in process.body.flows:
        ends = {nodes[flow.source].attached_to or flow.source, flow.target}
        for start, end in pairwise(flow.bends):
            across = Box(min(start.x, end.x), min(start.y, end.y), abs(start.x - end.x), abs(start.y - end.y))
            hit = [node_id for node_id, box in boxes.items() if node_id not in ends and box.overlaps(across.grown(0.1))]
            assert hit == [], (flow, hit)


def test_a_large_process_is_drawn_in_time() -> None:
    """5,000 nodes in one long chain with ways back: neither depth nor length may be the square of it."""
    names = [f"n{number}" for number in range(5_000)]
    flows = [*pairwise(names), *((late, early) for early, late in zip(names[::50], names[49::50], strict=True))]
    body = Body(
        nodes=tuple(DrawnNode(id=name, name=name, kind="userTask") for name in names),
        flows=tuple(DrawnFlow(id=f"{a}-{b}", name="", source=a, target=b) for a, b in flows),
    )
    fan = replace(body, flows=tuple(DrawnFlow(id=name, name="", source="n0", target=name) for name in names[1:]))

    assert diagram(DrawnProcess(id="p", name="p", body=body)).count("<bpmndi:BPMNShape") == 5_000
    assert diagram(DrawnProcess(id="p", name="p", body=fan)).count("<bpmndi:BPMNEdge") == 4_999
