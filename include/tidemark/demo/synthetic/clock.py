"""Local days and seconds as UTC timestamps, in SQL arithmetic."""

from datetime import date

from include.tidemark.demo.synthetic.truth import FIRST_DAY, LAST, day_number

BUSINESS_TIMEZONE = "America/New_York"
SUMMER_TIMES = (
    (date(2025, 3, 9), date(2025, 11, 2)),
    (date(2026, 3, 8), date(2026, 11, 1)),
)
"""Daylight saving time of BUSINESS_TIMEZONE: first day, and first day after it. Nothing happens at night,
when it changes."""

MACROS = (
    "create macro utc_hours(day) as (case when "
    + " or ".join(f"(day >= {day_number(first)} and day < {day_number(end)})" for first, end in SUMMER_TIMES)
    + " then 4 else 5 end)",
    f"create macro utc(day, second) as (timestamp '{FIRST_DAY} 00:00:00'"
    " + to_seconds(day::bigint * 86400 + second::bigint + utc_hours(day) * 3600))",
    "create macro local_week(day) as ((day + 1) // 7)",
)
"""`utc(day, second)`: the second of a local day; `local_week(day)`: weeks from Tuesday to Monday, week 0
holds FIRST_DAY."""

END_OF_DATA = f"utc({LAST + 1}, 0)"
