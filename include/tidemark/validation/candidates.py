"""What the rows of every candidate table must keep, whatever its family: there, complete, each once, of this
run's date."""

from collections.abc import Sequence

from include.tidemark.run import Run
from include.tidemark.validation.checks import Check, Severity, never, zero


def complete_rows(
    run: Run,
    table: str,
    key: str,
    required: Sequence[str],
    *,
    if_empty: str = "look at the log of the models task.",
    empty_is: Severity = "critical",
) -> list[Check]:
    """The first checks of a table with one row per user: `filled_rows`, and that nobody is in it twice.

    Args:
        key: the column that names the user, such as `customer_id`.
    """
    who = key.removesuffix("_id")
    once = zero(
        f"duplicate_{key}",
        f"count({key}) - count(distinct {key})",
        key,
        f"Each {who} has one row in {table}.",
        f"{table} holds {who}s more than once ({{observed}} rows too many); look for a join that multiplies rows.",
    )
    return [*filled_rows(run, table, required, if_empty=if_empty, empty_is=empty_is), once]


def filled_rows(
    run: Run, table: str, required: Sequence[str], *, if_empty: str, empty_is: Severity = "critical"
) -> list[Check]:
    """The first checks of a table: rows, complete ones, of this run's date.

    Args:
        table: the candidate, as `schema.table`.
        required: columns that are never null.
        if_empty: what to do when the table has no row for the run: the end of a sentence.
        empty_is: whether a run without rows stops.
    """
    return [
        Check(
            name="row_count",
            measure="count(*)",
            minimum=1,
            severity=empty_is,
            claim=f"{table} has rows for this run.",
            failure=f"{table} has no row for this run; {if_empty}",
        ),
        *(
            never(table, f"null_{column}", f"{column} is null", f"{column} is never null.", column)
            for column in required
        ),
        never(
            table,
            "other_as_of_date",
            f"as_of_date <> cast('{run.as_of_date}' as date)",
            "every row carries this run's as-of date.",
            "as_of_date",
        ),
    ]
