"""The reasons for which rows may be left out, as a rules file may name them."""

from datetime import UTC, date, datetime

from include.tidemark.accounting.account import REPEATED, accounts_by_table
from include.tidemark.documents.document import Document
from include.tidemark.documents.nearest import did_you_mean
from include.tidemark.errors import SettingsError
from include.tidemark.families import known_families
from include.tidemark.rules import Rules
from include.tidemark.run import Run, RunOptions, make_run_key

_LIMITS = "row_account_limits"
_OF_NO_FAMILY = frozenset({REPEATED, "source_filter", "erased", "not_in_facts"})


def refuse_unknown_reasons(document: Document, rules: Rules) -> None:
    """Refuse a rules file that limits a reason which neither a family nor the loading of rows has: it would
    limit nothing.

    Raises:
        SettingsError: it does; the message names the line and the nearest reason.
    """
    limits = document.content.get(_LIMITS)
    named = list(limits) if isinstance(limits, dict) else []
    if not named:
        return
    known = known_reasons(rules)
    for reason in named:
        if reason not in known:
            hint = did_you_mean(str(reason), known) or f"; known are {', '.join(sorted(known))}."
            raise SettingsError(
                f"{document.where((_LIMITS, reason))}: no row is ever left out for the reason '{reason}'{hint}"
            )


def known_reasons(rules: Rules) -> set[str]:
    """The reasons of every family, enabled or not, and those that belong to none."""
    # Which reasons there are depends on no date; a run is asked for, because their SQL does.
    day, started_at = date(2000, 1, 1), datetime(2000, 1, 1, tzinfo=UTC)
    run = Run(
        as_of_date=day,
        run_key=make_run_key(day, started_at, "", 0),
        started_at=started_at,
        dag_run_id="",
        families=tuple(known_families()),
        rules=rules,
        rules_hash="",
        code_version="",
        options=RunOptions(),
    )
    lines = (
        line
        for accounts in accounts_by_table(run).values()
        for account in accounts.values()
        for line in account.lines
    )
    return {line.reason for line in lines if line.kind == "left_out"} | _OF_NO_FAMILY
