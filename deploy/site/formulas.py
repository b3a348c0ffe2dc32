"""Formulas of the documents as MathML, made when the site is: no page needs a script or the network for them.

The documents have LaTeX between dollar signs, as forges show it; the Markdown extension arithmatex finds it.
"""

import html
import re
from typing import Any

from latex2mathml.converter import convert
from mkdocs.exceptions import PluginError

_FOUND = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)
_SIGN = "<mi>&#x000B1;</mi>", "<mo>&#x000B1;</mo>"
"""A plus or minus with the room of an operator around it."""


def on_page_content(content: str, **_: Any) -> str:
    """MkDocs calls this with the HTML of each page."""
    return _FOUND.sub(lambda found: _mathml(found[2], "block" if found[1] == "div" else "inline"), content)


def _mathml(latex: str, display: str) -> str:
    formula = html.unescape(latex)
    made = convert(formula, display=display).replace(*_SIGN)
    if "\\" in made:
        raise PluginError(f"A part of the formula {formula!r} has no MathML; write it in other LaTeX.")
    return made
