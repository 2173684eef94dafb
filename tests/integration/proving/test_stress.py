"""A small stress run over the running system: its report and its audit."""

import json
import os
import subprocess
import sys
from pathlib import Path

from proving.stress.database import RunDatabase
from tests.integration.system import System
from tests.support.orders import OrderFile


def stress(system: System, *words: str) -> subprocess.CompletedProcess[str]:
    folder = Path(str(system.state["folder"]))
    environment = os.environ | {"MTD_INSTANCE": folder.name, "MTD_HOME": str(folder.parent)}
    return subprocess.run(
        [sys.executable, "-m", "devenv", "stress", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_order_of_a_run_is_accounted_for(system: System, tmp_path: Path) -> None:
    ended = stress(system, "--orders", "12", "--late", "3", "--report", str(tmp_path / "report"), "--json")

    assert ended.returncode == 0, ended.stderr
    summary = json.loads((tmp_path / "report" / "summary.json").read_text("utf-8"))
    assert json.loads(ended.stdout) == summary
    assert (summary["orders"], summary["completed"], summary["lost"]) == (15, 15, 0)
    assert summary["handler_ms_per_order"]["issue_dte"]["p50"] > 0
    assert summary["order_latency_ms"]["p50"] > 0
    assert (tmp_path / "report" / "report.html").stat().st_size > 5_000


def test_a_gap_in_an_orders_events_is_found(system: System, number: str) -> None:
    database = RunDatabase(system.conninfo(), number)
    for each in ("1", "2"):
        system.put(OrderFile(number=f"{number}-{each}").xml(), f"{number}-{each}.xml")
        system.ended(f"{number}-{each}", "completed")
    assert database.orders_with_gaps() == 0

    system.sql(
        """insert into events (order_id, who, source, what, from_state, to_state)
        select order_id, 'test', 'test', 'done', 'nowhere', 'completed' from orders where number = %s""",
        f"{number}-1",
    )

    assert database.orders_with_gaps() == 1
    database.close()


def test_waves_and_a_day_do_not_go_together(system: System) -> None:
    ended = stress(system, "--waves", "5", "--orders", "3")

    assert ended.returncode == 2
    assert "--waves excludes" in ended.stderr
