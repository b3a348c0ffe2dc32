"""Rows as a table for people, CSV for a spreadsheet, or JSON for a program."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from tabulate import tabulate  # type: ignore[import-untyped]

Format = Literal["table", "csv", "json"]
FORMATS: tuple[Format, ...] = ("table", "csv", "json")


def render(rows: Sequence[Mapping[str, Any]], form: Format) -> str:
    """The rows as text that ends without a line break; columns are those of the first row.

    >>> print(render([{"segment": "Declining", "share": "4.10"}, {"segment": "All", "share": None}], "table"))
    segment      share
    ---------  -------
    Declining     4.10
    All
    """
    if form == "json":
        return json_text([dict(row) for row in rows])
    if not rows:
        return "(no rows)" if form == "table" else ""
    names = list(rows[0])
    if form == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().removesuffix("\n")
    numbers = [name for name in names if _are_numbers([row[name] for row in rows])]
    # The cells are text as they were published; to read them as numbers again would change their digits.
    table: str = tabulate(
        [[row[name] for name in names] for row in rows],
        headers=names,
        disable_numparse=True,
        colalign=["right" if name in numbers else "left" for name in names],
    )
    return table


def json_text(content: Any) -> str:
    """A document as indented JSON."""
    return json.dumps(content, indent=2, ensure_ascii=False)


def _are_numbers(cells: Sequence[Any]) -> bool:
    try:
        return bool([float(cell) for cell in cells if cell not in (None, "")])
    except ValueError:
        return False
