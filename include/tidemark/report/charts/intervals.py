"""Estimates as dots with their intervals, one row each."""

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
from markupsafe import Markup

from include.tidemark.report import words
from include.tidemark.report.charts.drawing import NARROW, ROW_TOLD, WIDE, about, data, drawn, sized, told
from include.tidemark.report.charts.palette import CATEGORICAL, GROUND, SOFT
from include.tidemark.report.charts.points import Estimate
from include.tidemark.report.charts.scales import Format, known, name_axis, number_axis, write_with_interval

_LABELS = 150
"""Room for the longest segment name in any of the fonts that the style sheet names."""
_ROW = 34
_TICKS = (1.0, 2.0, 0.4, 5.0, 0.2, 10.0, 0.1, 50.0, 0.02, 100.0, 0.01, 20.0, 0.05, 3.0, 0.6, 1.5, 0.8, 1.25)
"""What a logarithmic axis may name, the most telling first; the others only where there is room."""
_TICK_ROOM = 34
_FURTHEST = 100.0
"""Ratios beyond this, or below its inverse, are drawn at the edge with an arrow: the rest stays readable."""


def dot_intervals(
    points: Sequence[Estimate],
    *,
    colours: Sequence[str] = CATEGORICAL[:1],
    form: Format,
    description: str,
    reference: float | None = None,
    x_title: str = "",
    width: int = WIDE,
    still: bool = True,
) -> Markup:
    """Estimates with intervals on a linear axis, one row each: lifetime values, marginal effects,
    elasticities.

    An interval that the data don't bound ends in an arrow at the edge; an estimate without an interval is a
    hollow dot, and so is one that is to be read with caution, whose interval is dashed.

    Args:
        colours: one a point, or one for all.
        form: how the axis writes its numbers.
        reference: where a dashed line marks "no effect".
        still: False for a chart that only a reader's choice shows.
    """
    ends = [*known(points), *([] if reference is None else [reference])]
    margin = (max(ends) - min(ends)) * (0.15 if _unbounded(points) else 0.05) if ends else 1.0
    margin = margin or abs(ends[0]) * 0.1 or 1.0
    domain = (min(ends, default=0.0) - margin, max(ends, default=1.0) + margin)
    told_as = [write_with_interval(point.value, point.low, point.high, form) for point in points]
    axis = number_axis(form, domain, title=x_title or None, grid=True, tickCount=5)
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    rows = _rows(points, domain, told_as)

    def at(wide: int) -> Any:
        chart = _layers(points, rows, colours, scale=scale, axis=axis, reference=reference, labels=0)
        return sized(chart, wide, alt.Step(_ROW))

    return Markup('<div class="chart dots">{}</div>').format(drawn(at, description, width, still=still))


def ratios(
    points: Sequence[Estimate],
    colours: Sequence[str],
    width: int | None = None,
    description: str = "",
    *,
    x_title: str = "",
) -> Markup:
    """Ratios with intervals on a logarithmic axis, one row each, against the line of no change.

    An interval that the data don't bound, or that leaves the axis, ends in an arrow at the edge.

    Args:
        colours: one a point, or one for all.
        width: of the plot without its labels, for one drawing; None gives a wide and a narrow one.
    """
    known_points = [point for point in points if point.value is not None]
    ends = known(known_points)
    margin = 1.4 if _unbounded(known_points) else 1.05
    domain = (
        max(min([*ends, 0.8]) / margin, 1 / _FURTHEST),
        min(max([*ends, 1.25]) * margin, _FURTHEST),
    )
    told_as = [
        f"{words.ratio(p.value)}"
        + ("" if p.low is None or p.high is None else f" ({words.ratio(p.low)} to {words.ratio(p.high)})")
        for p in points
    ]
    scale = alt.Scale(type="log", domain=list(domain), nice=False)
    rows = _rows(points, domain, told_as)

    def at(plot: int) -> Any:
        ticks = _ticks(domain, plot)
        axis = alt.Axis(title=x_title or None, values=ticks, format=".4~", grid=True)
        return _layers(points, rows, colours, scale=scale, axis=axis, reference=1.0, labels=_LABELS)

    height = alt.Step(_ROW)
    if width is not None:
        plot = at(width).properties(width=width, height=height)
        return drawn(lambda _: plot, description, min(width, NARROW))

    def whole(wide: int) -> Any:
        return sized(at(wide - _LABELS), wide, height)

    return Markup('<div class="chart dots">{}</div>').format(drawn(whole, description))


def _unbounded(points: Sequence[Estimate]) -> bool:
    """Whether an arrow is needed, which wants room beyond the last number."""
    return any((point.low is None) != (point.high is None) for point in points)


