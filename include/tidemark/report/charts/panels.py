"""Small charts side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from include.tidemark.report.charts.drawing import Facets, only
from include.tidemark.report.charts.legend import chip


@dataclass(frozen=True)
class Panel:
    """One small chart with its caption."""

    title: str
    chart: Markup
    figure: str = ""
    """The number that the caption ends with, for example the newest."""
    colour: str | None = None
    """The colour that stands for the title in other charts."""
    facets: Facets = field(default_factory=dict)


def small_multiples(panels: Sequence[Panel]) -> Markup:
    """Panels in as many columns as the page is wide; one column on a phone."""
    figures = Markup("\n").join(
        Markup("<figure{}>\n<figcaption>{}{}{}</figcaption>\n{}\n</figure>").format(
            only(**panel.facets),
            chip(panel.colour) if panel.colour else "",
            panel.title,
            Markup("<b>{}</b>").format(panel.figure) if panel.figure else "",
            panel.chart,
        )
        for panel in panels
    )
    return Markup('<div class="panels">\n{}\n</div>').format(figures)
