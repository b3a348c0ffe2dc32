"""What was seen of one source. Values stay in memory: they are looked at, and never written or printed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from include.tidemark.sources.kinds import Kind
from include.tidemark.sources.sources_file import CsvOptions, FileFormat


@dataclass(frozen=True)
class SeenColumn:
    """One column of a source, with a sample of its values as text."""

    name: str
    """As the source has it."""
    kind: Kind
    cells: tuple[str | None, ...] = field(repr=False)
    """One for each sampled row, without blanks around it; None for null and where only blanks are."""
    partition: bool = False
    """A folder `name=value` above the files, which becomes a column only where `partitions` asks for it."""

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The cells that are not null."""
        return tuple(cell for cell in self.cells if cell is not None)

    @cached_property
    def distinct(self) -> frozenset[str]:
        """The different values."""
        return frozenset(self.values)


@dataclass(frozen=True)
class Look:
    """A file, a set of files or a table, as far as it was looked at."""

    named: str
    """What people call it."""
    dialect: str
    """Engine that reads it: duckdb or snowflake."""
    columns: tuple[SeenColumn, ...]
    sampled: int
    """Rows that the cells are of."""
    row_count: int | None
    """All rows; None where counting them would cost too much."""
    files: str | None = None
    """Pattern below the landing URL."""
    format: FileFormat | None = None
    """Of the files, whatever their names end in."""
    format_is_named: bool = True
    """Whether the names of the files say the format."""
    csv: CsvOptions | None = None
    many: bool = False
    """Whether the pattern fits more than one file."""
    relation: str | None = None
    """The table, as `from` takes it."""
    doubts: tuple[str, ...] = ()
    """What was guessed about the source as a whole."""

    def column(self, name: str) -> SeenColumn:
        """A column by its very name."""
        return next(column for column in self.columns if column.name == name)


def spread(items: Sequence[str], wanted: int) -> list[str]:
    """That many of the items, from the first to the last.

    >>> spread(["a", "b", "c", "d", "e"], 3)
    ['a', 'c', 'e']
    """
    if len(items) <= wanted:
        return list(items)
    return [items[round(position * (len(items) - 1) / (wanted - 1))] for position in range(wanted)]
