"""put order files into the inbox"""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devenv.console.screen import console, json_flag, print_json, table, tenant_flag
from devenv.instance import Instance
from devenv.orders import seeds
from devenv.problem import Problem
from devenv.running import Running

_SECONDS = 120.0
_TOLD = ("number", "state", "reason")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--wait", action="store_true", help="wait, and show how each ended; 1 unless all are completed")
    tenant_flag(parser)
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    absent = [path for path in arguments.files if not path.is_file()]
    if absent:
        raise Problem(f"The file {absent[0]} does not exist.", fix="Check the path.")
    running = Running.of(instance)
    api = running.orders_api(arguments.tenant)
    if arguments.tenant:
        _check_tenant(running, arguments.tenant)
    since = datetime.now(UTC)
    bucket = running.output("InboxBucket")
    keys = seeds.put(running, arguments.files, arguments.tenant)
    shown: list[dict[str, Any]] = [{"bucket": bucket, "key": key} for key in keys]
    if not arguments.wait:
        if arguments.json:
            print_json(shown)
        else:
            print("\n".join(f"s3://{bucket}/{key}" for key in keys))
        return 0
    files = {f"s3://{bucket}/{key}": seeds.order_number(path) for key, path in zip(keys, arguments.files, strict=True)}
    found = seeds.wait_for_files(api, files, since, seconds=_SECONDS)
    for item, (address, number) in zip(shown, files.items(), strict=True):
        row = found[address] or {"state": None, "reason": f"it did not end within {_SECONDS:.0f} s: read 'mtd order'"}
        item |= {"number": number, "state": row["state"], "reason": row["reason"]}
    if arguments.json:
        print_json(shown)
    else:
        columns = ("Address", "Number", "State", "Reason")
        rows = [(f"s3://{bucket}/{item['key']}", *(item[name] or "" for name in _TOLD)) for item in shown]
        console().print(table(columns, rows))
    return 0 if all(item["state"] == "completed" for item in shown) else 1


def _check_tenant(running: Running, code: str) -> None:
    known = [tenant["code"] for tenant in running.orders_api().tenants()]
    if code not in known:
        raise Problem(f"There is no tenant '{code}'; nothing was put.", fix=f"Name one of {', '.join(known)}.")
