"""What the sources lack and a run may say that it is meant."""

from include.tidemark.run import Run
from include.tidemark.validation.checks import Severity


def unless_allowed(run: Run, key: str, severity: Severity) -> tuple[Severity, str]:
    """The severity of what is missing, and how a person who means it goes on where that stops the run.

    Args:
        key: a table, or a column as `table.column`, as `allow_missing` names it.
        severity: of a run that does not.
    """
    if severity == "warning" or key in run.options.allow_missing:
        return "warning", ""
    return (
        severity,
        f"; if it is meant, start the run once with allow_missing for it (`tidemark run --allow-missing {key}`)",
    )
