"""The colours: told apart by everyone, on a light and on a dark ground."""

import math
from itertools import combinations, pairwise

import pytest

from include.tidemark.report import charts
from include.tidemark.report.charts import Point, palette
from tests.report.pages import contrast, luminance

LIGHT, DARK = "#ffffff", "#11171c"
MACHADO = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}  # fmt: skip
"""Dichromats' colours from linear sRGB: Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009), severity
1.0."""


def seen(colour, matrix):
    """OKLab coordinates, times 100, of what a dichromat sees (B. Ottosson, 2020)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    if matrix:
        linear = [min(max(sum(m * c for m, c in zip(row, linear, strict=True)), 0), 1) for row in matrix]
    cones = (
        (0.4122214708, 0.5363325363, 0.0514459929),
        (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005),
    )
    l, m, s = (sum(a * c for a, c in zip(row, linear, strict=True)) ** (1 / 3) for row in cones)  # noqa: E741
    return (
        100 * (0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s),
        100 * (1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s),
        100 * (0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s),
    )


@pytest.mark.parametrize("matrix", [None, *MACHADO.values()], ids=["usual", *MACHADO])
def test_colours_of_names_can_be_told_apart_by_everyone(matrix):
    # 2 is about what can just be seen side by side; text of marks keeps twice that.
    for one, other in combinations(palette.CATEGORICAL, 2):
        distance = (
            sum((a - b) ** 2 for a, b in zip(seen(one, matrix), seen(other, matrix), strict=True)) ** 0.5
        )
        assert distance >= 4, (one, other)


def test_colours_stand_out_from_both_grounds():
    for colour in palette.CATEGORICAL:
        assert min(contrast(colour, LIGHT), contrast(colour, DARK)) >= 3, colour
    for colour in palette.SEQUENTIAL:
        assert contrast(colour, LIGHT) >= 3, colour
    for colour in palette.SEQUENTIAL_ON_DARK:
        assert contrast(colour, DARK) >= 3, colour


@pytest.mark.parametrize("matrix", [None, *MACHADO.values()], ids=["usual", *MACHADO])
@pytest.mark.parametrize("colours", [palette.SEQUENTIAL, palette.SEQUENTIAL_ON_DARK], ids=["light", "dark"])
def test_neighbouring_tiers_can_be_told_apart_by_everyone(colours, matrix):
    for one, other in pairwise(seen(colour, matrix) for colour in colours):
        assert math.dist(one, other) >= 5.5


def test_tiers_grow_stronger_step_by_step_on_both_grounds():
    light = [luminance(colour) for colour in palette.SEQUENTIAL]
    dark = [luminance(colour) for colour in palette.SEQUENTIAL_ON_DARK]
    assert light == sorted(light, reverse=True)
    assert dark == sorted(dark)


def test_a_tier_is_coloured_by_a_class_that_the_style_sheet_knows():
    colours = {str(tier): colour for tier, colour in palette.sequential([1, 25]).items()}
    drawing = charts.curves(
        {name: [Point(1, 0.5), Point(2, 0.4)] for name in colours},
        colours,
        x_title="",
        y_format="percent",
        description="x",
    )
    css = palette.themed_css()
    for name in ("line-step-0", "fill-step-0", "line-step-7"):
        assert f'class="{name}"' in drawing
        assert f".{name} " in css


def test_more_names_than_colours_are_refused():
    with pytest.raises(ValueError, match="at most 8"):
        palette.categorical("abcdefghi")
