"""A published table without the rows of some people. Every other row keeps its bytes, and its place."""

import csv
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.tidemark.artifacts.writing import escape_formula, write_parquet


@dataclass
class Removal:
    """What was removed from one file."""

    people: set[str] = field(default_factory=set)
    """Ids of those who had rows."""
    rows: int = 0
    left: int = 0
    """Rows that stay."""
    others: int = 0
    """How many of the rows that stay are of the people who were looked for to see whether ids can be found at
    all."""


@dataclass(frozen=True)
class Wanted:
    """Whose rows are removed, by every form that an id may have in a file."""

    forms: Mapping[str, str]
    others: Collection[str] = ()
    """Forms of the ids of some people who stay."""


UserColumns = Callable[[Sequence[str]], list[str]]
"""Which of a table's columns hold user ids."""


def remove_people(source: Path, target: Path, wanted: Wanted, columns: UserColumns) -> Removal:
    """Write the table in the file `source` to `target` without the rows of the people."""
    remove = _from_parquet if source.suffix == ".parquet" else _from_csv
    return remove(source, target, wanted, columns)


def _from_csv(source: Path, target: Path, wanted: Wanted, columns: UserColumns) -> Removal:
    removal = Removal()
    forms = {escape_formula(form): user_id for form, user_id in wanted.forms.items()}
    others = {escape_formula(form) for form in wanted.others}
    # Line ends as they stand, so that what is written is what was read.
    with (
        source.open(encoding="utf-8", newline="") as lines,
        target.open("w", encoding="utf-8", newline="") as kept,
    ):
        records = _records(lines)
        header, text = next(records, ([], ""))
        kept.write(text)
        places = [header.index(name) for name in columns(header)]
        if not places:
            return removal
        for cells, text in records:
            found = [cells[place] for place in places if place < len(cells)]
            if people := {forms[cell] for cell in found if cell in forms}:
                removal.people |= people
                removal.rows += 1
                continue
            removal.left += 1
            removal.others += any(cell in others for cell in found)
            kept.write(text)
    return removal


def _records(lines: Iterator[str]) -> Iterator[tuple[list[str], str]]:
    """Each record's cells and its very text; a quoted cell may hold line ends."""
    read: list[str] = []

    def told() -> Iterator[str]:
        for line in lines:
            read.append(line)
            yield line

    for cells in csv.reader(told()):
        yield cells, "".join(read)
        read.clear()


def _from_parquet(source: Path, target: Path, wanted: Wanted, columns: UserColumns) -> Removal:
    removal = Removal()
    with pq.ParquetFile(source) as file:
        names = columns(file.schema_arrow.names)
        if not names:
            return removal
        forms = pa.array(list(wanted.forms), pa.string())
        others = pa.array(list(wanted.others), pa.string())

        def kept() -> Iterator[pa.RecordBatch]:
            for batch in file.iter_batches():
                gone = pa.array([False] * batch.num_rows, pa.bool_())
                known = gone
                for name in names:
                    ids = batch.column(name).cast(pa.string())
                    theirs = pc.is_in(ids, value_set=forms)
                    removal.people |= {wanted.forms[form] for form in ids.filter(theirs).unique().to_pylist()}
                    gone = pc.or_(gone, theirs)
                    known = pc.or_(known, pc.is_in(ids, value_set=others))
                stays = pc.invert(gone)
                rest = batch.filter(stays)
                removal.rows += batch.num_rows - rest.num_rows
                removal.left += rest.num_rows
                removal.others += pc.sum(pc.and_(known, stays)).as_py() or 0
                if rest.num_rows:
                    yield rest

        write_parquet(target, file.schema_arrow, kept())
    return removal
