"""What the rows of the source tables must keep, as `sources.yml` says: of the contract, and what is known of
each table."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.tidemark.paths import DBT_DIR
from include.tidemark.rules import Rules
from include.tidemark.run import Run
from include.tidemark.shared_texts import SHARED_BY_USERS
from include.tidemark.sources.timestamps import days_before, timestamp_literal
from include.tidemark.validation.checks import Asset, Check, NotEvaluated, count_where, text_list
from include.tidemark.validation.columns import column_values, found_checks
from include.tidemark.validation.contract import FoundTable
from include.tidemark.validation.identities import unknown_users_limit
from include.tidemark.validation.shipped_suites import checks_of
from include.tidemark.validation.volume import DROP, drop_checks

_FILE = Path(__file__).with_name("sources.yml")
_CATEGORY_SEED = DBT_DIR / "seeds" / "category_groups.csv"


@dataclass(frozen=True)
class Arrivals:
    """A table that grows day by day."""

    moment: str
    """Its column that says when something happened."""
    counts: str
    """SQL condition of the rows that count."""
    row: str
    """What such a row is called in a sentence."""
    advice: str
    """What to do where no row counts, as the end of a sentence; it becomes SQL."""
    strangers: str
    """What becomes of rows whose user is not in the users table, as the end of a sentence."""


ARRIVALS = {
    "transactions": Arrivals(
        moment="transaction_at",
        # Staging's definition of a transaction that counts.
        counts="coalesce(nullif(lower(trim(cast(transactions.status as varchar))), ''), 'posted') = 'posted'",
        row="posted row",
        advice="say which words of its status mean posted (`values` in sources.yml), or load the history",
        strangers="their spend counts, but test users among them cannot be left out",
    ),
    "events": Arrivals(
        moment="event_at",
        counts="events.event_name is not null",
        row="event",
        advice="load the history",
        strangers="nothing can be said about the time since their sign-up, so they are in no segment",
    ),
}
"""By the name of the table."""
_IN_ORDER = {
    "fee_periods": "fee_periods as (select periods.*, lead(periods.period_start_date) over (order by periods.period_start_date,"
    " periods.period_id) as next_start_date from {rows} as periods)",
    "market_prices": "market_prices as (select prices.*, lead(prices.price_date) over (order by prices.price_date)"
    " as next_price_date from {rows} as prices)",
}
"""Rows with the day of the one that follows."""


def table_asset(table: FoundTable, run: Run, users: FoundTable | None, rows_seen_before: int | None) -> Asset:
    """What the rows of one source table must keep.

    Args:
        users: the users table, when it keeps its contract; those who act in other tables are looked up in it.
        rows_seen_before: rows of a growing table that the previous publication saw, or None when that is not
            known.
    """
    name = table.contract.name
    values = _values(table, run, users)

    def of(part: str, **more: Any) -> list[Check]:
        return checks_of(_FILE, part, run, table.name, {**values, **more})

    checks = of("rows")
    for column in table.contract.columns:
        checks += of("column", **column_values(table, column, run))
    checks += found_checks(table)
    rows = table.rows.checked_rows
    source, with_clause = f"{rows} as {name}", ""
    skipped: list[NotEvaluated] = []
    if name in ARRIVALS:
        volume, skipped = _volume(table, run, values, rows_seen_before)
        checks += [*of("arrivals"), *volume]
        if users is not None:
            checks += [*of("strangers"), *unknown_users_limit(run, name, table.rows, users.rows)]
            source += f" left join known_users on cast({name}.user_id as varchar) = known_users.user_id"
            with_clause = f"known_users as (select distinct cast(user_id as varchar) as user_id from {users.rows.rows} as users)"
    if name in _IN_ORDER:
        source, with_clause = name, _IN_ORDER[name].format(rows=rows)
    return Asset(
        name=f"sources.{name}",
        table=table.name,
        source=source,
        checks=(*checks, *of(name)),
        with_clause=with_clause,
        not_evaluated=tuple(skipped),
    )


def _values(table: FoundTable, run: Run, users: FoundTable | None) -> dict[str, Any]:
    name, category = table.contract.name, "trim(cast(transactions.category as varchar))"
    known = text_list(sorted(known_categories(run.rules)))
    values = {
        "name": name,
        "rows": table.rows.rows,
        "users": users.name if users else "",
        "category": category,
        "unknown_category": f"{category} <> '' and upper({category}) not in {known}",
        "shared_by": SHARED_BY_USERS,
    }
    if (arrivals := ARRIVALS.get(name)) is None:
        return values
    moment = f"{name}.{arrivals.moment}"
    seen = f"{arrivals.counts} and {moment} < {timestamp_literal(run.as_of_instant)}"
    since = days_before(run.as_of_instant, f"max(case when {seen} then {moment} end)")
    return {**values, **vars(arrivals), "seen": seen, "days_since_last": since}


def _volume(
    table: FoundTable, run: Run, values: Mapping[str, Any], seen_before: int | None
) -> tuple[list[Check], list[NotEvaluated]]:
    """Whether a table holds fewer rows than the previous publication saw."""
    if run.previous is None:
        return [], [NotEvaluated(DROP, "Not evaluated: no earlier month is published to compare with.")]
    if not seen_before:
        reason = (
            f"Not evaluated: the rows that the publication of {run.previous.as_of_date} saw are not recorded."
        )
        return [], [NotEvaluated(DROP, reason)]
    checks = drop_checks(
        run,
        run.previous,
        measure=f"100.0 * ({seen_before} - {count_where(values['seen'])}) / {seen_before}",
        subject=f"{table.name} has {values['row']}s before the as-of date",
        advice="find out which rows were lost before you publish.",
    )
    return checks, []


def known_categories(rules: Rules) -> set[str]:
    """Every category that has a group, in upper case: dbt's seed and the rules."""
    with _CATEGORY_SEED.open(encoding="utf-8", newline="") as file:
        seeded = {row["category"].strip().upper() for row in csv.DictReader(file)}
    return seeded | {category.strip().upper() for category in rules.category_groups}