def _ticks(domain: tuple[float, float], plot: int) -> list[float]:
    """The ticks whose labels have room beside each other on a plot of that many pixels."""
    scale = plot / math.log(domain[1] / domain[0])
    ticks: list[float] = []
    for tick in _TICKS:
        if domain[0] <= tick <= domain[1] and all(
            abs(math.log(tick / t)) * scale >= _TICK_ROOM for t in ticks
        ):
            ticks.append(tick)
    return sorted(ticks)


def _rows(
    points: Sequence[Estimate], domain: tuple[float, float], told_as: Sequence[str]
) -> list[dict[str, Any]]:
    """The points with the ends that can be drawn: within the domain, and `open_low` or `open_high` where they
    go on."""
    rows = []
    for point, number in zip(points, told_as, strict=True):
        interval = point.value is not None and (point.low is not None or point.high is not None)
        open_low = interval and (point.low is None or point.low < domain[0])
        open_high = interval and (point.high is None or point.high > domain[1])
        rows.append(
            {
                "label": point.label,
                "value": point.value
                if point.value is not None and domain[0] <= point.value <= domain[1]
                else None,
                "low": (domain[0] if open_low else min(point.low or 0.0, domain[1])) if interval else None,
                "high": (domain[1] if open_high else max(point.high or 0.0, domain[0])) if interval else None,
                "open_low": domain[0] if open_low else None,
                "open_high": domain[1] if open_high else None,
                "sure": interval and not point.weak,
                "nothing": "no number" if point.value is None else "",
                "told": told(point.label, number, point.note),
                "dashed": point.weak,
                **about(point.facets),
            }
        )
    return rows


def _layers(
    points: Sequence[Estimate],
    rows: list[dict[str, Any]],
    colours: Sequence[str],
    *,
    scale: Any,
    axis: Any,
    reference: float | None,
    labels: int,
) -> Any:
    order = [point.label for point in points]
    paint = list(colours) * (1 if len(colours) >= len(order) else len(order))
    x = alt.X("value:Q", scale=scale, axis=axis)
    y = alt.Y(
        "label:N",
        sort=order,
        axis=alt.Axis(
            title=None, ticks=False, domain=False, labelPadding=10, labelLimit=180, minExtent=labels
        )
        if labels
        else name_axis(order, title=None, labelPadding=10),
    )
    colour = alt.Color("label:N", scale=alt.Scale(domain=order, range=paint[: len(order)]), legend=None)
    base = alt.Chart(data(rows))
    ends = {"x": alt.X("low:Q", scale=scale, title=None), "x2": alt.X2("high:Q", title=None)}
    dashes = {"datum.dashed": [4, 3], "!datum.dashed": [1, 0]}
    layers = [
        *(
            base.transform_filter(which)
            .mark_rule(strokeWidth=3, opacity=0.7, strokeDash=dash)
            .encode(**ends, y=y, color=colour)
            for which, dash in dashes.items()
            if any(row["dashed"] is (which == "datum.dashed") for row in rows)
        ),
        base.transform_filter("datum.sure")
        .mark_circle(size=90, opacity=1)
        .encode(x=x, y=y, color=colour, description=ROW_TOLD),
    ]
    if any(row["value"] is not None and not row["sure"] for row in rows):
        layers.append(
            base.transform_filter("!datum.sure")
            .mark_point(size=80, strokeWidth=2, fill=GROUND, opacity=1)
            .encode(
                x=x,
                y=y,
                stroke=alt.Stroke(
                    "label:N", scale=alt.Scale(domain=order, range=paint[: len(order)]), legend=None
                ),
                description=ROW_TOLD,
            )
        )
    layers += [
        base.mark_point(shape=f"triangle-{side}", size=70, filled=True, opacity=1).encode(
            x=alt.X(f"open_{end}:Q", scale=scale, title=None), y=y, color=colour
        )
        for end, side in (("low", "left"), ("high", "right"))
        if any(row[f"open_{end}"] is not None for row in rows)
    ]
    if any(row["nothing"] for row in rows):
        layers.append(
            base.mark_text(align="left", fill=SOFT, fontSize=11).encode(
                x=alt.value(6), y=y, text=alt.Text("nothing:N")
            )
        )
    if reference is not None:
        rule = (
            alt.Chart(data([{"at": reference}]))
            .mark_rule(strokeDash=[4, 3], strokeWidth=1.5, color=SOFT)
            .encode(x=alt.X("at:Q", scale=scale, title=None))
        )
        layers.insert(0, rule)
    return alt.layer(*layers)
