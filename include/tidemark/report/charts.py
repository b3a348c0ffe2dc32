"""Charts as inline SVG: Altair describes, vl-convert draws, without a browser and without the network.

Ink, grid and fonts come from the page's style sheet, so that one drawing serves light, dark and print.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup, escape

_INK = "#4b5563"
_FONT = "sans-serif"
"""Fonts are named in the style sheet; this one only measures the space that labels need."""


_LABELS = 150
"""Room for the longest segment name in any of the fonts that the style sheet names."""
_VEGA_LITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


@dataclass(frozen=True)
class Estimate:
    """A number with its interval at one place of an axis; None where there is none."""

    label: str
    value: float | None
    low: float | None
    high: float | None


def share_over_time(
    points: Sequence[Estimate], colour: str, domain: tuple[float, float], description: str
) -> Markup:
    """A small line chart of shares (0 to 1) over months, with intervals.

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
    y = alt.Y(
        "value:Q",
        scale=scale,
        axis=alt.Axis(title=None, format=".0%" if domain[1] - domain[0] >= 0.03 else ".1%", tickCount=4),
    )
    base = alt.Chart(_data(_values(points)))
    chart = alt.layer(
        base.mark_area(opacity=0.16, color=colour).encode(x=x, y=low, y2=high),
        base.mark_rule(strokeWidth=1.5, color=colour, opacity=0.75).encode(x=x, y=low, y2=high),
        base.mark_line(strokeWidth=2, color=colour).encode(x=x, y=y),
        base.mark_circle(size=44, color=colour, opacity=1).encode(x=x, y=y),
    ).properties(width=255, height=120)
    return _draw(chart, description)


def ratios(points: Sequence[Estimate], colours: Sequence[str], width: int, description: str) -> Markup:
    """Ratios with intervals on a logarithmic axis, one row each, against the line of no change."""
    rows = _values(points)
    drawn = [row for row in rows if row["value"] is not None]
    ends = [float(row[end]) for row in drawn for end in ("low", "high", "value") if row[end] is not None]
    domain = [min([*ends, 0.8]) / 1.05, max([*ends, 1.25]) * 1.05]
    ticks = [
        t
        for t in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
        if domain[0] <= t <= domain[1]
    ]
    order = [point.label for point in points]
    scale = alt.Scale(type="log", domain=domain, nice=False)
    x = alt.X(
        "value:Q",
        scale=scale,
        axis=alt.Axis(title=None, values=ticks, format=".4~", grid=True),
    )
    y = alt.Y(
        "label:N",
        sort=order,
        axis=alt.Axis(
            title=None, ticks=False, domain=False, labelPadding=10, labelLimit=180, minExtent=_LABELS
        ),
    )
    colour = alt.Color("label:N", scale=alt.Scale(domain=order, range=list(colours)), legend=None)
    base = alt.Chart(_data(rows))
    chart = alt.layer(
        alt.Chart(_data([{"one": 1}]))
        .mark_rule(strokeDash=[4, 3], strokeWidth=1.5, color=_INK)
        .encode(x=alt.X("one:Q", scale=scale, title=None)),
        base.mark_rule(strokeWidth=3, opacity=0.55).encode(
            x=alt.X("low:Q", scale=scale, title=None), x2=alt.X2("high:Q", title=None), y=y, color=colour
        ),
        base.mark_circle(size=90, opacity=1).encode(x=x, y=y, color=colour),
    ).properties(width=width, height=34 * len(order))
    return _draw(chart, description)


def interval_bar(
    value: float | None, low: float | None, high: float | None, top: float, colour: str
) -> Markup:
    """A bar for a table cell: the value, and over its end the interval. Decoration: the cell has the numbers in words."""
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


def _values(points: Sequence[Estimate]) -> list[dict[str, Any]]:
    return [{"label": p.label, "value": p.value, "low": p.low, "high": p.high} for p in points]


def _data(rows: list[dict[str, Any]]) -> Any:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]


def _draw(chart: Any, description: str) -> Markup:
    styled = chart.configure(background="transparent", font=_FONT, padding=2).configure_view(stroke=None)
    styled = styled.configure_axis(
        labelColor=_INK,
        labelFontSize=11,
        gridColor="#e5e7eb",
        domainColor="#cbd5e1",
        tickColor="#cbd5e1",
        gridWidth=1,
    )
    svg = vl_convert.vegalite_to_svg(styled.to_dict(), vl_version=_VEGA_LITE, allowed_base_urls=[])
    return _inline(svg, description)


def _inline(svg: str, description: str) -> Markup:
    """The drawing as part of a page: scales with it, is read out in words, and has no ids that a second one could share."""
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    body = re.sub(r"^.*?<svg[^>]*>", "", svg, count=1, flags=re.DOTALL)
    body = re.sub(r' (?:id|aria-[a-z]+|role|style)="[^"]*"', "", body)
    body = re.sub(r' clip-path="[^"]*"', "", re.sub(r"<defs>.*?</defs>", "", body, flags=re.DOTALL))
    width, height = (size.group(1), size.group(2)) if size else ("100", "100")
    return Markup(  # noqa: S704 (drawn from our own description, and what is escaped)
        f'<svg class="drawing" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        f' aria-label="{escape(description)}">{body}'
    )
