"""How unevenly something is spread over users."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import altair as alt
from markupsafe import Markup

from include.tidemark.report import words
from include.tidemark.report.charts.drawing import ROW_TOLD, WIDE, Facets, about, data, drawn, sized, told
from include.tidemark.report.charts.legend import legend
from include.tidemark.report.charts.palette import CATEGORICAL, GROUND, SOFT


@dataclass(frozen=True)
class Mark:
    """A named place on the curve: the share of users up to it, and the share of the volume that they hold."""

    label: str
    users: float
    volume: float
    colour: str
    facets: Facets = field(default_factory=dict)


def pareto(
    points: Sequence[tuple[float, float]],
    marks: Sequence[Mark],
    description: str,
    *,
    colour: str = CATEGORICAL[4],
    users: str = "users",
    volume: str = "volume",
    width: int = WIDE,
) -> Markup:
    """The cumulative share of the volume over the cumulative share of users, largest users first.

    The dashed line is what it would be if all users were alike. The legend says for each mark what it stands
    for.

    Args:
        points: (share of users, share of the volume), both 0 to 1 and ascending; the first is (0, 0).
        marks: for example where each segment ends.
    """
    line = [{"x": x, "y": y} for x, y in points]
    named = [
        {"x": mark.users, "y": mark.volume, "label": mark.label, "told": told(_in_words(mark, users, volume))}
        | about(mark.facets)
        for mark in marks
    ]
    paint = alt.Scale(domain=[mark.label for mark in marks], range=[mark.colour for mark in marks])

    def axis(title: str) -> alt.Axis:
        return alt.Axis(
            title=title,
            format=".0%",
            tickCount=5,
            domain=False,
            ticks=False,
            labelPadding=6,
            labelFlush=False,
        )

    scale = alt.Scale(domain=[0, 1], nice=False)
    x = alt.X("x:Q", scale=scale, axis=axis(f"share of {users}, largest first"))
    y = alt.Y("y:Q", scale=scale, axis=axis(f"share of {volume}"))

    def at(wide: int) -> Any:
        chart = alt.layer(
            alt.Chart(data([{"x": 0, "y": 0}, {"x": 1, "y": 1}]))
            .mark_line(strokeDash=[4, 3], strokeWidth=1.5, color=SOFT)
            .encode(x=x, y=y),
            alt.Chart(data(line)).mark_area(opacity=0.12, color=colour).encode(x=x, y=y),
            alt.Chart(data(line)).mark_line(strokeWidth=2, color=colour).encode(x=x, y=y),
            alt.Chart(data(named))
            .mark_point(size=95, filled=True, opacity=1, stroke=GROUND, strokeWidth=1.5)
            .encode(x=x, y=y, fill=alt.Fill("label:N", scale=paint, legend=None), description=ROW_TOLD),
        )
        return sized(chart, wide, 300)

    entries = {_in_words(mark, users, volume): mark.colour for mark in marks}
    shown = legend(entries, "label", [mark.label for mark in marks]) if marks else Markup("")
    return Markup('<div class="chart">{}{}</div>').format(drawn(at, description, width), shown)


def _in_words(mark: Mark, users: str, volume: str) -> str:
    return f"{mark.label}: {words.percent(mark.users)} of {users}, {words.percent(mark.volume)} of {volume}"
