"""Names that a chart must not take for something of JavaScript's own."""

import re

import pytest

from include.tidemark.report import charts
from include.tidemark.report.charts import Bar, Estimate, HeatCell, dot_intervals
from tests.report.test_charts import still


@pytest.mark.parametrize("name", ["__proto__", "constructor", "toString"])
def test_a_name_that_every_object_of_javascript_has_is_drawn_as_any_other(name):
    def shapes(*names):
        bars = [Bar(x, group, 1.0) for x in names for group in names]
        cells = [HeatCell(x, y, 0.4, "") for x in names for y in names]
        dots = [Estimate(x, 0.1, 0.05, 0.2) for x in names]
        colours = charts.categorical(names)
        drawn = (
            charts.stacked_bars(bars, colours, normalised=True, description="x"),
            charts.heat_map(cells, "x"),
            dot_intervals(dots, form="percent", description="x"),
        )
        return [len(re.findall("<(?:path|rect|line)", still(one))) for one in drawn]

    assert shapes(name, "ordinary") == shapes("another", "ordinary")
