"""Source tables that the run's families can do without, and that have no row: once they had some, their
absence is a loss."""

from include.tidemark.run import Run
from include.tidemark.sources.rows import SourceRows, without_rows
from include.tidemark.validation.allowed import unless_allowed
from include.tidemark.validation.checks import COMPARED, Asset, Check, NotEvaluated


def no_rows_asset(run: Run, rows: SourceRows, seen_before: int | None) -> Asset:
    """What is to be said of such a table in place of the checks of its rows.

    Args:
        rows: of the table, of which there are none.
        seen_before: rows that the previous publication saw; None where that is not known, or none is
            published.
    """
    severity, advice = unless_allowed(run, rows.table, "critical")
    before = f"the publication of {run.previous.as_of_date}" if run.previous else "an earlier publication"
    gone = Check(
        name="rows_gone",
        measure=f"max({int(bool(seen_before))})",
        maximum=0,
        severity=severity,
        claim=f"{rows.relation} has rows where {before} saw some.",
        failure=f"{rows.relation} has no row, but {before} saw {seen_before}: find out where they went before you publish{advice}.",
    )
    why = without_rows([rows.table], rows.lack or "empty")
    skipped = NotEvaluated("rows", f"Not evaluated: {why}, and the enabled families can do without it.")
    return Asset(f"sources.{rows.table}_absent", rows.relation, COMPARED, (gone,), not_evaluated=(skipped,))
