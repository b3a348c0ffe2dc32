"""Charts as inline SVG: Altair describes, vl-convert draws, without a browser, a script or the network.

Every function takes plain points and returns markup that serves light, dark, print and a phone: unless a
width of less than `NARROW` is asked for, it holds a wide and a narrow drawing, of which the style sheet shows
one. Each drawing is read out as its `description`; a pointer that rests on a mark is told what the mark
shows. A number that is None is never drawn as 0.

| function | shows |
|---|---|
| `curves` | lines with ribbons over weeks, days or dates |
| `share_over_time` | one small line of shares with intervals, for a panel |
| `fitted_line` | observed points and a fitted line with its ribbon, for a panel |
| `small_multiples` | such panels side by side |
| `heat_map` | shares of cohorts by horizon |
| `stacked_bars` | parts of a whole over periods |
| `dot_intervals` | estimates with intervals on a linear axis |
| `ratios` | ratios with intervals on a logarithmic axis |
| `funnel_bars` | stages that users reach |
| `pareto` | how much of the whole the largest users hold |
| `interval_bar` | a bar for a table cell |

Colours come from `palette`: `categorical` for names, `sequential` for tiers.
"""

from include.tidemark.report.charts.bars import Bar, interval_bar, stacked_bars
from include.tidemark.report.charts.curves import curves, fitted_line, share_over_time
from include.tidemark.report.charts.drawing import NARROW, WIDE, Facets, only
from include.tidemark.report.charts.funnel import Stage, funnel_bars
from include.tidemark.report.charts.heat_map import HeatCell, heat_map
from include.tidemark.report.charts.intervals import dot_intervals, ratios
from include.tidemark.report.charts.legend import chip
from include.tidemark.report.charts.palette import categorical, sequential
from include.tidemark.report.charts.panels import Panel, small_multiples
from include.tidemark.report.charts.pareto import Mark, pareto
from include.tidemark.report.charts.points import Estimate, Point, is_weak

__all__ = [
    "NARROW",
    "WIDE",
    "Bar",
    "Estimate",
    "Facets",
    "HeatCell",
    "Mark",
    "Panel",
    "Point",
    "Stage",
    "categorical",
    "chip",
    "curves",
    "dot_intervals",
    "fitted_line",
    "funnel_bars",
    "heat_map",
    "interval_bar",
    "is_weak",
    "only",
    "pareto",
    "ratios",
    "sequential",
    "share_over_time",
    "small_multiples",
    "stacked_bars",
]
