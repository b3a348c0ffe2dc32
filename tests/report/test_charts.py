"""The drawings: inline, described, honest about what is missing, and the same bytes each time."""

import json
import re
from datetime import date

import pytest

from include.tidemark.currency import currency_named
from include.tidemark.report import charts
from include.tidemark.report.charts import (
    Bar,
    Estimate,
    HeatCell,
    Mark,
    Point,
    Stage,
    dot_intervals,
    interval_bar,
    ratios,
    scales,
    share_over_time,
)
from tests.report.pages import Page

POINTS = [
    Estimate("Sep 2026", 0.10, 0.08, 0.13),
    Estimate("Oct 2026", None, None, None),
    Estimate("Nov 2026", 0.12, 0.10, 0.15),
]
NASTY = "\"<b>\" & 'x'"
"""What a name in the data could be."""


def curves(description="x", **changes):
    points = [Point(0, 1.0), Point(1, 0.5, 0.4, 0.6), Point(2, None), Point(3, 0.25, 0.2, 0.3)]
    settings = {"x_title": "weeks", "y_format": "percent", **changes}
    return charts.curves({NASTY: points}, {NASTY: "#0072B2"}, description=description, **settings)


def heat_map(description="x", **changes):
    cells = [
        HeatCell("1", NASTY, 0.4, "40%"),
        HeatCell("2", NASTY, 0.0, "0%"),
        HeatCell("3", NASTY, None, ""),
    ]
    return charts.heat_map(cells, description, **changes)


def stacked_bars(description="x", *, normalised=True, **changes):
    bars = [Bar("Sep", NASTY, 1.0), Bar("Sep", "b", 3.0), Bar("Oct", NASTY, 2.0), Bar("Oct", "b", None)]
    colours = {NASTY: "#0072B2", "b": "#D55E00"}
    return charts.stacked_bars(bars, colours, normalised=normalised, description=description, **changes)


def funnel_bars(description="x", **changes):
    stages = [Stage("Start", 100, 1.0), Stage(NASTY, 40, 0.4, 0.3, 0.5, 0.4), Stage("End", 0, None)]
    return charts.funnel_bars(stages, description, **changes)


def pareto(description="x", **changes):
    marks = [Mark(NASTY, 0.1, 0.6, "#0072B2")]
    return charts.pareto([(0.0, 0.0), (0.1, 0.6), (1.0, 1.0)], marks, description, **changes)


def fitted_line(description="x"):
    line = [Point(1, 2.0, 1.5, 2.5), Point(5, 1.0, 0.5, 1.5)]
    return charts.fitted_line(
        [Point(1, 2.1, note=NASTY)], line, "#0072B2", x_title="fee", y_title=NASTY, description=description
    )


ALL = {
    "share_over_time": lambda text: share_over_time(POINTS, "#0072B2", (0, 0.2), text),
    "ratios": lambda text: ratios([Estimate(NASTY, 1.5, 1.2, 1.9)], ["#000"], 300, text),
    "ratios at both widths": lambda text: ratios(
        [Estimate(NASTY, 1.5, 1.2, None)], ["#000"], description=text
    ),
    "dot_intervals": lambda text: dot_intervals(
        [Estimate(NASTY, 1.5, 1.2, 1.9)], form=currency_named("USD"), reference=0.0, description=text
    ),
    "curves": curves,
    "heat_map": heat_map,
    "stacked_bars": stacked_bars,
    "funnel_bars": funnel_bars,
    "pareto": pareto,
    "fitted_line": fitted_line,
}
every_chart = pytest.mark.parametrize("chart", ALL.values(), ids=ALL.keys())


def still(markup):
    """What is there without a script."""
    return re.sub(r"<script.*?</script>", "", str(markup))


def drawings(markup):
    return [attributes for _, attributes in Page(str(markup)).all("svg") if attributes.get("role") == "img"]


def told(markup):
    return re.findall(r"<title>(.*?)</title>", str(markup))


def marks(markup, kind):
    """The drawn marks of one kind in the first drawing, a list a layer."""
    groups = re.findall(rf'<g class="mark-{kind} role-mark[^"]*">(.*?)</g>', str(markup).split("</svg>")[0])
    return [re.findall(r"<(?:path|line|text)[^>]*>", group) for group in groups]


@every_chart
def test_the_same_points_give_the_same_drawing(chart):
    assert chart("x") == chart("x")


@every_chart
def test_a_drawing_is_well_formed_described_and_holds_nothing_that_a_page_must_not_hold(chart):
    markup = still(chart(NASTY))
    assert drawings(markup)
    assert all(attributes["aria-label"] == NASTY for attributes in drawings(markup))
    for forbidden in (" id=", " style=", "href", "<script", "<b>", "url(", "clip-path", "NaN", "undefined"):
        assert forbidden not in markup


