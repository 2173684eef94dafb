"""Writes a run's report: summary.json, report.html, and each plot as a file of its own."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from proving.stress.charts import line_chart
from proving.stress.figures import latency_lines, rate_lines, sample_lines
from proving.stress.watching import Sample

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:940px;margin:2rem auto;padding:0 1rem;color:#1c2733;background:#fff}
h1{font-size:1.5rem;margin-bottom:.2rem} h2{font-size:1.1rem;margin-top:2rem} p{color:#5b6b7b;margin-top:0}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:1rem}
dl div{border:1px solid #dde3ea;border-radius:8px;padding:.6rem .8rem}
dt{color:#5b6b7b;font-size:.8rem} dd{margin:0;font-size:1.3rem;font-variant-numeric:tabular-nums}
dl .bad dd{color:#b42318}
table{border-collapse:collapse} td,th{text-align:right;padding:.2rem .9rem .2rem 0;font-variant-numeric:tabular-nums}
td:first-child,th:first-child{text-align:left} th{color:#5b6b7b;font-weight:600}
svg{max-width:100%;height:auto}
"""
_TILES = (
    ("orders", "orders put"),
    ("completed", "completed"),
    ("exceptions", "exceptions"),
    ("seconds", "seconds"),
    ("orders_per_second", "orders a second"),
    ("aws_requests_per_order", "AWS requests an order"),
    ("peak_memory_mb", "peak memory, MB"),
)
_ZEROES = (
    ("lost", "lost"),
    ("unended", "not ended"),
    ("registered_twice", "registered twice"),
    ("dte_missing", "DTE missing"),
    ("dte_doubled", "DTE doubled"),
    ("mails_missing", "mails missing"),
    ("mails_doubled", "mails doubled"),
    ("event_gaps", "gaps in events"),
    ("invariants_broken", "broken invariants"),
)


def write(
    folder: Path,
    title: str,
    figures: Mapping[str, Any],
    samples: Sequence[Sample],
    ended: Sequence[tuple[float, float]],
    started: float,
) -> None:
    """Writes the report into `folder` and creates the folder. `started` is in seconds since 1970."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", "utf-8")
    plots = _plots(samples, ended, started)
    for name, svg in plots.items():
        (folder / f"{name}.svg").write_text(svg, "utf-8")
    (folder / "report.html").write_text(_page(title, figures, plots), "utf-8")


def _plots(samples: Sequence[Sample], ended: Sequence[tuple[float, float]], started: float) -> dict[str, str]:
    width = max(1.0, (samples[-1].at if samples else 0) / 60)
    database = {
        "transactions": [(sample.at, sample.transactions) for sample in samples],
        "rows written": [(sample.at, sample.rows_written) for sample in samples],
    }
    plots = {
        "throughput": line_chart("Throughput", "orders a second", rate_lines(samples)),
        "latency": line_chart("From put to end", "seconds", latency_lines(ended, started, width)),
        "queues": line_chart("Messages in queues", "messages", sample_lines(samples, "queues")),
        "cpu": line_chart("CPU", "percent of a core", sample_lines(samples, "cpu")),
        "memory": line_chart("Memory", "MB (PSS)", sample_lines(samples, "memory_mb")),
        "database": line_chart("Database", "a second", database),
    }
    return {name: svg for name, svg in plots.items() if svg}


def _page(title: str, figures: Mapping[str, Any], plots: Mapping[str, str]) -> str:
    latency = figures["order_latency_ms"]
    tiles = [_tile(label, figures[name]) for name, label in _TILES]
    tiles += [_tile(f"put to end, {name}", f"{value / 1000:.1f} s") for name, value in latency.items()]
    audit = [_tile(label, figures[name], bad=figures[name] != 0) for name, label in _ZEROES]
    handlers = [
        (
            function,
            times["p50"],
            times["p99"],
            times["max"],
            figures["longest_call_ms"][function],
            figures["orders_per_call"][function],
        )
        for function, times in figures["handler_ms_per_order"].items()
    ]
    return "\n".join(
        (
            "<!doctype html>",
            f'<html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>',
            f"<h1>{escape(title)}</h1><p>{escape(figures['machine'])}</p>",
            f"<dl>{''.join(tiles)}</dl>",
            f"<h2>Audit: all of these must be 0</h2><dl>{''.join(audit)}</dl>",
            *plots.values(),
            "<h2>Functions</h2>",
            _table(("", "ms an order, p50", "p99", "max", "longest call, ms", "orders a call"), handlers),
            "<h2>AWS requests an order</h2>",
            _table(("", "requests"), figures["aws_requests_by_operation"].items()),
            "<h2>CPU, ms an order</h2>",
            _table(("", "ms"), figures["cpu_ms_per_order"].items()),
            "</html>",
        )
    )


def _tile(label: str, value: object, *, bad: bool = False) -> str:
    text = f"{value:,}" if isinstance(value, int | float) else str(value)
    return f"<div{' class=bad' if bad else ''}><dt>{escape(label)}</dt><dd>{escape(text)}</dd></div>"


def _table(head: Sequence[str], rows: Any) -> str:
    def line(cells: Sequence[object], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{line(head, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"
