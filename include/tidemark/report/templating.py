"""The templates: the page's own, and each family's beside its code."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from include.tidemark.report import charts, words

TEMPLATES = Path(__file__).parent / "templates"
_PROJECT = Path(__file__).parents[1]


@cache
def environment() -> Environment:
    """The templates, escaping whatever a template prints; a name that is not defined is an error.

    The page's own are found by their name (`macros.html.j2`), a chapter's by its path
    (`families/<family>/templates/<name>`).
    """
    made = Environment(
        loader=FileSystemLoader([TEMPLATES, _PROJECT]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"DASH": words.DASH, "chip": charts.chip, "only": charts.only}
    made.filters |= {
        "day": words.day,
        "zone": words.zone,
        "short_day": words.short_day,
        "count": words.count,
        "percent": words.percent,
        "ratio": words.ratio,
        "number": words.number,
        "bps": words.bps,
        "points": words.points,
        "p_value": words.p_value,
    }
    return made


def render_section(family: str, name: str, context: dict[str, Any]) -> Markup:
    """A section's body from `include/tidemark/families/<family>/templates/<name>.html.j2`."""
    return render(f"families/{family}/templates/{name}.html.j2", context)


def render(template: str, context: dict[str, Any]) -> Markup:
    """A section's body from a template below `include/tidemark/`.

    It may import the macros of `macros.html.j2`; its first level of headings is h3.
    """
    page = environment().get_template(template).render(context)
    return Markup(page)  # noqa: S704 (the template has escaped whatever it printed)
