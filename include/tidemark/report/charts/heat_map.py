"""A grid of shaded cells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import altair as alt
from markupsafe import Markup

from include.tidemark.report.charts.drawing import ROW_TOLD, WIDE, Facets, about, data, drawn, sized, told
from include.tidemark.report.charts.legend import drawn_for
from include.tidemark.report.charts.palette import GROUND, INK, RULE, SHADES, SOFT
from include.tidemark.report.charts.scales import name_axis

_ROW = 30
_CHARACTER = 6.4
"""Width of a digit of the cells' text in pixels."""


@dataclass(frozen=True)
class HeatCell:
    """One cell: where it is, how much it holds, and how that is written."""

    x: str
    y: str
    value: float | None
    """None where there is no number; then the cell is hatched and keeps no shade."""
    text: str
    """Written in the cell where there is room, for example `42%`."""
    note: str = ""
    """Told where a pointer rests on the cell: the interval, or why there is no number."""
    too_few: bool = False
    """Whether there is no number because of too few users, and not because the window is not over."""
    weak: bool = False
    """Whether the number is to be read with caution or not at all: the cell is dashed."""
    facets: Facets = field(default_factory=dict)


def heat_map(
    cells: Sequence[HeatCell],
    description: str,
    *,
    x_title: str = "",
    y_title: str = "",
    domain: tuple[float, float] | None = None,
    ends: tuple[str, str] = ("less", "more"),
    width: int = WIDE,
) -> Markup:
    """Cells shaded by their value, with a legend below: retention of cohorts by horizon.

    Rows and columns come in the order in which the cells first name them. A cell without a number is hatched,
    in one way where its window is not over and in another where its users are too few, which the legend
    explains; it never looks like a small value.

    Args:
        domain: the values of the lightest and of the darkest shade; 0 and the largest value unless given.
        ends: what the legend calls those two, for example `("0%", "45%")`.
    """
    columns, lines = (list(dict.fromkeys(getattr(cell, name) for cell in cells)) for name in ("x", "y"))
    low, high = domain or (0.0, max((cell.value for cell in cells if cell.value is not None), default=1.0))
    rows = [_row(cell, low, high) for cell in cells]

    def at(wide: int) -> Any:
        chart = _chart(rows, columns, lines, (x_title, y_title), wide)
        return sized(chart, wide, alt.Step(_ROW))

    hatched = {cell.too_few for cell in cells if cell.value is None}
    return Markup('<div class="chart">{}{}</div>').format(
        drawn(at, description, width), _legend(ends, hatched)
    )


def _row(cell: HeatCell, low: float, high: float) -> dict[str, Any]:
    row = {"x": cell.x, "y": cell.y, "text": cell.text, "told": told(cell.y, cell.x, cell.text, cell.note)}
    row |= about(cell.facets)
    if cell.value is None:
        return {**row, "known": False, "too_few": cell.too_few, "shade": GROUND}
    part = (cell.value - low) / (high - low) if high > low else 0.0
    step = min(max(int(part * 10), 0), 9)
    return {**row, "known": True, "weak": cell.weak, "shade": SHADES[step]}


def _chart(
    rows: list[dict[str, Any]], columns: list[str], lines: list[str], titles: tuple[str, str], wide: int
) -> Any:
    room = (wide - min(max((len(name) for name in lines), default=0) * 7.2 + 12, 190)) / max(len(columns), 1)
    x = alt.X(
        "x:O",
        sort=columns,
        scale=alt.Scale(padding=0),
        axis=alt.Axis(
            title=titles[0] or None,
            orient="top",
            labelAngle=0,
            labelOverlap="greedy",
            ticks=False,
            domain=False,
        ),
    )
    y = alt.Y(
        "y:O",
        sort=lines,
        scale=alt.Scale(padding=0),
        axis=name_axis(lines, title=titles[1] or None, labelPadding=6),
    )
    base = alt.Chart(data(rows))
    shade = alt.Fill("shade:N", scale=None, legend=None)
    layers = [
        base.transform_filter("datum.known")
        .mark_rect(stroke=GROUND, strokeWidth=2)
        .encode(x=x, y=y, fill=shade, description=ROW_TOLD),
        *(
            [
                base.transform_filter("datum.weak")
                .mark_rect(stroke=SOFT, strokeWidth=1, strokeDash=[3, 2], filled=False)
                .encode(x=x, y=y)
            ]
            if any(row.get("weak") for row in rows)
            else []
        ),
        base.transform_filter("!datum.known")
        .mark_rect(stroke=RULE, strokeWidth=1, strokeDash=[3, 2])
        .encode(x=x, y=y, fill=shade, description=ROW_TOLD),
        *(
            base.transform_filter(f"!datum.known && {'' if too_few else '!'}datum.too_few")
            .mark_point(shape=hatch, size=_ROW * 5, strokeWidth=1, stroke=SOFT, filled=False, opacity=0.8)
            .encode(x=x, y=y)
            for too_few, (hatch, _, _) in _HATCHES.items()
            if any(row.get("too_few") is too_few for row in rows)
        ),
    ]
    longest = max((len(row["text"]) for row in rows if row["known"]), default=0)
    if longest * _CHARACTER + 6 <= room:
        layers.append(
            base.transform_filter("datum.known")
            .mark_text(fontSize=11, fill=INK)
            .encode(x=x, y=y, text=alt.Text("text:N"))
        )
    return alt.layer(*layers)


_HATCHES = {
    False: ("M-1,1L1,-1", "M6 11L14 3", "no number yet: the window is not over"),
    True: ("M-1,1L1,-1M-1,-1L1,1", "M6 11L14 3M6 3L14 11", "no number: too few users"),
}
"""By whether users are too few: the shape in a cell, the same in the legend, and what the legend says."""


def _legend(ends: tuple[str, str], hatched: set[bool]) -> Markup:
    ramp = Markup("").join(
        Markup('<rect x="{}" width="10" height="10" class="fill-shade-{}"/>').format(10 * step, step)
        for step in range(10)
    )
    shown = Markup(
        '<li>{}<svg class="ramp" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">{}</svg>{}</li>'
    ).format(ends[0], ramp, ends[1])
    for too_few in sorted(hatched):
        _, path, missing = _HATCHES[too_few]
        shown += Markup(
            '<li{}><svg class="swatch" viewBox="0 0 20 14" aria-hidden="true" focusable="false">'
            '<path d="M.5 .5h19v13h-19z" fill="none" stroke-dasharray="3 2" class="line-soft"/>'
            '<path d="{}" class="line-soft"/></svg>{}</li>'
        ).format(drawn_for(known=False, too_few=too_few), path, missing)
    return Markup('<ul class="legend">{}</ul>').format(shown)
