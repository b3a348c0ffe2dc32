"""Counts against what the previous publication saw."""

from include.tidemark.run import PublishedRun, Run
from include.tidemark.validation.checks import Check, NotEvaluated, Severity

DROP = "volume_drop_pct"


def drop_since_previous(  # noqa: PLR0917 - read as a table
    run: Run, family: str, now: str, before: str, subject: str, advice: str
) -> tuple[list[Check], list[NotEvaluated]]:
    """Whether a family's table holds fewer rows than in the publication before; for its first one, that this
    is not known.

    Args:
        now: SQL of the count in this run.
        before: SQL of the count in the previous publication of the family. Where that held nothing, nothing
            was lost.
        subject: beginning of the sentences: what has how many of what.
        advice: what to do when there are fewer: the end of a sentence.
    """
    previous = run.previous_of(family)
    if previous is None:
        return [], [NotEvaluated(DROP, first_publication(family))]
    measure = f"coalesce(100.0 * ({before} - {now}) / nullif({before}, 0), 0)"
    return drop_checks(run, previous, measure=measure, subject=subject, advice=advice), []


def first_publication(family: str) -> str:
    """Why a check that needs an earlier publication of the family is not made."""
    return f"Not evaluated: no earlier month of {family} is published to compare with."


def drop_checks(run: Run, previous: PublishedRun, measure: str, subject: str, advice: str) -> list[Check]:
    """A warning and a stop for a count that is lower than before.

    Args:
        measure: SQL of the drop in percent; negative for a count that grew.
        subject: beginning of the sentences: what has how many of what.
    """
    return [
        Check(
            name=f"{DROP}_{severity}",
            measure=measure,
            maximum=bound,
            severity=severity,
            claim=f"{subject}, at most {bound:g} % fewer than the publication of {previous.as_of_date} saw.",
            failure=f"{subject}, but {{observed}} % fewer than the publication of {previous.as_of_date} saw (allowed:"
            f" {bound:g} %); {advice}",
        )
        for severity, bound in drop_limits(run)
    ]


def drop_limits(run: Run) -> tuple[tuple[Severity, float], ...]:
    """By how many percent a count may be lower than before."""
    return ("warning", run.rules.volume_warning_drop_pct), ("critical", run.rules.volume_critical_drop_pct)
