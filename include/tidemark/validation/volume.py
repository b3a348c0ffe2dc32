"""Counts against what the previous publication saw."""

from include.tidemark.run import PublishedRun, Run
from include.tidemark.validation.checks import Check, Severity


def drop_checks(run: Run, previous: PublishedRun, measure: str, subject: str, advice: str) -> list[Check]:
    """A warning and a stop for a count that is lower than before.

    Args:
        measure: SQL of the drop in percent; negative for a count that grew.
        subject: beginning of the sentences: what has how many of what.
    """
    levels: tuple[tuple[Severity, float], ...] = (
        ("warning", run.rules.volume_warning_drop_pct),
        ("critical", run.rules.volume_critical_drop_pct),
    )
    return [
        Check(
            name=f"volume_drop_pct_{severity}",
            measure=measure,
            maximum=bound,
            severity=severity,
            claim=f"{subject}, at most {bound:g} % fewer than the publication of {previous.as_of_date} saw.",
            failure=f"{subject}, but {{observed}} % fewer than the publication of {previous.as_of_date} saw (allowed:"
            f" {bound:g} %); {advice}",
        )
        for severity, bound in levels
    ]
