"""From a chart's description to markup: drawn, freed of what a page could not hold, and coloured by the style
sheet.

Ink, grid and fonts come from the page's style sheet, so that one drawing serves light, dark and print. Beside
the drawing stands the description itself with its rows, from which the page's script draws the chart anew
when the reader filters it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert
from altair.utils import schemapi
from markupsafe import Markup, escape

from include.tidemark.report.charts.palette import THEMED

# Each part of each chart would be held against Vega-Lite's schema, half of the time of a report. Charts are
# made by code, not of what somebody types: the tests draw every one.
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
"""Starts a text that is meant for the reader, unlike those that Vega makes up; takes no room."""

ROW_TOLD = alt.Description("told:N")
"""What is told about a row's mark. Like every channel it is an object of its class: for a bare text Altair
goes through all of its classes to find that one, 3 ms each time."""


def told(*parts: str) -> str:
    """What a pointer that rests on a mark is told; empty parts are left out."""
    return _TOLD + ", ".join(part for part in parts if part)


def data(rows: Sequence[dict[str, Any]]) -> Any:
    """Rows as a chart's data, as one text: Altair copies a chart many times, and a list of rows with it."""
    listed = [{field: key(value) for field, value in row.items()} for row in rows]
    return alt.InlineData(values=json.dumps(listed), format=alt.JsonDataFormat(type="json"))


_INHERITED = frozenset(
    (
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
        "__proto__",
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
    )
)


def key(value: Any) -> Any:
    """A value as Vega can look it up: Vega keeps groups in plain objects of JavaScript, where a name that
    every object inherits is found before anything was kept. Such a name gets a sign in front that takes no
    room; all else stays.

    >>> key("toString") == "toString", key("to string"), key(3)
    (False, 'to string', 3)
    """
    return f"{_TOLD}{value}" if isinstance(value, str) and value in _INHERITED else value


def _with_keys(part: Any) -> Any:
    """A part of a chart's description, whose orders and domains name values as `data` does."""
    if isinstance(part, dict):
        return {name: _with_keys(inner) for name, inner in part.items()}
    return [_with_keys(inner) for inner in part] if isinstance(part, list) else key(part)


Facets = Mapping[str, str | float]
"""What a mark is about, by the names of the page's controls (`segment`, `tier`, `date`): rows with other
values than those chosen are left out of a chart that a reader filters."""


def about(facets: Facets) -> dict[str, Any]:
    """The part of a chart's row that says what it is about."""
    return {"of": dict(facets)} if facets else {}


def only(**facets: str | float | None) -> Markup:
    """The attribute of an element that shows something of these values only; none where no value is said.

    >>> only(segment="A & B", tier=None)
    Markup(' data-of="{&#34;segment&#34;: &#34;A &amp; B&#34;}"')
    """
    said = {name: value for name, value in facets.items() if value is not None}
    return Markup(' data-of="{}"').format(json.dumps(said)) if said else Markup("")


def drawn(at: Callable[[int], Any], description: str, width: int = WIDE, *, still: bool = True) -> Markup:
    """A chart as a page holds it: its drawings, of which the style sheet shows one, and its description for
    the page's script.

    Args:
        at: the chart for a width. One of more than `NARROW` is drawn for a phone, too.
        description: the chart in words, for those who can't see it.
        still: False for a chart that only a reader's choice shows: it is drawn then.

    Raises:
        ValueError: the description is empty.
    """
    if not description:
        raise ValueError("description is empty; say in words what the chart shows.")
    widest = _described(at(width))
    drawings = Markup("")
    if still and width <= NARROW:
        drawings = _inline(_svg(widest), description)
    elif still:
        drawings = Markup('<div class="wide-only">{}</div><div class="narrow-only">{}</div>').format(
            _inline(_svg(widest), description), _untold(_inline(_svg(_described(at(NARROW))), description))
        )
    return Markup(
        '<div class="live" data-said="{}">{}<script type="application/json">{}</script></div>'
    ).format(description, drawings, _for_script(widest))


def sized(chart: Any, width: int, height: int | Any) -> Any:
    """The chart, with a width that includes its axes."""
    # Not by `properties`, which copies all that the chart holds.
    chart.width, chart.height = width, height
    chart.autosize = alt.AutoSizeParams(type="fit-x", contains="padding")
    return chart


_LOOK: Mapping[str, Any] = {
    "axis": {
        "domainColor": "#cbd5e1",
        "gridColor": "#e5e7eb",
        "gridWidth": 1,
        "labelColor": _INK,
        "labelFontSize": 11,
        "tickColor": "#cbd5e1",
        "titleColor": _INK,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
    },
    "background": "transparent",
    "font": _FONT,
    "padding": 2,
}


def _described(chart: Any) -> dict[str, Any]:
    """The chart as Vega-Lite, with what all charts look like."""
    described: dict[str, Any] = _with_keys(chart.to_dict(validate=False))
    # Not by `configure` and its like, each of which copies all that the chart holds.
    view = {**described["config"]["view"], "stroke": None}
    return {**described, "config": {"view": view, **_LOOK}}


def _svg(described: dict[str, Any]) -> str:
    svg: str = vl_convert.vegalite_to_svg(described, vl_version=_VEGA_LITE, allowed_base_urls=[])
    return svg


_COLOURS = re.compile("|".join(THEMED), re.IGNORECASE)


def _for_script(described: dict[str, Any]) -> Markup:
    """The description for the page's script: colours by their names in the style sheet, and nothing that
    could end the element."""
    rows = {name: json.loads(rows) for name, rows in described["datasets"].items()}
    kept = {name: part for name, part in described.items() if name != "$schema"} | {"datasets": rows}
    text = json.dumps(kept, separators=(",", ":"))
    text = _COLOURS.sub(lambda found: f"var(--{THEMED[found.group().upper()]})", text)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c"))  # noqa: S704 (nothing is left that HTML reads)


def _inline(svg: str, description: str) -> Markup:
    """The drawing as part of a page: scales with it, is read out in words, and has no ids that a second one
    could share."""
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


def _untold(drawing: Markup) -> Markup:
    """The drawing without what a resting pointer is told: a phone has none."""
    return Markup(re.sub(r"<title>.*?</title>", "", drawing))  # noqa: S704 (a part of what was safe)


def _mark(found: re.Match[str]) -> str:
    """One mark: a colour's name becomes a class, and what is told about it a title, which browsers show at
    the pointer."""
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
