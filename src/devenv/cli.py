"""The command `mtd`. Its subcommands are the modules of devenv.commands."""

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from devenv.instance import Instance
from devenv.loopback import bypass_proxies
from devenv.problem import Problem

# Group (a folder of devenv.commands) -> command (a module of it) -> an example of its use.
GROUPS: Mapping[str, Mapping[str, str]] = {
    "environment": {
        "up": "mtd up --no-seed",
        "down": "mtd down --wipe",
        "status": "mtd status --json",
        "doctor": "mtd doctor",
        "watch": "mtd watch",
        "logs": "mtd logs -f issue_dte",
        "invoke": "mtd invoke query_orders --event event.json",
        "debug": "mtd debug --wait issue_dte",
        "psql": "mtd psql -c 'select count(*) from orders'",
        "aws": "mtd aws s3 ls",
        "backup": "mtd backup my.backup",
        "restore": "mtd restore my.backup",
        "environments": "mtd environments",
    },
    "orders": {
        "put": "mtd put --wait my-order.xml",
        "seed": "mtd seed --orders 50",
        "order": "mtd order CL-2026-000012",
        "orders": "mtd orders --state exception",
        "note": "mtd note CL-2026-000012 'the buyer called'",
        "replay": "mtd replay CL-2026-000012",
        "mail": "mtd mail",
        "tenants": "mtd tenants add andes 'Andes SpA'",
    },
    "operations": {
        "operate": "mtd operate retry CL-2026-000012 --reason 'EOM is back'",
        "exceptions": "mtd exceptions",
        "waiting": "mtd waiting --push",
        "warnings": "mtd warnings",
        "circuits": "mtd circuits",
        "systems": "mtd systems declare seed/systems/fraud/systems.yaml",
    },
    "records": {
        "audit": "mtd audit verify",
        "dte": "mtd dte",
        "erase": "mtd erase --person 12345678-5 --reason 'request 7'",
    },
    "processes": {"process": "mtd process import my.bpm"},
    "release": {
        "build": "mtd build",
        "image": "mtd image",
        "preflight": "mtd preflight --environment production",
        "deploy": "mtd deploy --environment staging --review",
        "drift": "mtd drift --environment staging",
        "drill": "mtd drill",
        "iam": "mtd iam",
        "supply": "mtd supply licences",
    },
    "proof": {
        "stress": "mtd stress --orders 1000",
        "chaos": "mtd chaos --orders 300 --seed 7",
        "parity": "mtd parity",
    },
}
COMMANDS: Mapping[str, str] = {name: group for group, commands in GROUPS.items() for name in commands}


def parser(names: Iterable[str] = COMMANDS) -> argparse.ArgumentParser:
    """Each subcommand's module adds its arguments in `arguments(parser)`; its docstring is its summary."""
    top = argparse.ArgumentParser(
        prog="mtd",
        usage="mtd COMMAND [options]",
        description="The developer environment of MTD. MTD_INSTANCE names the instance (default: dev).",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = top.add_subparsers(
        dest="command", required=True, prog="mtd", metavar="COMMAND", help=argparse.SUPPRESS
    )
    summaries = {name: _add(subparsers, name) for name in names}
    top.epilog = "\n".join(_overview(summaries)) + "\n\nmtd COMMAND --help lists the command's options."
    return top


def _module(name: str) -> Any:
    return importlib.import_module(f"devenv.commands.{COMMANDS[name]}.{name}")


def _add(subparsers: Any, name: str) -> str:
    """Add the subcommand; its summary."""
    module = _module(name)
    summary: str = (module.__doc__ or "").strip().splitlines()[0]
    example = f"example: {GROUPS[COMMANDS[name]][name]}"
    module.arguments(subparsers.add_parser(name, description=summary, epilog=example))
    return summary


def _overview(summaries: Mapping[str, str]) -> Iterator[str]:
    """The commands by their groups: each with its summary and an example below."""
    for group, commands in GROUPS.items():
        shown = [name for name in commands if name in summaries]
        if shown:
            yield f"{group}:"
        for name in shown:
            yield f"  {name:<13}{summaries[name]}"
            yield f"  {'':<13}  {commands[name]}"


def main(argv: Sequence[str] | None = None, instance: Instance | None = None) -> int:
    """Runs one subcommand. Returns 0, or prints what failed and its fix on stderr and returns another exit code."""
    bypass_proxies(os.environ)
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] in (["psql"], ["aws"]) and words[1:2] not in (["--"], ["--help"], ["-h"]):
        words.insert(1, "--")  # the following words are arguments of psql or aws
    try:
        # Only the named command is imported: the others would cost time.
        arguments = parser(words[:1] if words[:1] and words[0] in COMMANDS else COMMANDS).parse_args(words)
        module = _module(arguments.command)
        return int(module.run(arguments, instance or Instance.from_env()))
    except Problem as problem:
        return _say(problem)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        # botocore's ProxyConnectionError is an OSError, too.
        if (refusal := _from_aws(error)) is not None:
            return _say(refusal)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return _say(Problem(f"The disk is full ({error.filename or error}).", fix="Free some space and try again."))
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            return _say(
                Problem(
                    f"{error.filename or 'A file'} cannot be written: {error.strerror}.",
                    fix="Correct its owner or mode.",
                )
            )
        raise
    except Exception as error:
        refusal = _from_aws(error)
        if refusal is None:
            raise
        return _say(refusal)


def _from_aws(error: Exception) -> Problem | None:
    """An error of LocalStack or AWS as a Problem, which is printed without a stack trace."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        return Problem(f"{error}", fix="Read 'mtd status' and 'mtd logs localstack'.")
    if isinstance(error, BotoCoreError):
        return Problem(
            f"LocalStack does not answer: {error}", fix="Read 'mtd status'. 'make up' restarts what has died."
        )
    return None


def _say(problem: Problem) -> int:
    print(f"mtd: {problem.sentence}", file=sys.stderr)
    if problem.fix:
        print(f"     {problem.fix}", file=sys.stderr)
    return problem.code
