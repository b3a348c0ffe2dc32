"""Fee weeks and swaps for the tests, and all that the models of fee_tiers say of them in plain Python, one
user at a time."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

AS_OF = date(2026, 3, 3)  # a Tuesday
FIRST = date(2025, 11, 4)
SIZES = ("micro", "small", "medium", "large", "whale")

# A first short period, weeks with several fees, a gap of four days, a fee that nobody knows, a long period
# that is cut, and one that is still running.
PERIODS = [
    ("P00", FIRST - timedelta(days=4), FIRST - timedelta(days=1), 5.0),
    *(
        (f"P{number:02}", FIRST + timedelta(weeks=number - 1), FIRST + timedelta(weeks=number, days=-1), fee)
        for number, fee in enumerate([10.0, 25.0, 10.0, 1.0, 15.0], start=1)
    ),
    ("P06", FIRST + timedelta(days=39), FIRST + timedelta(days=45), None),
    ("long", FIRST + timedelta(days=46), FIRST + timedelta(days=46 + 38), 5.0),
    ("last", FIRST + timedelta(days=46 + 39), date(2099, 12, 31), 2.5),
]
EXCLUSIONS = [(date(2025, 11, 20), date(2025, 11, 20), "An outage of the exchange.")]  # a day of P03
TESTERS = {"U07", "U21"}


def utc(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    local = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=ZoneInfo("America/New_York"))
    return local.astimezone(UTC).replace(tzinfo=None)


def sample() -> list[tuple[Any, ...]]:
    stream = random.Random(4)
    rows: list[tuple[Any, ...]] = []

    def add(user: str, moment: datetime, amount: Decimal, fee: Any, status: Any = "posted") -> None:
        loaded = datetime(2026, 3, 1) if moment < datetime(2026, 3, 1) else moment + timedelta(hours=6)
        rows.append(
            (f"T{len(rows):06}", user, moment, amount, fee, stream.choice(["A", "B", None]), status, loaded)
        )

    for number in range(90):
        user = f"U{number:02}"
        day = FIRST - timedelta(days=20) + timedelta(days=stream.randrange(0, 130))
        typical = 10 ** stream.uniform(1.2, 5.4)
        while day < AS_OF + timedelta(days=12):
            amount = Decimal(str(round(typical * stream.uniform(0.5, 1.5), 4)))
            fee = stream.choice([None, (amount / 1000).quantize(Decimal("0.0001"))])
            status = stream.choice(["posted"] * 8 + [None, "declined"])
            moment = utc(day, stream.randrange(24), stream.randrange(60))
            add(user, moment, amount, fee, status)
            if stream.random() < 0.1:
                add(
                    user,
                    moment + timedelta(days=stream.randrange(9)),
                    -amount / 4,
                    None if fee is None else -fee / 4,
                )
            day += timedelta(days=stream.choice([1, 3, 6, 7, 8, 12, 25]))
    # The thresholds themselves, and the last and first seconds of a week.
    week = FIRST + timedelta(days=46)
    for dollars in ("99.99", "100", "999.99", "1000", "9999.99", "10000", "100000", "100000.01"):
        add(f"at {dollars}", utc(week, 12), Decimal(dollars), Decimal("0.5"))
    add("last second", utc(week - timedelta(days=1), 23, 59, 59), Decimal(50), Decimal(1))
    add("first second", utc(week, 0, 0, 0), Decimal(50), Decimal(1))
    add("last second before", utc(AS_OF - timedelta(days=1), 23, 59, 59), Decimal(50), Decimal(1))
    add("midnight of the date", utc(AS_OF, 0, 0, 0), Decimal(50), Decimal(1))
    add("refund only", utc(week, 12), Decimal(-50), Decimal(-1))
    for swaps in (1, 2, 4, 5):
        for _ in range(swaps):
            add(f"swaps {swaps}", utc(week, 12), Decimal(10 * swaps), Decimal("0.01"))
    return rows


def fee_weeks(as_of: date) -> list[dict[str, Any]]:
    """The calendar, by walking through each period day by day."""
    found = []
    for period, start, end, fee in PERIODS:
        number, first = 1, start
        while first <= end and first < as_of:
            last = first
            while last < end and (last - first).days < 6:
                last += timedelta(days=1)
            is_cut = (end - start).days >= 7
            reasons = [reason for a, b, reason in EXCLUSIONS if a <= last and b >= first]
            found.append(
                {
                    "period_id": f"{period}.{number:02}" if is_cut else period,
                    "start": first,
                    "end": last,
                    "fee": fee,
                    "complete": last < as_of,
                    "full": (last - first).days == 6,
                    "reason": reasons[0] if reasons else None,
                }
            )
            number, first = number + 1, last + timedelta(days=1)
    found.sort(key=lambda week: week["start"])  # type: ignore[return-value]
    return [{"number": number, **week} for number, week in enumerate(found, start=1)]


def size_of(cents: float) -> str:
    if cents > 10_000_000:
        return "whale"
    return next(
        name
        for name, low in (("large", 1_000_000), ("medium", 100_000), ("small", 10_000), ("micro", 0))
        if cents >= low
    )


class Recomputed:
    """Everything that the models say, from the raw rows."""

    def __init__(self, rows: list[tuple[Any, ...]], as_of: date, basis: str = "period_volume") -> None:
        zone = ZoneInfo("America/New_York")
        self.weeks = fee_weeks(as_of)
        week_of = {
            week["start"] + timedelta(days=day): week
            for week in self.weeks
            for day in range((week["end"] - week["start"]).days + 1)
        }
        self.first: dict[str, date] = {}
        swaps: dict[tuple[str, int], list[int]] = defaultdict(list)
        self.fees: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
        posted = []
        for _, user, moment, amount, fee, _, status, _ in rows:
            day = moment.replace(tzinfo=UTC).astimezone(zone).date()
            if user in TESTERS or (status or "posted") != "posted" or day >= as_of:
                continue
            cents = int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
            posted.append((user, day, cents, fee or Decimal(0)))
            if cents > 0:
                self.first[user] = min(day, self.first.get(user, day))
        for user, day, cents, fee in posted:
            if user in self.first and day in week_of:
                number = week_of[day]["number"]
                self.fees[user, number] += Decimal(fee).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
                swaps[user, number] += [cents] if cents > 0 else []
        self.swaps = {key: values for key, values in swaps.items() if values}
        self.size = {
            key: size_of(sum(values) if basis == "period_volume" else median(values))
            for key, values in self.swaps.items()
        }
        self.first_week = {user: week_of.get(day) for user, day in self.first.items()}
        complete = [week["number"] for week in self.weeks if week["complete"]]
        self.last_complete = max(complete, default=0)
        self.cohort = {
            user: week
            for user, week in self.first_week.items()
            if week is not None and week["fee"] is not None and week["reason"] is None
        }

    def observed(self, user: str) -> int:
        return max(self.last_complete - self.cohort[user]["number"] + 1, 0)


def median(values: list[int]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
