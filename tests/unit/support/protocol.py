"""The protocol of outbox and lease as a model, and a checker that walks through all that may happen to it.

One order on its way over `STEPS` steps and two workers. A mishap is a crash of a worker between any two of its actions,
a message that is delivered again while its worker lives, or a lease that runs out under its holder. The model
covers lease_tokens, the fence of held_tokens, move_tokens with insert_outbox in one commit, and delete_outbox
(flow/store.sql, flow/changes.sql); unsent and forgotten_tokens (outbox.sql).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

STEPS = 2


class Flaw(StrEnum):
    """A rule left out, to see that the checker misses it."""

    NO_FENCE = "commits whatever the token has become"
    NO_OUTBOX = "no row remembers what a commit has to tell"
    NO_FORGOTTEN = "nobody looks at tokens that no message speaks of"
    NO_KEYS = "effects are made without idempotency keys"
    EAGER = "sends the next message before the commit"


@dataclass(frozen=True, slots=True)
class Worker:
    """`at`: idle, got, leased, done (the effect), committed or sent; with the version and try that it works on."""

    at: str = "idle"
    version: int = 0
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """`version` is the token's, and says its step; `lease` the try that holds it, 0 for none; `attempts` all tries.

    `queue` and `outbox` hold versions. `effects` and `commits` count what was made and committed of each step.
    """

    version: int = 0
    lease: int = 0
    attempts: int = 0
    queue: frozenset[int] = frozenset({0})
    outbox: frozenset[int] = frozenset()
    workers: tuple[Worker, Worker] = (Worker(), Worker())
    effects: tuple[int, ...] = (0,) * STEPS
    commits: tuple[int, ...] = (0,) * STEPS
    mishaps: int = 2

    @property
    def ended(self) -> bool:
        return self.version == STEPS


def following(world: World, flaw: Flaw | None) -> Iterator[World]:
    """Every world that one action of somebody's, or one mishap, makes of this one."""
    for number, worker in enumerate(world.workers):
        for changed, left in _act(world, worker, flaw):
            yield replace(left, workers=_with(world.workers, number, changed))
        if world.mishaps and worker.at != "idle":
            again = replace(world, queue=world.queue | {worker.version}, mishaps=world.mishaps - 1)
            yield again
            yield replace(again, workers=_with(world.workers, number, Worker()))
    if world.lease:
        held = any(each.attempt == world.lease and each.at in ("leased", "done") for each in world.workers)
        if world.mishaps or not held:
            yield replace(world, lease=0, mishaps=world.mishaps - held)
    yield from _relay(world, flaw)


def _act(world: World, worker: Worker, flaw: Flaw | None) -> Iterator[tuple[Worker, World]]:
    version, step = worker.version, min(worker.version, STEPS - 1)
    match worker.at:
        case "idle":
            for each in world.queue:
                yield Worker("got", each), replace(world, queue=world.queue - {each})
        case "got" if version != world.version or world.lease or world.ended:
            yield Worker(), world
        case "got":
            attempt = world.attempts + 1
            yield Worker("leased", version, attempt), replace(world, lease=attempt, attempts=attempt)
        case "leased":
            known = world.effects[step] and flaw is not Flaw.NO_KEYS
            queue = world.queue | {version + 1} if flaw is Flaw.EAGER else world.queue
            made = world.effects if known else _counted(world.effects, step)
            yield replace(worker, at="done"), replace(world, effects=made, queue=queue)
        case "done" if (world.version, world.lease) == (version, worker.attempt) or flaw is Flaw.NO_FENCE:
            kept = world.outbox if flaw in (Flaw.NO_OUTBOX, Flaw.EAGER) else world.outbox | {version + 1}
            moved = replace(world, version=version + 1, lease=0, commits=_counted(world.commits, step), outbox=kept)
            yield replace(worker, at="committed"), moved
        case "done":
            yield Worker(), world
        case "committed":
            queue = world.queue if flaw is Flaw.EAGER else world.queue | {version + 1}
            yield replace(worker, at="sent"), replace(world, queue=queue)
        case "sent":
            yield Worker(), replace(world, outbox=world.outbox - {version + 1})


def _relay(world: World, flaw: Flaw | None) -> Iterator[World]:
    """Every minute: rows of the outbox that are left are sent, and a token that nobody works on is spoken of again."""
    for each in world.outbox:
        yield replace(world, queue=world.queue | {each}, outbox=world.outbox - {each})
    looks = flaw not in (Flaw.NO_FORGOTTEN, Flaw.NO_OUTBOX, Flaw.EAGER)
    if looks and not world.lease and not world.ended and world.version not in world.queue:
        yield replace(world, queue=world.queue | {world.version})


def _with(workers: tuple[Worker, Worker], number: int, worker: Worker) -> tuple[Worker, Worker]:
    return (worker, workers[1]) if number == 0 else (workers[0], worker)


def _counted(counts: tuple[int, ...], step: int) -> tuple[int, ...]:
    return (*counts[:step], counts[step] + 1, *counts[step + 1 :])


def explored(flaw: Flaw | None = None, mishaps: int = 2) -> tuple[int, list[str]]:
    """How many worlds there are, and what is wrong in any: made or committed twice, or lost, its end out of reach."""
    first = World(mishaps=mishaps)
    after: dict[World, list[World]] = {}
    todo = [first]
    while todo:
        world = todo.pop()
        if world not in after:
            after[world] = list(following(world, flaw))
            todo += after[world]
    wrong = [
        f"{what} twice"
        for what, twice in (
            ("committed", any(max(world.commits) > 1 for world in after)),
            ("made", any(max(world.effects) > 1 for world in after)),
        )
        if twice
    ]
    return len(after), wrong + (["lost"] if _lost(after) else [])


def _lost(after: dict[World, list[World]]) -> bool:
    """Whether some world can come to no end any more, however long nothing else goes wrong."""
    before: dict[World, list[World]] = {world: [] for world in after}
    for world, nexts in after.items():
        for each in nexts:
            if each.mishaps == world.mishaps:
                before[each].append(world)
    reaching = {world for world in after if world.ended}
    todo = list(reaching)
    while todo:
        for world in before[todo.pop()]:
            if world not in reaching:
                reaching.add(world)
                todo.append(world)
    return len(reaching) < len(after)
