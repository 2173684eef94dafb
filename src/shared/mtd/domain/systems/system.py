"""A connected system as it is declared: its address, its limits and its operations."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json

BUILT_IN = frozenset({"gift_card", "eom", "paperless", "sales_support"})
"""The legacy systems, whose states are code. Parameters of the deployment say where they are."""

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
LONGEST_TIMEOUT_SECONDS = 25.0
"""The function that calls has 29 s (API Gateway's integration time-out of a REST API), its commit included."""
MOST_PARALLEL = 32
FASTEST_RATE = 1_000.0

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)
_PATH = re.compile(r"(?:/[\w.~{}-]+)+", re.ASCII)
_PLACEHOLDER = re.compile(r"\{(\w+)\}", re.ASCII)
_SECRET = re.compile(r"[\w.-]{1,80}", re.ASCII)
LONGEST_LEASE_SECONDS = 3_600.0
WAYS = ("url", "lease", "lambda", "queue")
"""The ways to a system, of which a declaration has one."""
_WORDS = (*WAYS, "secret", "timeout", "parallel", "rate", "recover", "operations")
_OPERATION_WORDS = ("method", "path", "request", "answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemOperation:
    """An operation of a system: a method and a path below the system's address."""

    name: str
    method: str = "POST"
    #: May hold `{name}`, which stands for that field of the request.
    path: str = ""
    #: The JSON Schema of the request; None when it is not declared.
    request: Json | None = None
    #: The JSON Schema of the answer; None when it is not declared.
    answer: Json | None = None

    def target(self, request: Json) -> tuple[str, Json]:
        """The path for this request, and the fields that do not stand in it. Raises KeyError for a missing field."""
        named = set(_PLACEHOLDER.findall(self.path))
        path = _PLACEHOLDER.sub(lambda found: quote(str(request[found[1]]), safe=""), self.path)
        return path, {name: value for name, value in request.items() if name not in named}


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A connected system."""

    name: str
    #: Without a trailing slash; '' for a system that nobody can reach from outside, whose workers ask for its tasks.
    url: str = ""
    #: Seconds for which a worker has a task, unless it asks for others; None for a system that is called.
    lease_seconds: float | None = None
    #: A team's own function, `mtd-<environment>-system-<name>`, which is invoked once for a batch; else ''.
    function: str = ""
    #: A team's own queue, `mtd-<environment>-system-<name>`, which takes requests and answers none; else ''.
    queue: str = ""
    #: The secret with the credentials, by its name under `mtd/<environment>/systems/`; None for a system without any.
    secret: str | None = None
    timeout_seconds: float = 10.0
    #: Calls at a time, of one batch of orders.
    parallel: int = 8
    #: Calls a second, of all batches together; None for no limit.
    rate: float | None = None
    #: The path, with `{key}`, where the system says what it did for an idempotency key; None where it cannot say.
    recover: str | None = None
    #: The declared operations by their names. A system that declares none takes any, as `POST /<name>`.
    operations: Mapping[str, SystemOperation] = field(default_factory=dict)

    @property
    def has_workers(self) -> bool:
        """Whether workers ask for its tasks, so that nothing calls it."""
        return self.lease_seconds is not None

    def operation(self, name: str) -> SystemOperation:
        """The operation of that name. Raises KeyError for one that the system does not declare."""
        if not self.operations:
            return SystemOperation(name=name, path=f"/{name}")
        return self.operations[name]

    def recovery_path(self, key: str) -> str | None:
        """The path that says what the system did for the key."""
        return None if self.recover is None else self.recover.replace("{key}", quote(key, safe=""))


def read_system(name: str, document: Any) -> System:
    """The system of a declaration in JSON. Raises InvalidRequest (`system_malformed`) that names the word at fault."""
    if not _NAME.fullmatch(name):
        raise _wrong(f"the name {name!r} must be up to 40 small letters, digits, '_' and '-', and begin with a letter")
    if name in BUILT_IN:
        raise _wrong(f"{name} is a legacy system: the deployment's parameters say where it is")
    if not isinstance(document, Mapping):
        raise _wrong(f"the declaration of {name} must be an object")
    _known(document, _WORDS, name)
    operations = document.get("operations") or {}
    if not isinstance(operations, Mapping):
        raise _wrong(f"operations of {name} must be an object of operations by their names")
    ways = [way for way in WAYS if way in document]
    if len(ways) != 1:
        raise _wrong(f"{name} must have one of url, lambda, queue, and lease (the seconds of its workers' tasks)")
    if ways != ["url"] and (document.get("recover") or document.get("secret")):
        raise _wrong(f"{name} has no url, so that it has neither recover nor secret")
    lease = _number(document, "lease", 0, 1, LONGEST_LEASE_SECONDS, name) if ways == ["lease"] else None
    return System(
        name=name,
        url=_url(document["url"], name) if ways == ["url"] else "",
        lease_seconds=lease,
        function=_service(document, "lambda", name),
        queue=_service(document, "queue", name),
        secret=_secret(document.get("secret"), name),
        timeout_seconds=_number(document, "timeout", 10.0, 0.1, LONGEST_TIMEOUT_SECONDS, name),
        parallel=int(_number(document, "parallel", 8, 1, MOST_PARALLEL, name)),
        rate=_number(document, "rate", 0, 0.01, FASTEST_RATE, name) if document.get("rate") is not None else None,
        recover=_recover(document.get("recover"), name),
        operations={str(each): _operation(str(each), said, name) for each, said in operations.items()},
    )


def system_json(system: System) -> Json:
    """The declaration as JSON: the inverse of `read_system`."""
    declared: Json = {"timeout": system.timeout_seconds, "parallel": system.parallel}
    ways = {"url": system.url, "lease": system.lease_seconds, "lambda": system.function, "queue": system.queue}
    declared |= {word: said for word, said in ways.items() if said}
    for word in ("secret", "rate", "recover"):
        if getattr(system, word) is not None:
            declared[word] = getattr(system, word)
    if system.operations:
        declared["operations"] = {each.name: _operation_json(each) for each in system.operations.values()}
    return declared


def _operation_json(operation: SystemOperation) -> Json:
    declared: Json = {"method": operation.method, "path": operation.path}
    declared |= {word: said for word in ("request", "answer") if (said := getattr(operation, word)) is not None}
    return declared


def _operation(operation: str, said: Any, system: str) -> SystemOperation:
    where = f"{system}/{operation}"
    said = {} if said is None else said
    if not isinstance(said, Mapping):
        raise _wrong(f"the operation {where} must be an object")
    _known(said, _OPERATION_WORDS, where)
    method, path = said.get("method", "POST"), said.get("path", f"/{operation}")
    if method not in METHODS:
        raise _wrong(f"method of {where} must be one of {', '.join(sorted(METHODS))}")
    if not isinstance(path, str) or not _PATH.fullmatch(path) or "/.." in path:
        raise _wrong(f"path of {where} must be a path such as /check or /buyers/{{buyer}}/checks")
    for word in ("request", "answer"):
        if not isinstance(said.get(word, {}), Mapping):
            raise _wrong(f"{word} of {where} must be a JSON Schema, an object")
    return SystemOperation(
        name=operation, method=method, path=path, request=said.get("request"), answer=said.get("answer")
    )


def _known(document: Mapping[Any, Any], words: tuple[str, ...], where: str) -> None:
    for word in document:
        if word not in words:
            raise _wrong(f"{where} says {word!r}; a declaration has {', '.join(words)}")


def _url(said: Any, name: str) -> str:
    wanted = f"url of {name} must be an address such as https://fraud.example/api, without a query or credentials"
    if not isinstance(said, str):
        raise _wrong(wanted)
    try:
        parts = urlsplit(said)
        plain = parts.scheme in ("http", "https") and parts.hostname and not (parts.username or parts.password)
        fits = plain and not parts.query and not parts.fragment and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits or re.search(r"[\s\\]", said):
        raise _wrong(wanted)
    return said.rstrip("/")


def _service(document: Mapping[str, Any], word: str, name: str) -> str:
    said = document.get(word, "")
    if word in document and (not isinstance(said, str) or not _NAME.fullmatch(said)):
        raise _wrong(f"{word} of {name} must be a name such as {name}, of mtd-<environment>-system-{name}")
    return str(said)


def _secret(said: Any, name: str) -> str | None:
    if said is None:
        return None
    if not isinstance(said, str) or not _SECRET.fullmatch(said):
        raise _wrong(f"secret of {name} must be a name such as {name}, of the secret mtd/<environment>/systems/{name}")
    return said


def _recover(said: Any, name: str) -> str | None:
    if said is None:
        return None
    if not isinstance(said, str) or not _PATH.fullmatch(said) or _PLACEHOLDER.findall(said) != ["key"]:
        raise _wrong(f"recover of {name} must be a path with {{key}}, such as /operations/{{key}}")
    return said


def _number(document: Mapping[str, Any], word: str, usual: float, least: float, most: float, name: str) -> float:
    said = document.get(word, usual)
    if isinstance(said, bool) or not isinstance(said, int | float) or not least <= said <= most:
        raise _wrong(f"{word} of {name} must be a number from {least:g} to {most:g}")
    return float(said)


def _wrong(message: str) -> InvalidRequest:
    return InvalidRequest(message, code="system_malformed")
