"""Sums of the models against the same sums counted another way."""

from include.tidemark.validation.checks import Check


def agrees(  # noqa: PLR0917 - read as a table
    name: str, ours: str, theirs: str, tolerance: float, subject: str, others: str, column: str
) -> Check:
    """Two columns of the asset's source agree within a tolerance, in each of its rows.

    A sum where there should be none, or none where there should be one, is off by everything.

    Args:
        ours: SQL of what the models hold.
        theirs: SQL of the same, counted without them.
        tolerance: in percent of `theirs`.
        subject: what is compared, the beginning of the sentences.
        others: whom it is compared with.
    """
    return Check(
        name=name,
        measure=f"coalesce(max({off_pct(ours, theirs)}), 0)",
        maximum=tolerance,
        column=column,
        claim=f"{subject} agrees with {others} within {tolerance:g} %.",
        failure=f"{subject} differs from {others} by {{observed}} % (allowed: {tolerance:g} %); run the month again with"
        " full_refresh, and if it stays look for rows lost or doubled between staging and core.",
    )


def off_pct(ours: str, theirs: str) -> str:
    """SQL: by how many per cent of `theirs` the two differ; 100 where only one of them is something."""
    a, b = f"cast({ours} as double)", f"cast({theirs} as double)"
    return f"case when {a} = {b} then 0 when coalesce({b}, 0) = 0 or {a} is null then 100 else 100 * abs({a} - {b}) / abs({b}) end"
