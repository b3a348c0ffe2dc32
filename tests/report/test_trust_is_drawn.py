"""A number to be read with caution looks like one, in whatever chart it is."""

import re

from include.tidemark.report import charts
from include.tidemark.report.charts import Estimate, HeatCell, Stage, funnel_bars, share_over_time
from tests.report.test_charts import still


def dashed(drawing):
    return len(re.findall(r'<(?:line|path|rect)[^>]* stroke-dasharray="[^"1][^"]*"', still(drawing)))


def test_a_share_over_the_months_is_hollow_on_a_dashed_interval_where_it_is():
    def months(*weak):
        estimates = [Estimate(f"month {n}", 0.2, 0.1, 0.3, weak=each) for n, each in enumerate(weak)]
        return share_over_time(estimates, "#0072B2", (0.0, 0.4), "x")

    mixed = months(False, True, False)
    assert dashed(mixed) - dashed(months(False, False, False)) == 1
    assert still(mixed).count('class="fill-ground"') == 1
    labels = re.findall(r">(month \d)</text>", still(mixed))
    assert labels == ["month 0", "month 1", "month 2"]


def test_a_stage_of_a_funnel_has_a_dashed_interval_where_it_is():
    def stages(*weak):
        each = [Stage(f"{n}", 9, 0.5, 0.4, 0.6, weak=one) for n, one in enumerate(weak)]
        return funnel_bars(each, "x", width=charts.NARROW)

    assert dashed(stages(False, True)) - dashed(stages(False, False)) == 1


def test_a_cell_of_a_heat_map_has_a_dashed_edge_where_it_is():
    def cells(*weak):
        each = [HeatCell(f"{n}", "a", 0.4, "40%", weak=one) for n, one in enumerate(weak)]
        return charts.heat_map(each, "x", width=charts.NARROW)

    assert dashed(cells(False, True)) - dashed(cells(False, False)) == 1
