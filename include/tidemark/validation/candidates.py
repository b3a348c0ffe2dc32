"""What the rows of every candidate table must keep, whatever its family: there, complete, each once, of this run's date."""

from collections.abc import Sequence

from include.tidemark.run import Run
from include.tidemark.validation.checks import Check, Severity, never


def complete_rows(
    run: Run,
    table: str,
    key: str,
    required: Sequence[str],
    *,
    if_empty: str = "look at the log of the models task.",
    empty_is: Severity = "critical",
) -> list[Check]:
    """The first checks of a table with one row a user.

    Args:
        table: the candidate, as `schema.table`.
        key: the column that names the user, such as `customer_id`.
        required: columns that are never null.
        if_empty: what to do when the table has no row for the run: the end of a sentence.
        empty_is: whether a run without rows stops.
    """
    who = key.removesuffix("_id")
    advice = "Correct the model or its inputs."
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
            never(table, f"null_{column}", f"{column} is null", f"{column} is never null.", column, advice)
            for column in required
        ),
        Check(
            name=f"duplicate_{key}",
            measure=f"count({key}) - count(distinct {key})",
            maximum=0,
            column=key,
            claim=f"Each {who} has one row in {table}.",
            failure=f"{table} holds {who}s more than once ({{observed}} rows too many); look for a join that multiplies rows.",
        ),
        never(
            table,
            "other_as_of_date",
            f"as_of_date <> cast('{run.as_of_date}' as date)",
            "every row carries this run's as-of date.",
            "as_of_date",
            advice,
        ),
    ]
