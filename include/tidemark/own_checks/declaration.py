"""The files below `checks/`: what each check asks, and which severity shipped checks have here."""

import string
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from include.tidemark.documents.document import Document, unknown_name, validate
from include.tidemark.errors import ContradictionError, SettingsError
from include.tidemark.own_checks import FOLDER
from include.tidemark.own_checks.measures import Measure, compile_measure, compile_rows_where
from include.tidemark.own_checks.tables import CheckedTable, checked_tables
from include.tidemark.validation.checks import Severity, Stage

NAME = r"^[a-z][a-z0-9]*(_[a-z0-9]+)+$"
"""Two words at least: no word of SQL's own, and readable beside a suite."""
_SENTENCE = r"^[^\\\x00-\x1f]*$"

Name = Annotated[StrictStr, Field(max_length=60, pattern=NAME)]
Sentence = Annotated[StrictStr, Field(min_length=1, max_length=500, pattern=_SENTENCE)]
Expression = Annotated[StrictStr, Field(min_length=1, max_length=2000)]
Number = StrictInt | StrictFloat


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Reconciliation(_Part):
    """Two measures that must agree."""

    measure: Expression = Field(description="Of the check's table.")
    other_table: StrictStr = Field(description="What it is held against.")
    other_measure: Expression = Field(description="Of the other table.")
    tolerance_pct: Annotated[Number, Field(ge=0, le=100)] = Field(
        0, description="In per cent of the other measure."
    )


class OwnCheck(_Part):
    """One check of the deployment's own: a number of a table, and the bounds that it must keep."""

    name: Name = Field(
        description="Unique among all files; at least two words in lower case, joined by underscores."
    )
    table: StrictStr = Field(
        description="A table of the schemas raw, staging, core or runs. Of it the run's own rows are seen, or those before the as-of date."
    )
    measure: Expression | None = Field(
        None,
        description="A number made of count, count_if, sum, avg, min and max, such as `avg(lifetime_value)`.",
    )
    rows_where: Expression | None = Field(
        None,
        description="A condition over the columns of one row; the measure is the number of rows that keep it.",
    )
    reconciles: Reconciliation | None = None
    min: Number | None = Field(None, description="The least that the measure may be.")
    max: Number | None = Field(
        None, description="The most that it may be; 0 for rows_where unless a bound is said."
    )
    severity: Severity = Field(
        "warning",
        description="critical stops the run; a warning is published with the result; info is noted.",
    )
    claim: Sentence = Field(description="What holds, in one sentence.")
    failure: Sentence = Field(
        description="What is wrong and what to do, in one sentence; {observed} stands for the number."
    )

    @model_validator(mode="after")
    def _consistent(self) -> "OwnCheck":
        said = [key for key in ("measure", "rows_where", "reconciles") if getattr(self, key) is not None]
        if len(said) != 1:
            what = f"both {said[0]} and {said[1]}" if said else "none of them"
            raise ContradictionError(
                f"a check has one of measure, rows_where and reconciles, and this one has {what}", *said
            )
        if self.reconciles and not (self.min is None and self.max is None):
            raise ContradictionError(
                "what reconciles is bounded by tolerance_pct; remove min and max", "min", "max"
            )
        if self.measure is not None and self.min is None and self.max is None:
            raise ContradictionError("a measure needs a bound; say min, max or both", "measure")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ContradictionError(f"min ({self.min}) is above max ({self.max})", "min")
        if wrong := _other_field(self.failure):
            raise ContradictionError(
                f"failure may hold {{observed}} in braces and nothing else, not {wrong}", "failure"
            )
        return self

    @property
    def of(self) -> CheckedTable:
        """The table that it is about, which `load_checks` has found."""
        return checked_tables()[self.table]

    @property
    def stage(self) -> Stage:
        """When all rows that it looks at are there."""
        other = checked_tables()[self.reconciles.other_table].stage if self.reconciles else self.of.stage
        return "statistics" if "statistics" in (other, self.of.stage) else self.of.stage

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """Least and greatest value."""
        if self.rows_where is not None and self.min is None and self.max is None:
            return None, 0
        return self.min, self.max


class Checks(_Part):
    """One file of checks."""

    severity: dict[StrictStr, Severity] = Field(
        {}, description="Severity of shipped checks here, by `<suite>.<check>` as Data Docs name them."
    )
    checks: tuple[OwnCheck, ...] = ()


def checks_of(config: Mapping[str, Mapping[str, Any]]) -> list[OwnCheck]:
    """The checks of a configuration folder's content, which `load_checks` has checked."""
    return [check for file in _files(config) for check in file.checks]


