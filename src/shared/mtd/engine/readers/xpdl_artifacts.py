"""The parts of an XPDL diagram that do not run: annotations, groups, data objects, data stores, other pools, and lines
between them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mtd.domain.orders import xml
from mtd.engine.model.drawing import Artifact, ArtifactKind, Body, Connection, ConnectionKind, Surroundings
from mtd.engine.model.geometry import Box, around
from mtd.engine.readers.xpdl_graphics import bends_of, box_of
from mtd.engine.readers.xpdl_lanes import drawn_pool
from mtd.engine.readers.xpdl_tree import inside, local, one_line

_KINDS = {"annotation": ArtifactKind.ANNOTATION, "group": ArtifactKind.GROUP, "dataobject": ArtifactKind.DATA_OBJECT}
_MOST = 1_000
_NEAR = 100.0
"""Pixels within which an artifact is of a process without a pool."""


def surroundings(root: xml.Element, process: xml.Element, body: Body, pool: Box | None) -> Surroundings:
    """The artifacts of the process: those in its pool, or near it where no pool is seen, and those that a line joins to
    something in it. Other pools are drawn where a message flow joins them to it."""
    nodes, lines = set(_ids(body)), list(_connections(root))
    boxes = [node.box for node in body.nodes if node.box is not None]
    own_place = pool or (around(boxes).grown(_NEAR) if boxes else None)
    joined = {end for line in lines if {line.source, line.target} & nodes for end in (line.source, line.target)}
    kept = [
        each
        for each in _artifacts(root, process)
        if each.id in joined or (own_place is not None and own_place.touches(each.box.centre))
    ]
    own_pool, pools, home = _pools(root, process.attributes.get("Id", ""))
    own = nodes | ({own_pool} if own_pool else set())
    messages = [_to_pools(line, home) for line in lines if line.kind is ConnectionKind.MESSAGE_FLOW]
    messages = [line for line in messages if (line.source in own) != (line.target in own)]
    connected = {end for line in messages for end in (line.source, line.target)}
    kept += [each for each in pools if each.id in connected]
    known = own | {each.id for each in kept}
    associations = [line for line in lines if line.kind is ConnectionKind.ASSOCIATION]
    shown = [line for line in (*associations, *messages) if {line.source, line.target} <= known]
    return Surroundings(artifacts=tuple(kept[:_MOST]), connections=tuple(shown[:_MOST]), pool=own_pool)


def _to_pools(line: Connection, home: Mapping[str, str]) -> Connection:
    """A message flow to an element of another pool is drawn to that pool."""
    return replace(line, source=home.get(line.source, line.source), target=home.get(line.target, line.target))


def _ids(body: Body) -> Iterator[str]:
    for node in body.nodes:
        yield node.id
        if node.body:
            yield from _ids(node.body)


def _artifacts(root: xml.Element, process: xml.Element) -> Iterator[Artifact]:
    stores = {each.attributes.get("Id", ""): each.attributes.get("Name", "") for each in inside(root, "DataStores")}
    for each in (*inside(root, "Artifacts"), *_all(process)):
        attributes, box = each.attributes, box_of(each)
        kind, name = _KINDS.get(attributes.get("ArtifactType", "").lower()), attributes.get("Name", "")
        if local(each) == "DataObject":
            kind = ArtifactKind.DATA_OBJECT
        elif local(each) == "DataStoreReference":
            kind, name = ArtifactKind.DATA_STORE, name or stores.get(attributes.get("DataStoreRef", ""), "")
        if kind is ArtifactKind.ANNOTATION:
            name = attributes.get("TextAnnotation", "") or name
        if kind is not None and box is not None and box.width and box.height and attributes.get("Id"):
            yield Artifact(id=attributes["Id"], kind=kind, name=one_line(name), box=box)


def _all(process: xml.Element) -> Iterator[xml.Element]:
    for each in process.children:
        if local(each) in ("DataObject", "DataStoreReference"):
            yield each
        elif local(each) in ("DataObjects", "DataStoreReferences", "ActivitySets", "ActivitySet"):
            yield from _all(each)


def _pools(root: xml.Element, own: str) -> tuple[str, list[Artifact], dict[str, str]]:
    """The process's own pool, the pools of others that are seen, and the pool of each element of these."""
    processes = {each.attributes.get("Id", ""): each for each in inside(root, "WorkflowProcesses")}
    own_pool, found = "", list[Artifact]()
    home: dict[str, str] = {}
    for pool in inside(root, "Pools"):
        pool_id, process_id, box = pool.attributes.get("Id", ""), pool.attributes.get("Process", ""), drawn_pool(pool)
        if process_id == own:
            own_pool = pool_id
        elif pool_id and box is not None:
            name = one_line(pool.attributes.get("Name", ""))
            found.append(Artifact(id=pool_id, kind=ArtifactKind.POOL, name=name, box=box))
            inner = processes.get(process_id)
            home |= dict.fromkeys(_activities(inner), pool_id) if inner else {}
    return own_pool, found, home


def _activities(element: xml.Element) -> Iterator[str]:
    for each in element.children:
        if local(each) == "Activity":
            yield each.attributes.get("Id", "")
        yield from _activities(each)


def _connections(root: xml.Element) -> Iterator[Connection]:
    for part, kind in (("Associations", ConnectionKind.ASSOCIATION), ("MessageFlows", ConnectionKind.MESSAGE_FLOW)):
        for each in inside(root, part):
            said = each.attributes
            yield Connection(
                id=said.get("Id", ""),
                kind=kind,
                source=said.get("Source", ""),
                target=said.get("Target", ""),
                bends=bends_of(each),
            )
