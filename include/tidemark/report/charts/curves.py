"""Lines with their intervals."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt
from markupsafe import Markup

from include.tidemark.currency import Currency
from include.tidemark.report.charts.drawing import (
    NARROW,
    ROW_TOLD,
    SHAPES,
    WIDE,
    about,
    data,
    drawn,
    sized,
    told,
)
from include.tidemark.report.charts.legend import line_legend
from include.tidemark.report.charts.palette import GROUND
from include.tidemark.report.charts.points import Estimate, Point
from include.tidemark.report.charts.scales import (
    Format,
    known,
    number_axis,
    place,
    place_in_words,
    write,
    write_with_interval,
)


def curves(
    series: Mapping[str, Sequence[Point]],
    colours: Mapping[str, str],
    *,
    x_title: str,
    y_format: Format,
    description: str,
    width: int = WIDE,
    height: int = 280,
    from_zero: bool = True,
    still: bool = True,
) -> Markup:
    """Lines with ribbons, one a series, with a legend below: retention, lifetime value or shares over weeks
    or dates.

    Args:
        series: name -> points by ascending x. All x are numbers, or all are dates. A line breaks where a
            value is None.
        colours: name -> colour, for every series.
        description: the chart in words, for those who can't see it.
        from_zero: whether the vertical axis starts at 0.
        still: False for a chart that only a reader's choice shows.
    """
    order = list(series)
    rows = [
        _row(name, point, x_title, y_format) | {"alone": _stands_alone(points, number)}
        for name, points in series.items()
        for number, point in enumerate(points)
    ]
    ends = [end for points in series.values() for end in known(points)]
    dates = any(isinstance(point.x, date) for points in series.values() for point in points)
    paint = alt.Scale(domain=order, range=[colours[name] for name in order])
    colour = alt.Color("series:N", scale=paint, legend=None)
    stroke = alt.Stroke("series:N", scale=paint, legend=None)
    size = 34 if len(rows) < 120 else 12
    shape = alt.Shape("series:N", scale=alt.Scale(domain=order, range=list(SHAPES)), legend=None)

    def at(wide: int) -> Any:
        x = alt.X(
            "x:T" if dates else "x:Q",
            scale=alt.Scale(type="utc", nice=False) if dates else alt.Scale(zero=False, nice=False),
            axis=_x_axis(x_title, dates, rows, wide),
        )
        scale = alt.Scale(zero=from_zero, nice=True)
        y = alt.Y(
            "value:Q",
            scale=scale,
            axis=number_axis(
                y_format,
                [*ends, *([0.0] if from_zero else [])],
                title=None,
                tickCount=5,
                domain=False,
                ticks=False,
                labelPadding=7,
            ),
        )
        low, high = alt.Y("low:Q", scale=scale, title=None), alt.Y2("high:Q", title=None)
        base = alt.Chart(data(rows))
        layers = [
            base.mark_area(opacity=0.12).encode(x=x, y=low, y2=high, color=colour),
            base.transform_filter("datum.alone")
            .mark_rule(strokeWidth=2, opacity=0.5)
            .encode(x=x, y=low, y2=high, color=colour),
            base.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour),
            base.transform_filter("!datum.weak")
            .mark_point(size=size, filled=True, opacity=1)
            .encode(x=x, y=y, color=colour, shape=shape, description=ROW_TOLD),
        ]
        if any(row["weak"] for row in rows):
            layers.append(
                base.transform_filter("datum.weak")
                .mark_point(size=size, fill=GROUND, opacity=1, strokeWidth=1.5)
                .encode(x=x, y=y, stroke=stroke, shape=shape, description=ROW_TOLD)
            )
        return sized(alt.layer(*layers), wide, height)

    shown = line_legend({name: colours[name] for name in order}, "series") if len(order) > 1 else Markup("")
    return Markup('<div class="chart">{}{}</div>').format(drawn(at, description, width, still=still), shown)


def _stands_alone(points: Sequence[Point], number: int) -> bool:
    """Whether neither neighbour has a number, so that the ribbon of this one has no width."""
    return all(
        point.value is None
        for point in [*points[max(number - 1, 0) : number], *points[number + 1 : number + 2]]
    )


def _row(name: str, point: Point, x_title: str, form: Format) -> dict[str, Any]:
    where = (
        place_in_words(point.x)
        if isinstance(point.x, date)
        else f"{x_title} {place_in_words(point.x)}".strip()
    )
    number = write_with_interval(point.value, point.low, point.high, form)
    return {
        "series": name,
        "x": place(point.x),
        "value": point.value,
        "low": point.low,
        "high": point.high,
        "told": told(name, where, number, point.note),
        "weak": point.weak,
        **about(({"date": point.x.isoformat()} if isinstance(point.x, date) else {}) | dict(point.facets)),
    }


def _x_axis(title: str, dates: bool, rows: Sequence[dict[str, Any]], width: int) -> Any:
    if not dates:
        return alt.Axis(
            title=title or None,
            grid=False,
            tickMinStep=1,
            labelFlush=False,
            format=",.4~",
            tickCount=width // 45,
        )
    days = sorted({date.fromisoformat(row["x"]) for row in rows})
    short = not days or (days[-1] - days[0]).days <= 120
    return alt.Axis(
        title=title or None,
        grid=False,
        format="%-d %b %Y" if short else "%b %Y",
        tickCount=width // 110,
        labelOverlap="greedy",
        labelSeparation=14,
    )


def share_over_time(
    points: Sequence[Estimate], colour: str, domain: tuple[float, float], description: str
) -> Markup:
    """A small line chart of shares (0 to 1) over months, with intervals, for a panel of `small_multiples`. A
    share to be read with caution is a hollow dot on a dashed interval.

    Args:
        domain: the ends of the vertical axis.
        description: the chart in words, for those who can't see it.
    """
    order = [point.label for point in points]
    x = alt.X(
        "label:O",
        sort=order,
        axis=alt.Axis(title=None, labelAngle=0, labelOverlap="greedy", ticks=False, grid=False),
    )
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    low, high = alt.Y("low:Q", scale=scale, title=None), alt.Y2("high:Q", title=None)
    y = alt.Y("value:Q", scale=scale, axis=number_axis("percent", domain, title=None, tickCount=4))
    base = alt.Chart(
        data(
            [
                {
                    "label": p.label,
                    "value": p.value,
                    "low": p.low,
                    "high": p.high,
                    "told": told(p.label, write_with_interval(p.value, p.low, p.high, "percent"), p.note),
                    "weak": p.weak,
                    **about(p.facets),
                }
                for p in points
            ]
        )
    )
    layers = [base.mark_area(opacity=0.16, color=colour).encode(x=x, y=low, y2=high)]
    for weak in sorted({point.weak for point in points}):
        dash, fill = ([4, 3], GROUND) if weak else ([1, 0], colour)
        of = base.transform_filter("datum.weak" if weak else "!datum.weak")
        layers += [
            of.mark_rule(strokeWidth=1.5, color=colour, opacity=0.75, strokeDash=dash).encode(
                x=x, y=low, y2=high
            ),
            of.mark_point(size=44, fill=fill, stroke=colour, strokeWidth=1.5, opacity=1).encode(
                x=x, y=y, description=ROW_TOLD
            ),
        ]
    layers.insert(1, base.mark_line(strokeWidth=2, color=colour).encode(x=x, y=y))
    chart = alt.layer(*layers).properties(width=255, height=120)
    return drawn(lambda _: chart, description, NARROW)


def fitted_line(
    observed: Sequence[Point],
    line: Sequence[Point],
    colour: str,
    *,
    x_title: str,
    y_title: str,
    description: str,
    x_format: str = "",
    currency: Currency | None = None,
) -> Markup:
    """Observed points and the line that was fitted to them with its interval, for a panel of
    `small_multiples`.

    Args:
        observed: what was seen; only x and value are drawn.
        line: the fitted line by ascending x, with the ends of its interval.
        currency: of amounts, whose axis is logarithmic; None for other numbers.
        x_format: a unit behind the horizontal numbers where a pointer rests, for example ` bps`.
    """
    form: Format = currency or "number"
    rows = [
        {
            "x": place(point.x),
            "value": point.value,
            "told": told(
                f"{place_in_words(point.x)}{x_format}", f"{y_title} {write(point.value, form)}", point.note
            ),
            **about(point.facets),
        }
        for point in observed
    ]
    fit = [
        {"x": place(point.x), "value": point.value, "low": point.low, "high": point.high} for point in line
    ]
    x = alt.X(
        "x:Q",
        scale=alt.Scale(zero=False, nice=True),
        axis=alt.Axis(title=x_title, grid=False, tickCount=5, labelFlush=False),
    )
    scale = alt.Scale(zero=False, nice=True) if currency is None else alt.Scale(type="log", nice=False)
    y = alt.Y(
        "value:Q",
        scale=scale,
        axis=number_axis(
            form,
            known([*observed, *line]),
            title=y_title,
            tickCount=4,
            domain=False,
            ticks=False,
            labelPadding=6,
        ),
    )
    low, high = alt.Y("low:Q", scale=scale, title=None), alt.Y2("high:Q", title=None)
    chart = alt.layer(
        alt.Chart(data(fit)).mark_area(opacity=0.16, color=colour).encode(x=x, y=low, y2=high),
        alt.Chart(data(rows))
        .mark_circle(size=34, color=colour, opacity=0.55)
        .encode(x=x, y=y, description=ROW_TOLD),
        alt.Chart(data(fit)).mark_line(strokeWidth=2, color=colour).encode(x=x, y=y),
    )
    return drawn(lambda _: sized(chart, 280, 150), description, NARROW)
