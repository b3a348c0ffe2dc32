"""Differences, and what is made of them, as text for a terminal or a log."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from tabulate import tabulate  # type: ignore[import-untyped]

from include.tidemark.difference.result import Cells

_MOST = 25
"""Lines of a table; json and html have all."""


class Tables(Protocol):
    """What people read as tables."""

    def tables(self) -> Iterator[tuple[str, Cells]]:
        """Each with its title."""

    def sentences(self) -> Sequence[str]:
        """What the tables do not say."""


def text_of(found: Tables) -> str:
    """The tables that have a row, and the sentences below them."""
    return "\n\n".join((*_tables(found.tables()), "\n".join(found.sentences())))


def _tables(tables: Iterable[tuple[str, Cells]]) -> Iterator[str]:
    for title, rows in tables:
        if not rows:
            continue
        numbers = [name for name in rows[0] if all(isinstance(row[name], int | float | None) for row in rows)]
        table = tabulate(
            [["" if cell is None else str(cell) for cell in row.values()] for row in rows[:_MOST]],
            headers=list(rows[0]),
            disable_numparse=True,
            colalign=["right" if name in numbers else "left" for name in rows[0]],
        )
        more = f"\n... and {len(rows) - _MOST:,} more (--format json has all)" if len(rows) > _MOST else ""
        yield f"{title.upper()}\n\n{table}{more}"
