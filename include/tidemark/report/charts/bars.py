"""Bars: parts of a whole over periods, and the small bar of a table cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import altair as alt
from markupsafe import Markup, escape

from include.tidemark.report import words
from include.tidemark.report.charts.drawing import ROW_TOLD, WIDE, Facets, about, data, drawn, sized, told
from include.tidemark.report.charts.legend import legend
from include.tidemark.report.charts.palette import GROUND
from include.tidemark.report.charts.scales import Format, number_axis, write


@dataclass(frozen=True)
class Bar:
    """One part of one bar."""

    x: str
    group: str
    value: float | None
    """0 or more; None where there is no number, which leaves the part out."""
    note: str = ""
    """Told where a pointer rests on the part, for example the period's fee."""
    facets: Facets = field(default_factory=dict)


def stacked_bars(
    bars: Sequence[Bar],
    colours: Mapping[str, str],
    *,
    normalised: bool,
    description: str,
    form: Format = "number",
    x_title: str = "",
    width: int = WIDE,
    height: int = 240,
    still: bool = True,
) -> Markup:
    """One bar a period, made of one part a group, with a legend below.

    Args:
        bars: the bars come in the order in which their x first occurs.
        colours: group -> colour; the first group stands at the bottom.
        normalised: every bar has the height of 100 %. The amounts are told where a pointer rests.
        form: how amounts are written.
        still: False for a chart that only a reader's choice shows.
    """
    order, groups = list(dict.fromkeys(bar.x for bar in bars)), list(colours)
    wholes = {x: sum(bar.value or 0.0 for bar in bars if bar.x == x) for x in order}
    rows = [_row(bar, wholes[bar.x], groups, normalised, form) for bar in bars if bar.value is not None]
    top = 1.0 if normalised else max(wholes.values(), default=1.0)

    def at(wide: int) -> Any:
        chart = _chart(
            rows, order, colours, form="percent" if normalised else form, top=top, x_title=x_title, wide=wide
        )
        return sized(chart, wide, height)

    return Markup('<div class="chart">{}{}</div>').format(
        drawn(at, description, width, still=still), legend(colours, "group")
    )


def _row(bar: Bar, whole: float, groups: list[str], normalised: bool, form: Format) -> dict[str, Any]:
    amount = bar.value or 0.0
    share = amount / whole if whole else 0.0
    return {
        "x": bar.x,
        "group": bar.group,
        "place": groups.index(bar.group),
        "value": share if normalised else amount,
        "told": told(bar.x, bar.group, f"{write(amount, form)} ({words.percent(share)})", bar.note),
        **about(bar.facets),
    }


def _chart(
    rows: list[dict[str, Any]],
    order: list[str],
    colours: Mapping[str, str],
    *,
    form: Format,
    top: float,
    x_title: str,
    wide: int,
) -> Any:
    crowded = sum(len(x) * 6.4 + 8 for x in order) > wide - 50
    x = alt.X(
        "x:O",
        sort=order,
        scale=alt.Scale(paddingInner=0.12, paddingOuter=0.06),
        axis=alt.Axis(
            title=x_title or None,
            labelAngle=-45 if crowded else 0,
            labelOverlap="greedy",
            ticks=False,
            labelAlign="right" if crowded else "center",
        ),
    )
    y = alt.Y(
        "value:Q",
        stack="zero",
        scale=alt.Scale(domain=[0, top], nice=top != 1.0),
        axis=number_axis(
            form,
            [0.0, top],
            title=None,
            tickCount=5,
            domain=False,
            ticks=False,
            labelPadding=7,
            minExtent=54 if crowded else 0,
        ),
    )
    paint = alt.Scale(domain=list(colours), range=list(colours.values()))
    return (
        alt.Chart(data(rows))
        .mark_bar(stroke=GROUND, strokeWidth=1)
        .encode(
            x=x,
            y=y,
            fill=alt.Fill("group:N", scale=paint, legend=None),
            order=alt.Order("place:Q"),
            description=ROW_TOLD,
        )
    )


def interval_bar(
    value: float | None, low: float | None, high: float | None, top: float, colour: str
) -> Markup:
    """A bar for a table cell: the value, and over its end the interval. Decoration: the cell has the numbers
    in words."""
    if value is None or top <= 0:
        return Markup("")
    ends = (
        ""
        if low is None or high is None
        else (f'<line x1="{_at(low, top)}" x2="{_at(high, top)}" y1="5" y2="5" class="whisker"/>')
    )
    return Markup(  # noqa: S704 (numbers, and what is escaped)
        f'<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<rect x="0" y="1" width="{_at(value, top)}" height="8" fill="{escape(colour)}"/>{ends}</svg>'
    )


def _at(value: float, top: float) -> str:
    return f"{min(max(value / top, 0.0), 1.0) * 100:.2f}"