@every_chart
def test_the_script_is_given_the_whole_chart_and_can_be_read_as_nothing_else(chart):
    (described,) = re.findall(r'<script type="application/json">(.*?)</script>', chart(NASTY))
    assert not set(described) & set("<>&") - {">"}
    assert {"config", "width"} <= json.loads(described).keys()
    assert "#0E0" not in described  # names of colours that only a drawing knows


@every_chart
def test_a_pointer_is_told_numbers_and_never_what_the_drawing_library_makes_up(chart):
    assert told(chart("x"))
    assert all(any(digit in title for digit in "0123456789") for title in told(chart("x")))
    assert "aria-roledescription" not in chart("x")


@pytest.mark.parametrize("chart", [curves, heat_map, stacked_bars, funnel_bars, pareto])
def test_a_chart_has_a_drawing_for_a_page_and_one_for_a_phone_unless_it_is_narrow(chart):
    widths = [float(attributes["width"]) for attributes in drawings(chart())]
    assert widths == [charts.WIDE, charts.NARROW]
    assert len(drawings(chart(width=charts.NARROW))) == 1
    page = Page(str(chart()))
    assert [a["class"] for _, a in page.all("div") if "only" in a["class"]] == ["wide-only", "narrow-only"]


def test_a_month_without_a_number_is_a_gap_and_not_a_zero():
    drawing = share_over_time(POINTS, "#0072B2", (0.0, 0.2), "x")
    assert len(marks(drawing, "symbol")[0]) == 2


def test_a_curve_breaks_where_a_window_is_not_over():
    drawing = curves()
    assert len(marks(drawing, "symbol")[0]) == 3
    (line,) = marks(drawing, "line")[0]
    assert re.search(r' d="([^"]*)"', line)[1].count("M") == 2
    assert len(told(drawing)) == 3


def test_a_point_between_gaps_keeps_its_interval():
    alone = marks(curves(), "rule")[0]
    assert len(alone) == 1


def test_curves_over_dates_are_drawn_at_dates():
    points = [Point(date(2026, month, 1), 0.5, 0.4, 0.6) for month in (1, 2, 3)]
    drawing = charts.curves({"a": points}, {"a": "#0072B2"}, x_title="", y_format="percent", description="x")
    assert told(drawing)[0] == "a, 1 January 2026, 50.0% (40.0% to 60.0%)"
    assert "2026</text>" in drawing


def test_a_cell_without_a_number_is_crossed_out_and_explained_and_a_zero_is_a_shade():
    drawing = heat_map()
    shaded, crossed = marks(drawing, "rect")
    assert [re.search("fill-shade-[0-9]", cell)[0] for cell in shaded] == ["fill-shade-9", "fill-shade-0"]
    assert len(crossed) == 1
    assert "fill-shade" not in crossed[0]
    assert len(marks(drawing, "symbol")[0]) == 1
    assert "the window is not over" in drawing
    assert "the window is not over" not in charts.heat_map([HeatCell("1", "a", 0.4, "40%")], "x")


def test_text_is_left_out_of_cells_that_are_too_small_for_it():
    cells = [HeatCell(str(week), "a", 0.4, "40%") for week in range(24)]
    narrow = charts.heat_map(cells, "x", width=charts.NARROW)
    assert "40%</text>" not in narrow
    assert "40%</text>" in charts.heat_map(cells[:5], "x", width=charts.NARROW)


def heights(drawing):
    return [abs(float(re.search(r"v(-?[\d.]+)", bar)[1])) for bar in marks(drawing, "rect")[0]]


def test_normalised_bars_are_shares_of_what_is_there():
    micro, large, alone = heights(stacked_bars())
    assert large / micro == pytest.approx(3, rel=0.01)
    assert alone == pytest.approx(micro + large, rel=0.01)


def test_bars_that_are_not_normalised_are_amounts():
    one, three, two = heights(stacked_bars(normalised=False))
    assert (three / one, two / one) == (pytest.approx(3, rel=0.01), pytest.approx(2, rel=0.01))


def test_an_interval_without_a_bound_ends_in_an_arrow_and_a_dot_without_interval_is_hollow():
    points = [Estimate("a", 1.5, 1.2, None), Estimate("b", 1.1, 1.0, 1.2), Estimate("c", 2.0, None, None)]
    for drawing in (
        ratios(points, ["#0072B2"], 300, "x"),
        dot_intervals(points, form="number", description="x", width=300),
    ):
        filled, hollow, arrows = marks(drawing, "symbol")
        assert len(filled) == 2
        assert len(hollow) == len(arrows) == 1
        assert "fill-ground" in hollow[0]


