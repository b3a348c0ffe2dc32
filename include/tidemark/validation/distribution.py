"""How the segments' shares of a candidate and the number of its users stand against the previous
publication."""

from dataclasses import dataclass

from include.tidemark.run import PublishedRun, Run
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.checks import Asset, Check, NotEvaluated, Severity
from include.tidemark.validation.volume import drop_since_previous, first_publication

LARGEST_SHARE_PCT = 90
"""A segment of more says little more than 'a customer' or 'a user'. No rule, because it decides nothing about
anybody."""
_SMALLEST_SHARE = 1e-4
"""What an empty segment counts as in the stability index, which is not defined at 0."""


@dataclass(frozen=True)
class Segmentation:
    """A column of segments, one row per user, and what the gate's sentences call it."""

    family: str
    table: str
    column: str
    segments: tuple[str, ...]
    check: str
    """Name of the drift checks, without their severity."""
    whose: str
    """`The segments'`, with a capital."""
    people: str
    """`customers` or `users`."""
    if_moved: str
    """What to look at when shares moved: the end of a sentence."""
    if_fewer: str
    """What to do when there are fewer people: the end of a sentence."""
    shown_as: str = ""
    """The table that messages name, where `table` is a part of one."""

    redeclared: bool = False
    """Whether its segments were declared otherwise in the previous publication: that they move then stops
    nothing."""

    @property
    def named(self) -> str:
        """The table in sentences."""
        return self.shown_as or self.table


def shares_clause(run: Run, of: Segmentation) -> str:
    """Common table expressions that end with `shares`: `segment, share_now, share_before, all_now,
    all_before`."""
    segments = " union all ".join(f"select {text_literal(name)} as segment" for name in of.segments)
    previous_key = run.previous_key_of(of.family)
    return f"""
        segments as ({segments}),
        counted as (
            select {of.column} as segment, count_if(run_key = '{run.run_key}') as n_now,
                count_if(run_key = '{previous_key}') as n_before
            from {of.table} where run_key in ('{run.run_key}', '{previous_key}') group by {of.column}
        ),
        totals as (select sum(n_now) as all_now, sum(n_before) as all_before from counted),
        shares as (
            select segments.segment, totals.all_now, totals.all_before,
                coalesce(counted.n_now, 0) / nullif(cast(totals.all_now as double), 0) as share_now,
                coalesce(counted.n_before, 0) / nullif(cast(totals.all_before as double), 0) as share_before
            from segments cross join totals left join counted on segments.segment = counted.segment
        )"""


def distribution(run: Run, name: str, of: Segmentation, *alone: Check) -> Asset:
    """The suite of the segments' shares.

    Args:
        name: of the suite.
        alone: checks of `shares` that need no earlier publication.
    """
    previous = run.previous_of(of.family)
    subject = f"{of.named} has {of.people}"
    volume, skipped = drop_since_previous(
        run, of.family, "max(all_now)", "max(all_before)", subject, of.if_fewer
    )
    if previous is None:
        drift = []
        skipped = [NotEvaluated(of.check, first_publication(of.family), of.column), *skipped]
    else:
        drift = _drift_checks(run, previous, of)
    return Asset(
        name=name,
        table=of.named,
        source="shares",
        with_clause=shares_clause(run, of),
        checks=(*alone, *drift, *volume),
        needs=(of.named,),
        not_evaluated=tuple(skipped),
    )


def _drift_checks(run: Run, previous: PublishedRun, of: Segmentation) -> list[Check]:
    """Population stability index, sum of (p - q) ln(p / q) over the segments (Siddiqi, Credit Risk
    Scorecards, 2006)."""
    now, before = (f"greatest({share}, {_SMALLEST_SHARE})" for share in ("share_now", "share_before"))
    levels: tuple[tuple[Severity, float], ...] = (
        ("warning", run.rules.drift_warning_psi),
        ("critical", run.rules.drift_critical_psi),
    )
    moved = f"{of.whose} shares moved by a stability index of"
    if of.redeclared:
        levels = levels[:1]
    return [
        Check(
            name=f"{of.check}_{level}",
            measure=f"sum(({now} - {before}) * ln({now} / {before}))",
            maximum=bound,
            severity=level,
            column=of.column,
            claim=f"{moved} at most {bound:g} since {previous.as_of_date}.",
            failure=f"{moved} {{observed}} since {previous.as_of_date} (allowed: {bound:g}); {of.if_moved}",
        )
        for level, bound in levels
    ]
