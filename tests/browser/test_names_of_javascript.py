"""Segments that are called as something that every object of JavaScript has."""

import pytest

from include.tidemark.report import charts
from include.tidemark.report.charts import Bar, Estimate, HeatCell, Point
from include.tidemark.report.page import write_report
from include.tidemark.report.parts import ReportPart, Section
from include.tidemark.rules import load_rules
from tests.artifacts.months import MONTHS, make_run
from tests.browser.conftest import Reader
from tests.browser.test_report_controls import legend_of
from tests.report.test_page import GATE

NAMES = ("__proto__", "constructor", "toString", "ordinary")


def part():
    """A family whose charts, bars and rows go by these names."""
    colours, about = charts.categorical(NAMES), {name: {"segment": name} for name in NAMES}
    curves = {name: [Point(week, 0.5, 0.4, 0.6, facets=about[name]) for week in (0, 1)] for name in NAMES}
    bars = [Bar(x, name, 1.0, facets=about[name]) for x in NAMES for name in NAMES]
    cells = [HeatCell(x, name, 0.4, "40%", facets=about[name]) for x in NAMES for name in NAMES]
    dots = [Estimate(name, 0.1, 0.05, 0.2, facets=about[name]) for name in NAMES]
    drawings = (
        charts.curves(curves, colours, x_title="weeks", y_format="percent", description="Curves."),
        charts.stacked_bars(bars, colours, normalised=True, description="Bars."),
        charts.heat_map(cells, "Cells."),
        charts.dot_intervals(dots, form="percent", description="Dots."),
    )
    sections = (Section(f"chart-{n}", "A chart", drawing) for n, drawing in enumerate(drawings))
    return ReportPart("Names", (), tuple(sections))


@pytest.fixture
def reader(browser, tmp_path):
    run = make_run(MONTHS[3], load_rules())
    written = write_report(run, [part()], GATE, account=[], files=[], validation=[], target=tmp_path)
    reader = Reader(browser, (tmp_path / written.path).as_uri())
    yield reader
    reader.context.close()


def test_their_charts_are_drawn_and_filtered_as_those_of_any_other_name(reader):
    marks = {"Curves.": 2, "Bars.": 4, "Cells.": 4, "Dots.": 1}
    for chart, number in marks.items():
        assert len(reader.told(chart)) == number * len(NAMES), chart
    boxes = reader.page.locator(".choices label").all_text_contents()
    assert boxes == list(NAMES)
    reader.choose("segment", "__proto__", "ordinary")
    for chart, number in marks.items():
        told = reader.told(chart)
        assert len(told) == number * 2, chart
        assert all("__proto__" in text or "ordinary" in text for text in told), chart
    assert legend_of(reader, "Curves.") == legend_of(reader, "Bars.") == ["__proto__", "ordinary"]
    assert not reader.said
