"""The vocabulary of the gate: checks, the assets that they are about, and their results.

A check is one aggregate of a table and the bounds that it must keep. All checks of an asset are computed by
one query that gives one row, so a table of any size is read once, and no row of it can reach a log, a result
or a page.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from include.tidemark.sources.literals import text_literal

Severity = Literal["critical", "warning", "info"]
"""critical stops the run, a warning is published with the result, info is only noted."""

Stage = Literal["sources", "models", "statistics"]


_ADVICE = "Correct the model or its inputs."
_ROWS = "coalesce(count_if({condition}), 0)"


@dataclass(frozen=True)
class Check:
    """One expectation."""

    name: str
    """Unique in its asset; also the name of the measure's column."""
    measure: str
    """SQL aggregate over the asset's source; null counts as failed."""
    claim: str
    """What holds when the check succeeds, in one sentence."""
    failure: str
    """What is wrong, where, and what to do; may hold `{observed}` and `{detail}`."""
    severity: Severity = "critical"
    minimum: float | None = None
    maximum: float | None = None
    column: str | None = None
    detail: str | None = None
    """Query of one text that is run only when the check failed. It must not give anything that identifies a
    user."""

    @property
    def counts_rows(self) -> bool:
        """Whether the measure is the number of rows that break the check."""
        return self.maximum == 0 and self.measure.startswith(_ROWS.partition("{")[0])


@dataclass(frozen=True)
class NotEvaluated:
    """A check that this run cannot make, with the reason, so that it does not silently go missing."""

    name: str
    reason: str
    column: str | None = None


@dataclass(frozen=True)
class Asset:
    """A table, or the run's part of one, with everything that is expected of it: one suite."""

    name: str
    """Name of the suite, such as `sources.transactions`."""
    table: str
    """The table that messages and results name."""
    source: str
    """What stands after `from`."""
    checks: tuple[Check, ...]
    with_clause: str = ""
    """Common table expressions that the source uses, without the word `with`."""
    needs: tuple[str, ...] = ()
    """Tables (`schema.table`) without which the query cannot run; the gate looks for them first."""
    not_evaluated: tuple[NotEvaluated, ...] = ()

    @property
    def query(self) -> str:
        """The one statement that computes every measure."""
        measures = f"select {', '.join(f'{c.measure} as {c.name}' for c in self.checks)} from {self.source}"
        return f"with {self.with_clause} {measures}" if self.with_clause else measures


@dataclass(frozen=True)
class CheckResult:
    """What became of one check."""

    suite: str
    expectation: str
    table: str
    column: str | None
    severity: Severity
    success: bool
    observed: str | None
    """The measure as text; None where nothing could be measured."""
    message: str
    counts_rows: bool = False
    """Whether what was observed is the number of rows that break it."""

    @property
    def sentence(self) -> str:
        """The message behind the names of suite and check, and how many rows break it or what was
        observed."""
        seen = (
            ""
            if self.observed is None
            else f" ({int(self.observed):,} {'row' if self.observed == '1' else 'rows'})"
            if self.counts_rows
            else f" (observed {self.observed})"
        )
        return f"{self.suite}, {self.expectation}{seen}: {self.message}"


@dataclass(frozen=True)
class GateReport:
    """All results of one stage."""

    stage: Stage
    results: tuple[CheckResult, ...]

    def failed(self, severity: Severity) -> list[CheckResult]:
        """The failed checks of one severity, in the order in which they were declared."""
        return [result for result in self.results if not result.success and result.severity == severity]

    @property
    def counts(self) -> dict[str, int]:
        """Number of checks, and of failed ones by severity."""
        failed = Counter(result.severity for result in self.results if not result.success)
        return {
            "checks": len(self.results),
            **{level: failed[level] for level in ("critical", "warning", "info")},
        }

    def rows(self, identity: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows of `control.gate_results`; `identity` holds the run's as_of_date and run_key."""
        return [
            {
                **identity,
                "stage": self.stage,
                "suite": result.suite,
                "expectation": result.expectation,
                "table_name": result.table,
                "column_name": result.column,
                "severity": result.severity,
                "success": result.success,
                "observed": result.observed,
                "message": result.message,
            }
            for result in self.results
        ]


def count_where(condition: str) -> str:
    """Measure: the number of rows for which a condition holds; 0, not null, for a table without rows."""
    return _ROWS.format(condition=condition)


COMPARED = "(select 1 as one) as compared"
"""The source of an asset whose measures Python has made of counts."""


def counted(name: str, number: int, what: str, purpose: str = "") -> Check:
    """That something was counted, so that a suite whose other checks do not apply is not empty."""
    return Check(
        name=name,
        measure=f"max({number})",
        minimum=0,
        severity="info",
        claim=f"{what} were counted{purpose}.",
        failure=f"{what} were not counted.",
    )


def zero(
    name: str,
    measure: str,
    column: str,
    claim: str,
    failure: str,
    *,
    severity: Severity = "critical",
    detail: str | None = None,
) -> Check:
    """A count of what must not be, or a difference of what must be alike."""
    return Check(
        name=name,
        measure=measure,
        maximum=0,
        column=column,
        severity=severity,
        claim=claim,
        failure=failure,
        detail=detail,
    )


def never(  # noqa: PLR0917 - read as a table
    table: str, name: str, condition: str, claim: str, column: str, advice: str = _ADVICE
) -> Check:
    """No row of the table keeps a condition: the check of a definition.

    Args:
        claim: what holds instead, as a sentence that goes on after `<table>:`.
        advice: what to do when it does not hold, as a sentence.
    """
    return broken(table, name, count_where(condition), claim, column, advice)


def broken(  # noqa: PLR0917 - read as a table
    table: str, name: str, measure: str, claim: str, column: str, advice: str = _ADVICE
) -> Check:
    """The same where the rows that break the definition are counted by a measure."""
    failure = f"{table} has rows ({{observed}}) that break this: {claim} {advice}"
    return zero(name, measure, column, f"{table}: {claim}", failure)


def warning(  # noqa: PLR0917 - read as a table
    name: str, condition: str, column: str, claim: str, failure: str, detail: str | None = None
) -> Check:
    """A condition that no row should keep, and that is published with the result where one does."""
    return zero(name, count_where(condition), column, claim, failure, severity="warning", detail=detail)


def text_list(values: Sequence[str]) -> str:
    """Texts as the right-hand side of `in`."""
    return f"({', '.join(text_literal(value) for value in values)})"
