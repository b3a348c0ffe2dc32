"""What the rows of the raw tables must keep."""

import csv
import re
from collections.abc import Callable
from dataclasses import replace

from include.tidemark.paths import DBT_DIR
from include.tidemark.rules import Rules
from include.tidemark.run import Run
from include.tidemark.sources.contract import LOADED_AT, Column
from include.tidemark.validation.checks import Asset, Check, NotEvaluated, count_where, text_list
from include.tidemark.validation.contract import RawTable, base_type
from include.tidemark.validation.timestamps import days_before, timestamp_literal
from include.tidemark.validation.volume import drop_checks

POSTED = "coalesce(lower(trim(cast(transactions.status as varchar))), 'posted') = 'posted'"
"""Staging's definition of a transaction that counts."""

FRESH_DAYS = 3
"""A last row older than this before the as-of date is worth a warning: a week-end without a loader takes two days."""

_CATEGORY_SEED = DBT_DIR / "seeds" / "category_groups.csv"
_KNOWN_STATUSES = ("posted", "pending", "declined")


def table_asset(table: RawTable, run: Run, users: RawTable | None, rows_seen_before: int | None) -> Asset:
    """What the rows of one raw table must keep.

    Args:
        users: the users table, when it keeps its contract; transactions are looked up in it.
        rows_seen_before: posted transactions that the previous publication saw, or None when that is not known.
    """
    name = table.contract.name
    checks = [
        _row_count(table),
        *(c for column in table.contract.columns for c in _column_checks(table, column, run)),
    ]
    skipped: list[NotEvaluated] = []
    source, with_clause = f"{table.contract.qualified_name} as {name}", ""
    if name == "transactions":
        checks += _transaction_checks(run)
        volume, skipped = _volume_checks(run, rows_seen_before)
        checks += volume
        if users is not None:
            checks.append(_unknown_user_check())
            with_clause = (
                "known_users as (select distinct cast(user_id as varchar) as user_id from raw.users)"
            )
            source += " left join known_users on cast(transactions.user_id as varchar) = known_users.user_id"
    return Asset(
        name=f"sources.{name}",
        table=table.contract.qualified_name,
        source=source,
        checks=tuple(checks),
        with_clause=with_clause,
        needs=table.needs,
        not_evaluated=tuple(skipped),
    )


def _row_count(table: RawTable) -> Check:
    name = table.contract.qualified_name
    return Check(
        name="row_count",
        measure="count(*)",
        minimum=1,
        claim=f"{name} has rows.",
        failure=f"{name} is empty; load its rows and start the run again.",
    )


def _column_checks(table: RawTable, column: Column, run: Run) -> list[Check]:
    where = f"{table.contract.qualified_name}.{column.name}"
    field = f"{table.contract.name}.{column.name}"
    build: list[tuple[bool, Callable[[], Check]]] = [
        (column.required, lambda: Check(
            name=f"null_{column.name}",
            measure=count_where(f"{field} is null"),
            maximum=0,
            column=column.name,
            claim=f"{where} is never null.",
            failure=f"{where} is null in some rows ({{observed}}); the contract requires a value: correct and reload them.",
        )),
        (column.unique, lambda: _duplicate_check(column, where, field)),
        (table.is_double(column.name), lambda: Check(
            name=f"not_finite_{column.name}",
            # NaN counts as greater than every number in both warehouses, so it does not keep the bound either.
            measure=count_where(f"{field} is not null and not (abs({field}) < {_bound(column)})"),
            maximum=0,
            column=column.name,
            claim=f"{where} holds finite numbers only.",
            failure=f"{where} holds values that are NaN, infinite or too large ({{observed}}); correct and reload them.",
        )),
        (base_type(column.data_type) == "timestamp" and column.name != LOADED_AT, lambda: Check(
            name=f"future_{column.name}",
            measure=count_where(f"{field} > {timestamp_literal(run.started_at)}"),
            maximum=0,
            column=column.name,
            severity="warning",
            claim=f"{where} is never later than the start of the run.",
            failure=f"{where} is later than the start of the run in some rows ({{observed}}); look at the source's clock and zone.",
        )),
    ]  # fmt: skip
    return [make() for applies, make in build if applies]


def _duplicate_check(column: Column, where: str, field: str) -> Check:
    check = Check(
        name=f"duplicate_{column.name}",
        measure=f"count({field}) - count(distinct {field})",
        maximum=0,
        column=column.name,
        claim=f"{where} holds no value twice.",
        failure=f"{where} holds values more than once ({{observed}} rows too many); remove the duplicate rows and reload.",
    )
    if not column.at_least_once:
        return check
    return replace(
        check,
        severity="warning",
        failure=f"{where} holds values more than once ({{observed}} rows too many): rows were delivered again, and each is counted"
        " once; look at the source's delivery when their number grows.",
    )


def _bound(column: Column) -> str:
    """The first number that the contract's type does not hold."""
    if digits := re.fullmatch(r"decimal\((\d+),\s*(\d+)\)", column.data_type):
        return f"1e{int(digits[1]) - int(digits[2])}"
    return "1.7976931348623157e308"


