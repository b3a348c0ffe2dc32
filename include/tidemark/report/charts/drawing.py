"""From a chart's description to markup: drawn, freed of what a page could not hold, and coloured by the style sheet.

Ink, grid and fonts come from the page's style sheet, so that one drawing serves light, dark and print.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import vl_convert
from altair.utils import schemapi
from markupsafe import Markup, escape

from include.tidemark.report.charts.palette import THEMED

# Each part of each chart would be held against Vega-Lite's schema, half of the time of a report. Charts are made by code, not of
# what somebody types: the tests draw every one.
schemapi.disable_debug_mode()

WIDE, NARROW = 720, 346
"""Widths of a drawing on a page and on a phone, in pixels."""

SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "triangle-right",
    "triangle-left",
)
"""Told apart without colour; as many as there are colours."""

_INK = "#4b5563"
_FONT = "sans-serif"
"""Fonts are named in the style sheet; this one only measures the space that labels need."""
_VEGA_LITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
_TOLD = "\u2060"
"""Starts a text that is meant for the reader, unlike those that Vega makes up for each mark."""


def told(*parts: str) -> str:
    """What a pointer that rests on a mark is told; empty parts are left out."""
    return _TOLD + ", ".join(part for part in parts if part)


def data(rows: Sequence[dict[str, Any]]) -> Any:
    """Rows as a chart's data, as one text: Altair copies a chart many times, and a list of rows with it."""
    return alt.InlineData(values=json.dumps(list(rows)), format=alt.JsonDataFormat(type="json"))


def at_both_widths(draw_at: Callable[[int], Markup], width: int) -> Markup:
    """A drawing of `width` and one for a phone, of which the style sheet shows one; a narrow `width` needs one only."""
    if width <= NARROW:
        return draw_at(width)
    return Markup('<div class="wide-only">{}</div><div class="narrow-only">{}</div>').format(
        draw_at(width), draw_at(NARROW)
    )


def sized(chart: Any, width: int, height: int | Any) -> Any:
    """The chart with a width that includes its axes."""
    return chart.properties(
        width=width, height=height, autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
    )


def draw(chart: Any, description: str) -> Markup:
    """The chart as inline SVG.

    Args:
        description: the chart in words, for those who can't see it.

    Raises:
        ValueError: the description is empty.
    """
    if not description:
        raise ValueError("description is empty; say in words what the chart shows.")
    styled = chart.configure(background="transparent", font=_FONT, padding=2).configure_view(stroke=None)
    styled = styled.configure_axis(
        labelColor=_INK,
        labelFontSize=11,
        titleColor=_INK,
        titleFontSize=11,
        titleFontWeight="normal",
        gridColor="#e5e7eb",
        domainColor="#cbd5e1",
        tickColor="#cbd5e1",
        gridWidth=1,
    )
    svg = vl_convert.vegalite_to_svg(
        styled.to_dict(validate=False), vl_version=_VEGA_LITE, allowed_base_urls=[]
    )
    return _inline(svg, description)


def _inline(svg: str, description: str) -> Markup:
    """The drawing as part of a page: scales with it, is read out in words, and has no ids that a second one could share."""
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    body = re.sub(r"^.*?<svg[^>]*>", "", svg, count=1, flags=re.DOTALL)
    body = re.sub(r"<defs>.*?</defs>", "", body, flags=re.DOTALL)
    body = re.sub(r"<(path|text|line|rect)((?: [^<>]*?)?)(/?)>", _mark, body)
    body = re.sub(r' (?:id|aria-[a-z]+|role|style|clip-path|pointer-events)="[^"]*"', "", body)
    body = re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number.group()):.2f}", body)
    width, height = (size.group(1), size.group(2)) if size else ("100", "100")
    return Markup(  # noqa: S704 (drawn from our own description, and what is escaped)
        f'<svg class="drawing" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        f' aria-label="{escape(description)}">{body}'
    )


def _mark(found: re.Match[str]) -> str:
    """One mark: a colour's name becomes a class, and what is told about it a title, which browsers show at the pointer."""
    tag, attributes, closed = found.groups()
    classes = [
        f"{kind}-{THEMED[colour.upper()]}"
        for kind, name in (("fill", "fill"), ("line", "stroke"))
        for colour in re.findall(rf' {name}="(#[0-9a-fA-F]{{6}})"', attributes)
        if colour.upper() in THEMED
    ]
    if classes:
        attributes = f' class="{" ".join(classes)}"' + re.sub(r' class="[^"]*"', "", attributes)
    title = re.search(rf' aria-label="{_TOLD}([^"]*)"', attributes)
    if title and closed:
        return f"<{tag}{attributes}><title>{title.group(1)}</title></{tag}>"
    return f"<{tag}{attributes}{closed}>"
