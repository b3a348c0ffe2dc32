"""Legends in HTML, which wrap on a phone and keep the size of the text around them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from include.tidemark.report.charts.drawing import SHAPES, key
from include.tidemark.report.charts.palette import THEMED

_OUTLINES = {
    "circle": "M10 3a4 4 0 1 0 .01 0z",
    "square": "M6.4 3.4h7.2v7.2h-7.2z",
    "triangle-up": "M10 2.4l4.8 8.2h-9.6z",
    "diamond": "M10 2l3.6 5-3.6 5-3.6-5z",
    "cross": "M8.6 2.8h2.8v2.8h2.8v2.8h-2.8v2.8h-2.8v-2.8h-2.8v-2.8h2.8z",
    "triangle-down": "M10 11.6l4.8-8.2h-9.6z",
    "triangle-right": "M14.6 7l-8.2 4.8v-9.6z",
    "triangle-left": "M5.4 7l8.2 4.8v-9.6z",
}


def paint(kind: str, colour: str) -> Markup:
    """The attribute that colours a mark: a class for a colour that depends on the ground, else the colour
    itself."""
    name = THEMED.get(colour.upper())
    if name:
        return Markup('class="{}-{}"').format(kind, name)
    return Markup('{}="{}"').format("stroke" if kind == "line" else "fill", colour)


def chip(colour: str) -> Markup:
    """A small square of a colour, to stand before a name."""
    return Markup(
        '<svg class="chip" viewBox="0 0 1 1" aria-hidden="true" focusable="false"><rect width="1" height="1" {}/></svg>'
    ).format(paint("fill", colour))


def legend(colours: Mapping[str, str], field: str, values: Iterable[str] | None = None) -> Markup:
    """Squares of colour with their names.

    Args:
        field: of the chart's rows, which holds the name: an entry is shown where a row of it is drawn.
        values: what the field holds, one a name, where that is not the name.
    """
    return _legend(
        (chip(colour), name, {field: value})
        for (name, colour), value in zip(colours.items(), values or colours, strict=True)
    )


def line_legend(colours: Mapping[str, str], field: str) -> Markup:
    """Lines with the shape of their points, and their names; in the order of `drawing.SHAPES`.

    Args:
        field: of the chart's rows, which holds the name.
    """
    return _legend(
        (
            Markup(
                '<svg class="swatch" viewBox="0 0 20 14" aria-hidden="true" focusable="false">'
                '<path d="M0 7h20" stroke-width="2" {}/><path d="{}" {}/></svg>'
            ).format(paint("line", colour), _OUTLINES[SHAPES[number % len(SHAPES)]], paint("fill", colour)),
            name,
            {field: name},
        )
        for number, (name, colour) in enumerate(colours.items())
    )


def drawn_for(**fields: Any) -> Markup:
    """The attribute of a legend's entry that is shown where the chart draws a row with these values."""
    return Markup(' data-for="{}"').format(json.dumps({field: key(value) for field, value in fields.items()}))


def _legend(entries: Iterable[tuple[Markup, str, Mapping[str, Any]]]) -> Markup:
    listed = Markup("").join(
        Markup("<li{}>{}{}</li>").format(drawn_for(**fields), swatch, name)
        for swatch, name, fields in entries
    )
    return Markup('<ul class="legend" aria-hidden="true">{}</ul>').format(listed)