def _transaction_checks(run: Run) -> list[Check]:
    seen = f"{POSTED} and transactions.transaction_at < {timestamp_literal(run.as_of_instant)}"
    category = "trim(cast(transactions.category as varchar))"
    unknown = (
        f"{category} <> '' and upper({category}) not in {text_list(sorted(known_categories(run.rules)))}"
    )
    status = f"lower(trim(cast(transactions.status as varchar))) not in {text_list(_KNOWN_STATUSES)}"
    amount = "transactions.amount_usd"
    last_seen = f"max(case when {seen} then transactions.transaction_at end)"
    zone = run.rules.business_timezone
    return [
        Check(
            name="rows_before_as_of",
            measure=count_where(seen),
            minimum=1,
            column="transaction_at",
            claim=f"raw.transactions has posted rows before the as-of date {run.as_of_date}.",
            failure=f"raw.transactions has no posted row before the as-of date {run.as_of_date} ({zone}); its earliest is of"
            " {detail}: choose a later as_of_date, or load the history.",
            detail=f"select cast(cast(min(transactions.transaction_at) as date) as varchar) || ' (UTC)' as earliest"
            f" from raw.transactions as transactions where {POSTED}",
        ),
        Check(
            name="days_since_last_row",
            measure=f"coalesce({days_before(run.as_of_instant, last_seen)}, 0)",
            maximum=FRESH_DAYS,
            column="transaction_at",
            severity="warning",
            claim=f"The last posted row of raw.transactions is at most {FRESH_DAYS} days before the as-of date.",
            failure="The last posted row of raw.transactions is {observed} days before the as-of date "
            f"{run.as_of_date}; find out whether the load is late before you trust the current window.",
        ),
        _warning(
            "unknown_category", unknown, "category",
            "Every category of raw.transactions is in the category map.",
            "raw.transactions.category holds categories that are in no group ({observed} rows: {detail}); they count as other:"
            " add them to category_groups.",
            detail=f"select distinct left({category}, 40) as category from raw.transactions as transactions"
            f" where {unknown} order by 1 limit 5",
        ),
        _warning(
            "unknown_status", status, "status",
            f"Every status of raw.transactions is {', '.join(_KNOWN_STATUSES)} or null.",
            "raw.transactions.status holds unknown values ({observed} rows), which do not count as spend; map them to posted,"
            " pending or declined.",
        ),
        _warning(
            "zero_amount", f"{amount} = 0", "amount_usd",
            "No amount of raw.transactions is 0.",
            "raw.transactions.amount_usd is 0 in some rows ({observed}); they count neither as purchases nor as refunds:"
            " look at what the source means by them.",
        ),
        Check(
            name="negative_amount",
            measure=count_where(f"{amount} < 0"),
            maximum=0,
            column="amount_usd",
            severity="info",
            claim="raw.transactions holds no refunds.",
            failure="raw.transactions.amount_usd is negative in some rows ({observed}); they are refunds and subtract from spend.",
        ),
        Check(
            name="blank_category",
            measure=count_where(f"coalesce({category}, '') = ''"),
            maximum=0,
            column="category",
            severity="info",
            claim="Every row of raw.transactions has a category.",
            failure="raw.transactions.category is blank in some rows ({observed}); they count as UNKNOWN.",
        ),
    ]  # fmt: skip


def _warning(  # noqa: PLR0917 - read as a table
    name: str, condition: str, column: str, claim: str, failure: str, detail: str | None = None
) -> Check:
    return Check(
        name=name, measure=count_where(condition), maximum=0, column=column, severity="warning", claim=claim, failure=failure,
        detail=detail,
    )  # fmt: skip


def _unknown_user_check() -> Check:
    return _warning(
        "unknown_user", "transactions.user_id is not null and known_users.user_id is null", "user_id",
        "Every user of raw.transactions is in raw.users.",
        "raw.transactions has rows of users who are not in raw.users ({observed}); their spend counts, but test users among"
        " them cannot be left out: complete raw.users.",
    )  # fmt: skip


def _volume_checks(run: Run, rows_seen_before: int | None) -> tuple[list[Check], list[NotEvaluated]]:
    if run.previous is None:
        return [], [
            NotEvaluated("volume_drop_pct", "Not evaluated: no earlier month is published to compare with.")
        ]
    if not rows_seen_before:
        reason = (
            f"Not evaluated: the rows that the publication of {run.previous.as_of_date} saw are not recorded."
        )
        return [], [NotEvaluated("volume_drop_pct", reason)]
    seen = f"{POSTED} and transactions.transaction_at < {timestamp_literal(run.as_of_instant)}"
    checks = drop_checks(
        run,
        run.previous,
        measure=f"100.0 * ({rows_seen_before} - {count_where(seen)}) / {rows_seen_before}",
        subject="raw.transactions has posted rows before the as-of date",
        advice="find out which rows were lost before you publish.",
    )
    return checks, []


def known_categories(rules: Rules) -> set[str]:
    """Every category that has a group, in upper case: dbt's seed and the rules."""
    with _CATEGORY_SEED.open(encoding="utf-8", newline="") as file:
        seeded = {row["category"].strip().upper() for row in csv.DictReader(file)}
    return seeded | {category.strip().upper() for category in rules.category_groups}
