"""What `tidemark init` proposes: tables, their columns, and what follows from them for the rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from include.tidemark.init.as_of import first_as_of
from include.tidemark.init.cells import Cell
from include.tidemark.init.facts import Facts
from include.tidemark.init.money import FoundCurrency
from include.tidemark.init.seen import Look
from include.tidemark.sources.contract import SourceTable

_MOMENTS = ("event_at", "transaction_at")
_SENTINEL = 2100
"""Dates from this year on stand for none."""


@dataclass(frozen=True)
class Guess:
    """An SQL text of the mapping, and what is not sure about it."""

    sql: str
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableProposal:
    """One table of the contract, made of one source."""

    table: SourceTable
    look: Look
    facts: tuple[Facts, ...]
    cells: Mapping[str, Cell]
    """One for each column of the contract."""
    where: Guess | None = None
    loaded_at: Guess | None = None
    partitions: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    """About the source as a whole."""

    @property
    def lacking(self) -> tuple[str, ...]:
        """Columns that every row needs and that nothing in the source could be: the table can't be used
        without them."""
        return tuple(
            name for name, cell in self.cells.items() if cell.column.required and cell.source is None
        )

    @property
    def mapped(self) -> tuple[str, ...]:
        """Columns that are made of the source's."""
        return tuple(name for name, cell in self.cells.items() if cell.source is not None)

    @property
    def unsure(self) -> int:
        """Lines of the mapping that somebody has to look at."""
        lines = [*(cell.doubts for cell in self.cells.values()), self.doubts]
        lines += [guess.doubts for guess in (self.where, self.loaded_at) if guess is not None]
        return sum(bool(doubts) for doubts in lines)


@dataclass(frozen=True)
class Proposal:
    """What was made of everything that was looked at."""

    tables: tuple[TableProposal, ...]
    left: tuple[tuple[Look, str | None], ...]
    """Sources that no table is made of, each with the table that it is like where another source is more like
    it."""
    zone: tuple[str, str] | None
    """The business time zone, and the country that says so."""
    currency: FoundCurrency | None
    today: date | None = None
    """The day in the business time zone; no later one may be an as-of date."""

    @property
    def usable(self) -> tuple[TableProposal, ...]:
        """The tables that have all the columns which they can't do without."""
        return tuple(table for table in self.tables if not table.lacking)

    def table(self, name: str) -> TableProposal | None:
        """A usable table by name."""
        return next((each for each in self.usable if each.table.name == name), None)

    @property
    def as_of(self) -> date | None:
        """The as-of date of a first run; None where nothing says when the events or transactions were."""
        spans = [
            moments.span
            for table in self.usable
            for facts in table.facts
            if facts.column.name in {table.cells[name].named for name in _MOMENTS if name in table.cells}
            and (moments := facts.moments) is not None
            and moments.span is not None
            and moments.span[1].year < _SENTINEL
        ]
        return first_as_of([(first.date(), last.date()) for first, last in spans], self.today)
