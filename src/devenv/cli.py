"""The `mtd` command: its subcommands are the modules of devenv.commands."""

import argparse
import errno
import importlib
import sys
from collections.abc import Sequence

from devenv.instance import Instance
from devenv.problem import Problem

COMMANDS = (
    "up", "down", "status", "logs", "put", "seed", "order", "orders", "exceptions", "waiting", "warnings",
    "tenants", "operate", "note", "dte", "audit", "erase", "circuits", "mail", "invoke", "debug", "replay",
    "watch", "doctor", "parity", "process", "psql", "stress", "chaos", "iam", "aws", "build", "image", "deploy",
    "drill", "drift", "supply", "backup", "restore", "environments",
)  # fmt: skip


def parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """Every subcommand's module says its own arguments in `arguments(parser)` and its purpose in its docstring."""
    top = argparse.ArgumentParser(
        prog="mtd",
        description="The developer environment of MTD. MTD_INSTANCE names the instance (default: dev).",
    )
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in names:
        module = importlib.import_module(f"devenv.commands.{name}")
        summary = (module.__doc__ or "").strip().splitlines()[0]
        module.arguments(subparsers.add_parser(name, help=summary, description=summary))
    return top


def main(argv: Sequence[str] | None = None, instance: Instance | None = None) -> int:
    """Runs one subcommand; 0 when it did its work, else a sentence on stderr and a code of its own."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] in (["psql"], ["aws"]) and words[1:2] not in (["--"], ["--help"], ["-h"]):
        words.insert(1, "--")  # all that follows is the program's own
    try:
        # The other commands' imports would only cost time.
        arguments = parser(words[:1] if words[:1] and words[0] in COMMANDS else COMMANDS).parse_args(words)
        module = importlib.import_module(f"devenv.commands.{arguments.command}")
        return int(module.run(arguments, instance or Instance.from_env()))
    except Problem as problem:
        return _say(problem)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return _say(Problem(f"The disk is full ({error.filename or error}).", fix="Free some space and try again."))
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            return _say(Problem(f"{error.filename or 'A file'} cannot be written: {error.strerror}.",
                                fix="Correct its owner or mode."))  # fmt: skip
        raise
    except Exception as error:
        told = _from_aws(error)
        if told is None:
            raise
        return _say(told)


def _from_aws(error: Exception) -> Problem | None:
    """LocalStack's and AWS's own refusals, without a stack trace."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        return Problem(f"{error}", fix="See 'mtd status' and 'mtd logs localstack'.")
    if isinstance(error, BotoCoreError):
        return Problem(f"LocalStack does not answer: {error}", fix="See 'mtd status'; 'make up' heals what died.")
    return None


def _say(problem: Problem) -> int:
    print(f"mtd: {problem.sentence}", file=sys.stderr)
    if problem.fix:
        print(f"     {problem.fix}", file=sys.stderr)
    return problem.code
