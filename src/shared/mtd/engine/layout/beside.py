"""Writes the parts of a picture that stand beside a process: artifacts, other pools, and the lines to them."""

from collections.abc import Callable, Iterator, Mapping
from xml.sax.saxutils import escape
from xml.sax.saxutils import quoteattr as _q

from mtd.engine.layout.picture import edge_xml, shape_xml
from mtd.engine.model.drawing import Artifact, ArtifactKind, Body, ConnectionKind, DrawnProcess
from mtd.engine.model.geometry import Box, Point

_TAGS = {
    ArtifactKind.ANNOTATION: "textAnnotation",
    ArtifactKind.GROUP: "group",
    ArtifactKind.DATA_OBJECT: "dataObjectReference",
    ArtifactKind.DATA_STORE: "dataStoreReference",
}


class Beside:
    """The parts of the document. `node` gives the document's id of a node, `other` an id that nothing has had.
    `pool_id` is that of the process's pool.

    Without a pool of its own the process has no other pools and no messages: a document of BPMN shows those of a
    collaboration alone.
    """

    def __init__(
        self,
        process: DrawnProcess,
        node: Callable[[Body, str], str],
        other: Callable[[str], str],
        pool_id: str,
    ) -> None:
        self._other = other
        around = process.around
        shown = [each for each in around.artifacts if pool_id or each.kind is not ArtifactKind.POOL]
        self._ids = {each.id: other(each.id) for each in shown}
        self._artifacts: Mapping[str, Artifact] = {each.id: each for each in shown}
        self._places: dict[str, tuple[str, Box]] = {
            each.id: (node(body, each.id), each.box) for body in _seen(process.body) for each in body.nodes if each.box
        }
        self._places |= {each.id: (self._ids[each.id], each.box) for each in shown}
        if pool_id and process.pool is not None:
            self._places[around.pool] = (pool_id, process.pool)
        self._lines = [
            (line, other(line.id or "line"))
            for line in around.connections
            if line.source in self._places and line.target in self._places
            if pool_id or line.kind is ConnectionKind.ASSOCIATION
        ]
        self._categories: dict[str, str] = {}

    def roots(self) -> str:
        """The elements that stand beside the process in the document."""
        found = ""
        for each in self._of(ArtifactKind.GROUP):
            if each.name:
                self._categories[each.id] = value = self._other("category_value")
                found += (
                    f"<bpmn:category id={_q(self._other('category'))}>"
                    f"<bpmn:categoryValue id={_q(value)} value={_q(each.name)} /></bpmn:category>"
                )
        return found

    def participants(self) -> str:
        """The other pools and the messages, within the collaboration."""
        pools = (
            f"<bpmn:participant id={_q(self._ids[each.id])} name={_q(each.name)} />"
            for each in self._of(ArtifactKind.POOL)
        )
        return "".join((*pools, *self._written(ConnectionKind.MESSAGE_FLOW, "messageFlow")))

    def elements(self) -> str:
        """The artifacts and associations, within the process."""
        artifacts = (self._element(each) for each in self._artifacts.values() if each.kind is not ArtifactKind.POOL)
        return "".join((*artifacts, *self._written(ConnectionKind.ASSOCIATION, "association")))

    def shapes(self) -> str:
        """Shapes and edges of all of them."""
        found = ""
        for each in self._artifacts.values():
            more = ' isHorizontal="true"' if each.kind is ArtifactKind.POOL else ""
            found += shape_xml(self._other, self._ids[each.id], each.box, more)
        for line, line_id in self._lines:
            bends = line.bends or self._straight(line.source, line.target)
            found += edge_xml(self._other, line_id, bends)
        return found

    def _of(self, kind: ArtifactKind) -> list[Artifact]:
        return [each for each in self._artifacts.values() if each.kind is kind]

    def _element(self, artifact: Artifact) -> str:
        said = f"id={_q(self._ids[artifact.id])}"
        match artifact.kind:
            case ArtifactKind.ANNOTATION:
                return (
                    f"<bpmn:textAnnotation {said}><bpmn:text>{escape(artifact.name)}</bpmn:text></bpmn:textAnnotation>"
                )
            case ArtifactKind.GROUP:
                value = self._categories.get(artifact.id)
                return f"<bpmn:group {said}{f' categoryValueRef={_q(value)}' if value else ''} />"
            case ArtifactKind.DATA_OBJECT:
                held = self._other("data_object")
                return (
                    f"<bpmn:dataObject id={_q(held)} />"
                    f"<bpmn:dataObjectReference {said} name={_q(artifact.name)} dataObjectRef={_q(held)} />"
                )
        return f"<bpmn:{_TAGS[artifact.kind]} {said} name={_q(artifact.name)} />"

    def _written(self, kind: ConnectionKind, tag: str) -> Iterator[str]:
        for line, line_id in self._lines:
            if line.kind is kind:
                source, target = self._places[line.source][0], self._places[line.target][0]
                yield f"<bpmn:{tag} id={_q(line_id)} sourceRef={_q(source)} targetRef={_q(target)} />"

    def _straight(self, source: str, target: str) -> tuple[Point, ...]:
        return self._places[source][1].centre, self._places[target][1].centre


def _seen(body: Body) -> Iterator[Body]:
    """The bodies on the first page."""
    yield body
    for node in body.nodes:
        if node.body and node.expanded:
            yield from _seen(node.body)
