"""The picture of a Bizagi file keeps notes, data, other pools and the lines to them."""

from xml.etree import ElementTree

import pytest

from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Source, Verdict
from mtd.engine.layout.diagram import diagram

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"


def at(x: int, y: int, width: int = 90, height: int = 60, tool: str = "Node") -> str:
    place = f'<Coordinates XCoordinate="{x}" YCoordinate="{y}"/>'
    return (
        f'<{tool}GraphicsInfos><{tool}GraphicsInfo ToolId="BizAgi_Process_Modeler" Height="{height}" Width="{width}">'
        f"{place}</{tool}GraphicsInfo></{tool}GraphicsInfos>"
    )


def line(*points: tuple[int, int]) -> str:
    places = "".join(f'<Coordinates XCoordinate="{x}" YCoordinate="{y}"/>' for x, y in points)
    return f"<ConnectorGraphicsInfos><ConnectorGraphicsInfo>{places}</ConnectorGraphicsInfo></ConnectorGraphicsInfos>"


PACKAGE = f"""
<Package xmlns="http://www.wfmc.org/2009/XPDL2.2" Id="p" Name="Sales">
  <Pools>
    <Pool Id="own" Name="Shop" Process="sale" %s>{at(0, 0, 800, 300)}</Pool>
    <Pool Id="bank" Name="Bank" Process="pay">{at(0, 400, 800, 200)}</Pool>
    <Pool Id="far" Name="Nobody" Process="none">{at(0, 700, 800, 100)}</Pool>
  </Pools>
  <Artifacts>
    <Artifact Id="note" ArtifactType="Annotation" TextAnnotation="Ask  twice &lt;b&gt;">{at(300, 20)}</Artifact>
    <Artifact Id="frame" ArtifactType="Group" Name="Phase">{at(80, 80, 300, 150)}</Artifact>
    <Artifact Id="elsewhere" ArtifactType="Annotation" TextAnnotation="Of the bank">{at(300, 420)}</Artifact>
    <Artifact Id="nowhere" ArtifactType="Annotation" TextAnnotation="Without a place"/>
  </Artifacts>
  <DataStores><DataStore Id="db" Name="Orders"/></DataStores>
  <MessageFlows>
    <MessageFlow Id="m1" Source="task" Target="check">{line((245, 160), (245, 430))}</MessageFlow>
    <MessageFlow Id="m2" Source="bank" Target="own"/>
  </MessageFlows>
  <Associations>
    <Association Id="a1" Source="task" Target="note">{line((245, 100), (320, 60))}</Association>
    <Association Id="a2" Source="form" Target="task"/>
    <Association Id="a3" Source="check" Target="elsewhere"/>
  </Associations>
  <WorkflowProcesses>
    <WorkflowProcess Id="sale" Name="Sale">
      <DataObjects><DataObject Id="form" Name="Form">{at(400, 180, 40, 50)}</DataObject></DataObjects>
      <DataStoreReferences>
        <DataStoreReference Id="store" DataStoreRef="db">{at(500, 180, 50, 50)}</DataStoreReference>
      </DataStoreReferences>
      <Activities>
        <Activity Id="start" Name="Start"><Event><StartEvent Trigger="None"/></Event>{at(100, 115, 30, 30)}</Activity>
        <Activity Id="task" Name="Sell"><Implementation><Task/></Implementation>{at(200, 100)}</Activity>
        <Activity Id="end" Name="End"><Event><EndEvent Result="None"/></Event>{at(350, 115, 30, 30)}</Activity>
      </Activities>
      <Transitions><Transition Id="t1" From="start" To="task"/><Transition Id="t2" From="task" To="end"/></Transitions>
    </WorkflowProcess>
    <WorkflowProcess Id="pay" Name="Pay">
      <Activities>
        <Activity Id="check" Name="Check"><Implementation><Task/></Implementation>{at(200, 430)}</Activity>
      </Activities>
    </WorkflowProcess>
  </WorkflowProcesses>
</Package>
"""


def drawn(process: str = "Sale", pool: str = "") -> ElementTree.Element:
    """The picture of that process."""
    reports = import_sources([Source(name="p.xpdl", content=(PACKAGE % pool).encode())], ())
    assert {report.verdict for report in reports} == {Verdict.READY}
    report = next(each for each in reports if each.unseen is not None and each.unseen.name == process)
    assert report.unseen is not None
    return ElementTree.fromstring(diagram(report.unseen))


def found(root: ElementTree.Element, tag: str) -> list[dict[str, str]]:
    return [element.attrib for element in root.iter(f"{BPMN}{tag}")]


def test_notes_groups_and_data_are_drawn_where_they_stand() -> None:
    root = drawn()

    assert [text.text for text in root.iter(f"{BPMN}text")] == ["Ask twice <b>"]
    assert [each["value"] for each in found(root, "categoryValue")] == ["Phase"]
    assert [each["name"] for each in found(root, "dataObjectReference")] == ["Form"]
    assert [each["name"] for each in found(root, "dataStoreReference")] == ["Orders"]
    bounds = {
        shape.get("bpmnElement"): [child.get(name) for child in shape if child.get("x") for name in ("x", "y")]
        for shape in root.iter(f"{DI}BPMNShape")
    }
    assert bounds["note"] == ["300", "20"]
    assert bounds["frame"] == ["80", "80"]
    assert bounds["form"] == ["400", "180"]
    assert "elsewhere" not in bounds
    assert "nowhere" not in bounds


def test_lines_are_drawn_between_what_is_shown() -> None:
    root = drawn()

    associations = {each["id"]: (each["sourceRef"], each["targetRef"]) for each in found(root, "association")}
    assert associations == {"a1": ("task", "note"), "a2": ("form", "task")}
    ways = {
        edge.get("bpmnElement"): [(point.get("x"), point.get("y")) for point in edge]
        for edge in root.iter(f"{DI}BPMNEdge")
    }
    assert ways["a1"] == [("245", "100"), ("320", "60")]
    # Without bends it goes straight from one to the other.
    assert ways["a2"] == [("420", "205"), ("245", "130")]


def test_other_pools_are_drawn_where_messages_go_to_them() -> None:
    root = drawn()

    own, *others = found(root, "participant")
    assert (own["name"], [each["name"] for each in others]) == ("Shop" if own["name"] == "Shop" else "Sale", ["Bank"])
    # A message to a task of the other pool goes to that pool.
    flows = {each["id"]: (each["sourceRef"], each["targetRef"]) for each in found(root, "messageFlow")}
    assert flows == {"m1": ("task", "bank"), "m2": ("bank", own["id"])}


def test_a_process_without_a_visible_pool_has_no_messages() -> None:
    root = drawn(pool='BoundaryVisible="false"')

    # A note that is far from everything of the process is another one's.
    assert [text.text for text in root.iter(f"{BPMN}text")] == ["Ask twice <b>"]
    assert found(root, "messageFlow") == found(root, "participant") == []
    assert [each["id"] for each in found(root, "association")] == ["a1", "a2"]


@pytest.mark.parametrize("process", ["Sale", "Pay"])
def test_every_element_has_one_id_and_every_shape_an_element(process: str) -> None:
    root = drawn(process)
    ids = [element.get("id") for element in root.iter() if element.get("id")]

    assert len(ids) == len(set(ids))
    for element in root.iter():
        for name in ("bpmnElement", "sourceRef", "targetRef", "categoryValueRef", "dataObjectRef"):
            assert element.get(name) is None or element.get(name) in ids
