"""The templates: the page's own, and each family's beside its code."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from include.tidemark.report import charts, words

TEMPLATES = Path(__file__).parent / "templates"
_FAMILIES = Path(__file__).parents[1] / "families"


@cache
def environment() -> Environment:
    """The templates, escaping whatever a template prints; a name that is not defined is an error.

    The page's own are found by their name (`macros.html.j2`), a family's as `<family>/templates/<name>`.
    """
    made = Environment(
        loader=FileSystemLoader([TEMPLATES, _FAMILIES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"DASH": words.DASH, "chip": charts.chip}
    made.filters |= {
        "day": words.day, "short_day": words.short_day, "count": words.count, "percent": words.percent,
        "ratio": words.ratio, "number": words.number, "bps": words.bps,
        "points": words.points, "p_value": words.p_value,
    }  # fmt: skip
    return made


def render_section(family: str, name: str, context: dict[str, Any]) -> Markup:
    """A section's body from `include/tidemark/families/<family>/templates/<name>.html.j2`.

    Such a template may import the macros of `macros.html.j2`; its first level of headings is h3.
    """
    page = environment().get_template(f"{family}/templates/{name}.html.j2").render(context)
    return Markup(page)  # noqa: S704 (the template has escaped whatever it printed)
