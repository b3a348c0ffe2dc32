"""The difference of two runs, or of three, as one HTML file without network."""

from include.tidemark.difference.known import KnownDifference
from include.tidemark.difference.result import Difference
from include.tidemark.report.page import style_of_page
from include.tidemark.report.templating import render

_TEMPLATE = "difference/templates/difference.html.j2"


def difference_page(found: Difference | KnownDifference) -> str:
    """The page. It names no user, also where the difference does: a file is passed on more easily than a
    terminal's text.

    Args:
        found: the difference.
    """
    style, digest = style_of_page()
    tables = [(title, rows) for title, rows in found.tables() if title.partition(":")[0] != "users"]
    return str(
        render(
            _TEMPLATE,
            {
                "found": found,
                "tables": tables,
                "sentences": found.sentences(),
                "style": style,
                "style_hash": digest,
            },
        )
    )
