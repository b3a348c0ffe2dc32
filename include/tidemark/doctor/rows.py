"""A first look at the rows: what the gate of a run of now would say of them, and what would make its numbers
useless."""

from collections.abc import Iterator, Mapping
from typing import Any

from include.tidemark.as_of import resolve_as_of_date
from include.tidemark.doctor import hours
from include.tidemark.doctor.examination import Examination
from include.tidemark.doctor.findings import CannotLookError, Finding, State, wrong
from include.tidemark.doctor.money import look_at_currencies
from include.tidemark.doctor.sources import SeenRows, what_is_null
from include.tidemark.errors import RunIdentityError
from include.tidemark.sources.timestamps import timestamp_literal
from include.tidemark.validation.checks import Check, count_where
from include.tidemark.validation.sources import ARRIVALS, table_asset

SOME_STRANGERS, MOSTLY_STRANGERS = 0.01, 0.5
"""Shares of rows whose user nobody knows: some are worth a warning, half of them are another kind of id."""
ARE_CENTS = 100_000
"""A typical amount above this is more likely in cents than in the currency's units."""

_MOMENTS = {"users": "created_at", "events": "event_at", "transactions": "transaction_at"}
_TOLD_OTHERWISE = {
    "row_count",
    "unknown_user",
    "unknown_user_pct",
    "rows_before_as_of",
    "negative_amount",
    "blank_category",
}
_OF_ALL_ROWS = {"days_since_last_row", "rows_before_as_of"}
"""Checks that say nothing of a part of the rows."""
_SHARES = {
    "unknown_category": "of the rows have a category that is in no group, and count as other",
    "unknown_status": "of the rows have a status that is not posted, pending or declined, and do not count as spend",
}
_SHARE_ACTIONS = {
    "unknown_category": "Name them in `category_groups` of rules.yml.",
    "unknown_status": "Map them with `values` in sources.yml, such as {from: state, values: {paid: posted}}.",
}

Measures = Mapping[str, Any]


def look_at_rows(examination: Examination) -> Iterator[Finding]:
    """Number and dates of the rows, repeated ids, nulls, unknown users, statuses and categories, dates
    without a time, a night by day, amounts that look like cents, several currencies.
    """
    zone = examination.rules.business_timezone
    try:
        resolve_as_of_date(examination.as_of_date.isoformat(), None, examination.started_at, zone)
    except RunIdentityError as error:
        yield wrong("as-of date", error)
    seen = {table.table.name: table.rows for table in examination.tables if table.rows is not None}
    if not seen:
        raise CannotLookError("no table can be read")
    users = seen.get("users")
    for name, rows in seen.items():
        known = users if users is not None and _joined(users, rows) else None
        yield from _look_at_table(examination, name, rows, known)


def _joined(users: SeenRows, rows: SeenRows) -> bool:
    """Whether users can be looked up: in the same engine, and all of them."""
    return users.warehouse is rows.warehouse and not users.part


def _look_at_table(
    examination: Examination, name: str, rows: SeenRows, users: SeenRows | None
) -> Iterator[Finding]:
    run, subject = examination.run, f"{name}: rows"
    asset = table_asset(rows.found, run, users.found if users else None, None)
    found = rows.warehouse.fetch(asset.query)[0]
    count = int(found["row_count"])
    if count == 0 and (family := examination.optional.get(name)):
        yield Finding(subject, "ok", f"There are none: {what_is_null(family, name)}")
        return
    if count == 0:
        yield Finding(subject, "wrong", "There are none.", "Load them, or correct `where` in sources.yml.")
        return
    part = f" (of {rows.part})" if rows.part else ""
    if moment := _MOMENTS.get(name):
        own = _measure(examination, rows, moment)
        yield _range(examination, subject, own, count, part)
        if not rows.part and int(own["unseen"]) < count and found.get("rows_before_as_of") == 0:
            yield Finding(
                subject,
                "wrong",
                f"None before the as-of date counts: there is no {ARRIVALS[name].row}.",
                "Map what says so, such as the status with `values` in sources.yml.",
            )
        yield from hours.look_at_hours(own, run.rules.business_timezone, f"{name}: times", moment)
        if name == "transactions":
            yield from _amounts(rows, own, count)
    else:
        yield Finding(subject, "ok", f"{count:,} rows{part}.")
    yield from look_at_currencies(rows, run.rules.currency)
    judged = rows.judged | {flag.column for flag in rows.found.rows.flags if flag.stops and found[flag.name]}
    for check in asset.checks:
        left_out = check.name in _TOLD_OTHERWISE or (rows.part and check.name in _OF_ALL_ROWS)
        if not left_out and not (check.column in judged and check.name.startswith("null_")):
            yield from _gate(rows, name, check, found[check.name], count)
    if name in ARRIVALS:
        yield _strangers(name, found.get("unknown_user"), count)


