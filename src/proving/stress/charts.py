"""The report's plots, as SVG."""

from collections.abc import Mapping, Sequence

import leather  # type: ignore[import-untyped]

type Line = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 900, 300
leather.theme.default_series_colors = (
    "#0b6bcb #d1495b #2e933c #edae49 #6c4ab6 #00798c #8d5524 #e377c2 #5b6b7b #1c2733 #9bc53d #f26419"
).split()


def line_chart(title: str, unit: str, lines: Mapping[str, Line], x: str = "seconds since the start") -> str:
    """An SVG element with several lines; lines without points are left out. Empty text if no line has points."""
    drawn = {name: list(points) for name, points in lines.items() if points}
    if not drawn:
        return ""
    chart = leather.Chart(title)
    highest = max(y for points in drawn.values() for _, y in points)
    chart.add_y_scale(0, highest * 1.05 or 1)
    chart.add_y_axis(name=unit)
    chart.add_x_axis(name=x)
    for name, points in drawn.items():
        chart.add_line(points, name=name)
    svg: str = chart.to_svg(width=_WIDTH, height=_HEIGHT)
    return svg[svg.index("<svg") :]