def severities_of(config: Mapping[str, Mapping[str, Any]]) -> dict[str, Severity]:
    """The severities of shipped checks that a folder's content says, by `<suite>.<check>`."""
    return {name: severity for file in _files(config) for name, severity in file.severity.items()}


def _files(config: Mapping[str, Mapping[str, Any]]) -> list[Checks]:
    return [
        Checks.model_validate(content) for name, content in config.items() if name.startswith(f"{FOLDER}/")
    ]


def load_checks(documents: Mapping[str, Document], is_built: Mapping[str, bool]) -> list[Checks]:
    """The files of checks, each checked as a whole, and that no name is said twice. Names of shipped checks
    are not looked at.

    Args:
        is_built: for each folder of dbt models and each `raw.<table>`, whether the enabled families need it.

    Raises:
        SettingsError: something in them can't be used; the message names file and line.
    """
    names: dict[str, str] = {}
    read = []
    for document in documents.values():
        file = validate(document, Checks)
        for number, check in enumerate(file.checks):
            place = ("checks", number)
            _refuse_twice(names, check.name, document.where((*place, "name")))
            _compile(document, place, check, is_built)
        for name in file.severity:
            _refuse_twice(names, name, document.where(("severity", name)))
        read.append(file)
    return read


def _refuse_twice(names: dict[str, str], name: str, where: str) -> None:
    if name in names:
        raise SettingsError(
            f"{where}: {name} stands here a second time (first in {names[name]}); remove one."
        )
    names[name] = where


def _compile(
    document: Document, place: tuple[str | int, ...], check: OwnCheck, is_built: Mapping[str, bool]
) -> None:
    def at(key: str, inner: str = "") -> str:
        return document.where((*place, key, inner) if inner else (*place, key))

    table = _table(check.table, at("table"), is_built)
    if check.rows_where is not None:
        _look(at("rows_where"), lambda: compile_rows_where(check.rows_where or "", table.columns))
    if check.measure is not None:
        _look(at("measure"), lambda: _shown_measure(check, table))
    if check.reconciles is not None:
        both = check.reconciles
        other = _table(both.other_table, at("reconciles", "other_table"), is_built)
        if other.stage != table.stage and "sources" in (other.stage, table.stage):
            raise SettingsError(
                f"{at('reconciles', 'other_table')}: raw tables are checked before the others are made, so {table.name} and"
                f" {other.name} can't be compared; take one of staging, which has the rows of raw."
            )
        _look(at("reconciles", "measure"), lambda: _of_all_rows(both.measure, table))
        _look(at("reconciles", "other_measure"), lambda: _of_all_rows(both.other_measure, other))


def _table(name: str, where: str, is_built: Mapping[str, bool]) -> CheckedTable:
    known = checked_tables()
    if name not in known:
        raise SettingsError(
            f"{where}: the table {unknown_name(name, name, list(known))} A check is about a table of raw, staging, core or runs."
        )
    table = known[name]
    if not is_built.get(table.name if table.folder == "raw" else table.folder, True):
        raise SettingsError(
            f"{where}: {name} is not made here, as no enabled family (TIDEMARK_FAMILIES) or segmentation needs it; enable one, or remove"
            " the check."
        )
    return table


def _shown_measure(check: OwnCheck, table: CheckedTable) -> Measure:
    measure = compile_measure(check.measure or "", table.columns)
    if measure.shows_a_row and "{observed}" in check.failure:
        raise SettingsError(
            "min and max are the value of one row, which no page may show; leave {observed} out of failure."
        )
    return measure


def _of_all_rows(text: str, table: CheckedTable) -> Measure:
    measure = compile_measure(text, table.columns)
    if measure.shows_a_row:
        raise SettingsError(
            "min and max are the value of one row, and a difference would show it; compare counts, sums or means."
        )
    return measure


def _look(where: str, compile_it: Any) -> None:
    try:
        compile_it()
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from None


def _other_field(text: str) -> str:
    """What a sentence has in braces that it may not have; empty where there is nothing."""
    try:
        fields = [
            (name, form, conversion)
            for _, name, form, conversion in string.Formatter().parse(text)
            if name is not None
        ]
    except ValueError:
        return "a single brace"
    if "{{" in text or "}}" in text:
        return "doubled braces"
    return next(
        (
            f"{{{name}}}"
            for name, form, conversion in fields
            if (name, form, conversion) != ("observed", "", None)
        ),
        "",
    )
