"""The drawings: inline, described, and the same bytes each time."""

import doctest

import pytest

from include.tidemark.report import words
from include.tidemark.report.charts import Estimate, interval_bar, ratios, share_over_time

POINTS = [
    Estimate("Sep 2026", 0.10, 0.08, 0.13),
    Estimate("Oct 2026", None, None, None),
    Estimate("Nov 2026", 0.12, 0.10, 0.15),
]


def test_the_same_points_give_the_same_drawing():
    assert share_over_time(POINTS, "#0072B2", (0.0, 0.2), "x") == share_over_time(
        POINTS, "#0072B2", (0.0, 0.2), "x"
    )


def test_a_month_without_a_number_is_a_gap_and_not_a_zero():
    drawing = str(share_over_time(POINTS, "#0072B2", (0.0, 0.2), "x"))
    marks = drawing.split("mark-symbol role-mark")[1]
    assert marks.count("<path") - 1 == 2


def test_nothing_at_all_is_drawn_without_an_error():
    nothing = [Estimate("Nov 2026", None, None, None)]
    assert "<svg" in share_over_time(nothing, "#0072B2", (0.0, 0.03), "x")
    assert "<svg" in ratios(nothing, ["#0072B2"], 300, "x")


@pytest.mark.parametrize(
    "drawing",
    [share_over_time(POINTS, "#0072B2", (0, 0.2), '"<b>"'), ratios(POINTS, ["#000"] * 3, 300, '"<b>"')],
)
def test_a_drawing_has_no_ids_styles_links_or_raw_text_of_ours(drawing):
    for forbidden in (" id=", " style=", "href", "<script", "<b>", "url("):
        assert forbidden not in drawing
    assert 'role="img"' in drawing


def test_a_bar_never_leaves_its_cell():
    bar = interval_bar(0.5, 0.4, 2.0, 1.0, "#000")
    assert 'width="50.00"' in bar
    assert 'x2="100.00"' in bar
    assert interval_bar(None, None, None, 1.0, "#000") == ""


def test_the_examples_in_the_words_hold():
    assert doctest.testmod(words).failed == 0
