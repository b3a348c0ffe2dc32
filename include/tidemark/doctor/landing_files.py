"""Landing files, read as the loader reads them, but into a folder that is gone afterwards."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from include.tidemark.doctor.examination import Examination
from include.tidemark.doctor.findings import Finding, wrong
from include.tidemark.doctor.money import file_currencies
from include.tidemark.doctor.sources import SeenRows, SeenTable, absent_columns, mapping_errors
from include.tidemark.errors import SourceError
from include.tidemark.sources.contract import SourceTable
from include.tidemark.sources.files import LandingFile
from include.tidemark.sources.rows import SourceRows
from include.tidemark.sources.same_columns import SameColumns
from include.tidemark.sources.sources_file import TableSource
from include.tidemark.sources.staged_view import literal
from include.tidemark.sources.typed import StagedFile, staged_file
from include.tidemark.validation.contract import FoundTable

if TYPE_CHECKING:
    from include.tidemark.sources.reading import Reading

AT_EACH_END = 20
"""Of more files than twice this many, only this many at the beginning and at the end are read."""
_NAMED_FILES = 5


class _Look:
    """A look at the files of one table."""

    def __init__(self, examination: Examination, table: SourceTable, source: TableSource | None) -> None:
        self.table, self.source = table, source
        self.currency, self.places = examination.rules.currency, examination.config.places
        self.loaded_at = examination.started_at.astimezone(UTC).replace(tzinfo=None)
        self.folder = examination.scratch
        self.findings: list[Finding] = []
        self.written: list[Path] = []
        self.reading: Reading | None = None
        self.fits_no_file = False
        """Whether the mapping itself is wrong, so that every further file would say the same."""
        self.judged: set[str] = set()
        self.currencies: dict[str, frozenset[str]] = {}
        self._same = SameColumns()

    def read(self, number: int, file: LandingFile) -> None:
        """Read one file; what is wrong with it becomes a finding."""
        try:
            with staged_file(
                self.table, self.source, file, self.folder, self.currency, self.places
            ) as staged:
                self._same.names(staged)
                self._look_at(staged, self.folder / f"{self.table.name}-{number}.parquet")
        except SourceError as error:
            self._report([str(error)])
        except (duckdb.Error, OSError) as error:
            self._report(
                [f"The landing file {file.uri} can't be read here ({type(error).__name__}); try again."]
            )

    def _look_at(self, staged: StagedFile, target: Path) -> None:
        staged.check_columns()
        if errors := mapping_errors(self.table, staged.source, staged.reading, self.places):
            self._report(errors)
            self.fits_no_file = True
            return
        reading = staged.reading()
        self._same.kinds(staged, reading)
        faults = list(staged.faults(reading))
        self._report([staged.explain(fault) for fault in faults])
        self.judged |= {fault.flag.column for fault in faults}
        staged.copy(reading, target, self.loaded_at, names_its_file=False)
        self.written.append(target)
        self.reading = reading
        for name, codes in file_currencies(staged, reading).items():
            self.currencies[name] = self.currencies.get(name, frozenset()) | codes

    def _report(self, errors: Sequence[str]) -> None:
        self.findings += [wrong(self.table.name, error) for error in errors]


def see_files(
    examination: Examination, table: SourceTable, source: TableSource | None, files: Sequence[LandingFile]
) -> SeenTable:
    """Read the files of one table, or the first and last where there are many."""
    chosen, part = files, ""
    if len(files) > 2 * AT_EACH_END:
        chosen = [*files[:AT_EACH_END], *files[-AT_EACH_END:]]
        part = f"the first and last {AT_EACH_END} of {len(files)} files"
    look = _Look(examination, table, source)
    for number, file in enumerate(chosen):
        look.read(number, file)
        if look.fits_no_file:
            break
    findings = look.findings[:_NAMED_FILES]
    if more := len(look.findings) - len(findings):
        findings.append(
            Finding(
                table.name,
                "wrong",
                f"There are {more} more faults in its files.",
                "Correct those above first.",
            )
        )
    if not findings:
        named = (
            files[0].uri
            if len(files) == 1
            else f"{source.files if source else table.name} ({len(files)} files)"
        )
        some = f" Looked at: {part}." if part else ""
        findings.append(Finding(table.name, "ok", f"{named} can be read with these columns and types.{some}"))
    if look.reading is None:
        return SeenTable(table, tuple(findings), None)
    findings += absent_columns(table, look.reading.absent)
    return SeenTable(table, tuple(findings), _seen(examination, look, part))


def _seen(examination: Examination, look: _Look, part: str) -> SeenRows:
    listed = ", ".join(literal(str(path)) for path in look.written)
    rows = SourceRows(
        table=look.table.name,
        relation=look.table.name,
        sql=f"select * from read_parquet([{listed}], hive_partitioning = false)",
    )
    types = {column.name: column.data_type for column in look.table.columns}
    return SeenRows(
        FoundTable(look.table, rows, types), examination.reader, part, frozenset(look.judged), look.currencies
    )
