"""The names of shipped checks, which files of deployments and rows of earlier months hold."""

from pathlib import Path

from include.tidemark.own_checks.shipped import shipped_checks
from include.tidemark.rules import load_rules

FAMILIES = ("customer_segments", "early_engagement", "engagement", "fee_tiers", "planners")
PUBLISHED = Path(__file__).with_name("shipped_names.txt").read_text(encoding="utf-8").split()


def test_no_published_name_of_a_check_is_lost_or_renamed() -> None:
    found = set(shipped_checks(load_rules(environ={}), FAMILIES, {}))
    lost = sorted(set(PUBLISHED) - found)
    new = sorted(name for name in found - set(PUBLISHED) if not name.startswith("sources."))
    assert (lost, new) == ([], []), (
        "Deployments say severities by these names: add new ones to shipped_names.txt."
    )


def test_names_of_sources_are_known_whatever_the_mapping_makes_of_them() -> None:
    found = set(shipped_checks(load_rules(environ={}), FAMILIES, {}))
    for name in (
        "contract.transactions__user_id",
        "transactions.foreign_currency",
        "transactions.unreadable_amount_usd",
        "transactions.rounded_amount_usd",
        "transactions.not_finite_amount_usd",
        "transactions.unknown_user",
        "users.landing_files",
        "transactions_columns.emptied_status",
        "transactions_columns.gone_status_critical",
        "transactions.volume_drop_pct_warning",
        "events_newest_month.newest_month_drop_critical",
        "events_newest_month.newest_month_empty_days_warning",
        "transactions_newest_month.newest_month_silent_hours",
    ):
        assert f"sources.{name}" in found