def _measure(examination: Examination, rows: SeenRows, moment: str) -> Measures:
    at = f"looked_at.{moment}"
    local = hours.local_time(at, examination.rules.business_timezone, rows.warehouse.dialect)
    measures = {
        "first_at": f"min({local})",
        "last_at": f"max({local})",
        "unseen": count_where(f"{at} >= {timestamp_literal(examination.run.as_of_instant)}"),
        **hours.measures(at, examination.rules.business_timezone, rows.warehouse.dialect),
    }
    if moment == "transaction_at":
        amount = "cast(looked_at.amount_usd as double)"
        measures |= {
            "median_amount": f"median({amount})",
            "refunds": count_where(f"{amount} < 0"),
        }
    columns = ", ".join(f"{sql} as {name}" for name, sql in measures.items())
    return rows.warehouse.fetch(f"select {columns} from {rows.found.rows.rows} as looked_at")[0]


def _range(examination: Examination, subject: str, own: Measures, count: int, part: str) -> Finding:
    as_of, unseen = examination.run.as_of_date, int(own["unseen"])
    if own["first_at"] is None:
        return Finding(
            subject,
            "wrong",
            f"{count:,} rows{part}, none with a time.",
            "Correct the mapping of their times.",
        )
    first, last = f"{own['first_at']:%Y-%m-%d}", f"{own['last_at']:%Y-%m-%d}"
    found = f"{count:,} rows{part}, of {first} to {last}."
    if unseen >= count:
        return Finding(
            subject,
            "wrong",
            f"{found} None is before the as-of date {as_of}.",
            "Name a later one with --as-of, or load the history.",
        )
    if unseen:
        found += f" {unseen:,} are of {as_of} or later, and not seen as of that day."
    return Finding(subject, "ok", found)


def _amounts(rows: SeenRows, own: Measures, count: int) -> Iterator[Finding]:  # noqa: ARG001 - as every look at rows
    subject = "transactions: amounts"
    if own["median_amount"] is None:
        return
    negative, median = int(own["refunds"]) / count, float(own["median_amount"])
    state: State = "ok"
    action = ""
    found = f"{_per_cent(negative)} are negative (refunds); the median is {_round(median)}."
    if negative >= 0.5:
        state, action = (
            "warning",
            "Purchases are positive and refunds negative: turn the sign in the mapping, as `-amount`.",
        )
    elif abs(median) > ARE_CENTS:
        state, action = "warning", "Are these cents? Divide them in the mapping, as `amount / 100`."
    yield Finding(subject, state, found, action)


def _gate(rows: SeenRows, name: str, check: Check, value: Any, count: int) -> Iterator[Finding]:
    """What a run's gate would say, where it says that something is not as it must be."""
    observed = None if value is None else float(value)
    kept = observed is not None and (
        (check.minimum is None or observed >= check.minimum)
        and (check.maximum is None or observed <= check.maximum)
    )
    if kept or check.severity == "info":
        return
    state: State = "wrong" if check.severity == "critical" else "warning"
    subject = f"{name}: {check.column or 'rows'}"
    if check.name in _SHARES and observed is not None:
        yield Finding(
            subject,
            state,
            f"{_per_cent(observed / count)} {_SHARES[check.name]}.",
            _SHARE_ACTIONS[check.name],
        )
        return
    shown = "not a number" if observed is None else _round(observed)
    detail = ""
    if check.detail and check.name.startswith("early_"):  # a date, which is nobody's
        (detail,) = rows.warehouse.fetch(check.detail)[0].values()
    yield Finding(subject, state, *_parted(check.failure.format(observed=shown, detail=detail)))


def _parted(message: str) -> tuple[str, str]:
    """What is wrong and what to do, which the gate says in one sentence.

    >>> _parted("raw.users.user_id is null in some rows (3); a value is required: correct and reload them.")
    ('raw.users.user_id is null in some rows (3); a value is required.', 'Correct and reload them.')
    """
    at = max(message.rfind("; "), message.rfind(": "))
    return f"{message[:at]}.", _capital(message[at + 2 :])


def _strangers(name: str, unknown: Any, count: int) -> Finding:
    subject = f"{name}: users"
    if unknown is None:
        return Finding(
            subject, "ok", "Not looked at: the users can't be looked up from here; the gate of a run does."
        )
    share = int(unknown) / count
    found = f"{_per_cent(share)} of the rows are of users who are not in the users table."
    if share >= MOSTLY_STRANGERS:
        return Finding(
            subject, "wrong", found, "Map the same kind of id in both tables, or complete the users."
        )
    if share >= SOME_STRANGERS:
        return Finding(
            subject, "warning", f"{found} {_capital(ARRIVALS[name].strangers)}.", "Complete the users."
        )
    return Finding(subject, "ok", found)


def _per_cent(share: float) -> str:
    """A share that is not rounded to none or all.

    >>> _per_cent(0.0), _per_cent(0.0001), _per_cent(0.123), _per_cent(0.99999), _per_cent(1.0)
    ('0 %', 'less than 0.1 %', '12.3 %', 'more than 99.9 %', '100 %')
    """
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 < share < 1:
        return "more than 99.9 %"
    return f"{100 * share:.1f}".removesuffix(".0") + " %"


def _round(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