def test_a_ratio_beyond_the_axis_is_an_arrow_and_no_dot_at_the_wrong_place():
    drawing = ratios(
        [Estimate("a", 300.0, 200.0, 900.0), Estimate("b", 1.1, 1.0, 1.2)], ["#0072B2"], 300, "x"
    )
    dots, arrows = marks(drawing, "symbol")
    assert (len(dots), len(arrows)) == (1, 1)


def test_an_estimate_that_is_missing_is_named_as_such():
    drawing = ratios([Estimate("a", None, None, None), Estimate("b", 1.1, 1.0, 1.2)], ["#0072B2"], 300, "x")
    assert "no number</text>" in drawing
    assert len(marks(drawing, "symbol")[0]) == 1


def test_ticks_of_a_logarithmic_axis_have_room():
    wide = ratios([Estimate("a", 1.0, 0.02, 80.0)], ["#0072B2"], 200, "x")
    labels = re.findall(r">([\d.]+)</text>", str(wide))
    assert "1" in labels
    assert 3 <= len(labels) <= 6


def test_nothing_at_all_is_drawn_without_an_error():
    nothing = [Estimate("Nov 2026", None, None, None)]
    for drawing in (
        share_over_time(nothing, "#0072B2", (0.0, 0.03), "x"),
        ratios(nothing, ["#0072B2"], 300, "x"),
        dot_intervals(nothing, form="percent", description="x"),
        dot_intervals([], form="percent", description="x"),
        charts.curves({}, {}, x_title="", y_format=currency_named("USD"), description="x"),
        charts.curves(
            {"a": [Point(1, None)]},
            {"a": "#000"},
            x_title="",
            y_format=currency_named("USD"),
            description="x",
        ),
        charts.heat_map([], "x"),
        charts.heat_map([HeatCell("1", "a", None, "")], "x"),
        charts.stacked_bars([], {"a": "#000"}, normalised=True, description="x"),
        charts.funnel_bars([], "x"),
        charts.pareto([], [], "x"),
    ):
        assert "<svg" in drawing


def test_axes_write_numbers_as_the_words_beside_them_do():
    points = [Point(1, 1_200_000.0), Point(2, 400_000.0)]
    drawing = charts.curves(
        {"a": points}, {"a": "#000"}, x_title="", y_format=currency_named("USD"), description="x"
    )
    assert "$1M</text>" in drawing
    assert "$200K</text>" in drawing
    assert told(drawing)[0] == "a, 1, $1.20M"
    assert scales.write_with_interval(0.123, 0.1, 0.15, "percent") == "12.3% (10.0% to 15.0%)"


def money_curve(currency, *amounts):
    points = [Point(number, amount) for number, amount in enumerate(amounts)]
    return charts.curves(
        {"a": points}, {"a": "#000"}, x_title="", y_format=currency, description="x", from_zero=False
    )


@pytest.mark.parametrize(
    ("code", "symbol", "prefix"),
    [("EUR", None, "€"), ("CAD", None, "CA$"), ("CHF", None, "CHF\N{NO-BREAK SPACE}"), ("USD", "US$", "US$"), ("XOF", "Gk", "Gk\N{NO-BREAK SPACE}")],
)  # fmt: skip
def test_axes_have_the_symbol_of_any_currency_as_they_have_the_dollar(code, symbol, prefix):
    for amounts in ((1_200_000.0, -400_000.0), (0.5, 1.5), (-80.0, 300.0)):
        dollars = str(money_curve(currency_named("USD"), *amounts))
        written = re.findall(r"<text[^>]*>([^<]*)</text>", dollars)
        assert any("$" in label for label in written)
        found = re.findall(
            r"<text[^>]*>([^<]*)</text>", str(money_curve(currency_named(code, symbol, 2), *amounts))
        )
        assert found == [label.replace("$", prefix) for label in written]


def test_axes_of_a_currency_without_decimals_have_whole_amounts_once():
    labels = re.findall(r"<text[^>]*>(¥[^<]*)</text>", str(money_curve(currency_named("JPY"), 1.0, 3.0)))
    assert "¥1" in labels
    assert not [label for label in labels if "." in label]


@every_chart
def test_a_drawing_without_a_description_is_refused(chart):
    with pytest.raises(ValueError, match="description is empty"):
        chart("")


def test_a_bar_never_leaves_its_cell():
    bar = interval_bar(0.5, 0.4, 2.0, 1.0, "#000")
    assert 'width="50.00"' in bar
    assert 'x2="100.00"' in bar
    assert interval_bar(None, None, None, 1.0, "#000") == ""
