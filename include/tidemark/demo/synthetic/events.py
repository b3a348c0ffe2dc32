"""What users do in the product: visits, first-week behaviour, journey, planning, and the later life of those
who stay."""

from include.tidemark.demo.synthetic import truth
from include.tidemark.demo.synthetic.draws import pick
from include.tidemark.demo.synthetic.truth import LAST

MACROS = (
    # A behaviour of the first week falls on a day that has a visit.
    "create macro first_week_day(k, stream, j) as"
    f" (case when visits(k, floor(draw(sub_key(k, stream, j), 1) * {truth.FIRST_WEEK_DAYS})::integer)"
    f" then floor(draw(sub_key(k, stream, j), 1) * {truth.FIRST_WEEK_DAYS})::integer else 0 end)",
    # Second of the local day at which a session starts. On day 7 it is late, so that 7 times 24 hours are
    # over.
    "create macro session_start(k, created_second, day, session) as (case"
    " when day = 0 then created_second + 20"
    " when day = 7 then 79200 + session * 1500"
    " else 21600 + session * 28800 + floor(draw(sub_key(k, 120 + session, day), 1) * 25000) end)",
    "create macro session_length(k, median, day, session) as round(median * exp("
    f"{truth.SESSION_LOG_SD} * normal(sub_key(k, 130 + session, day), 1)))",
)

_VISITS = """
    select i, k, day as no, 'session_start' as event_name, day, 0 as session, 0.0 as position
    from (select *, unnest(range({days})) as day from plan where not is_silent) where visits(k, day)
"""
_LOGINS = """
    select i, k, 10 + day as no, 'login' as event_name, day, 0 as session, 0.02 as position
    from (select *, unnest(range({days})) as day from plan where not is_silent) where logs_in(k, day)
"""
_DRIVER = """
    select
        i, k, {first} + j as no, '{name}' as event_name, first_week_day(k, {first}, j) as day, 0 as session,
        0.05 + 0.9 * draw(sub_key(k, {first}, j), 2) as position
    from (select *, unnest(range(n_{name})) as j from plan where n_{name} > 0)
"""
_STAGE = """
    select
        i, k, 60 + {number} as no, '{name}' as event_name, {day} as day, 0 as session, 0.2 * {number} as position
    from plan where stage >= {number} and not is_silent
"""
_LAST_VISIT = (
    "(case " + " ".join(f"when visits(k, {day}) then {day}" for day in (5, 4, 3, 2, 1)) + " else 0 end)"
)
_PLANNING = """
    select
        i, k, {first} + j as no, '{name}' as event_name, {day} as day, 0 as session,
        {start} + {step} * j as position
    from (select *, unnest(range({count})) as j from plan where {count} > 0)
"""
_LATER = """
    select
        i, k, 1000 + day * 16 + n as no,
        case when n % events = 0 then 'session_start' else {other} end as event_name,
        day, n // events as session, (n % events) / events::double as position
    from (
        select *, unnest(range(sessions * events)) as n from (
            select *, {sessions} as sessions, {events} as events
            from (
                select *, unnest(range(7, least(last_offset, {last} - created_day) + 1)) as day from plan where stays
            )
            where (day - 7) % {every} = floor(draw(sub_key(k, 110, (day - 7) // {every}), 1) * {every})
                or day = {return_1} or day = {return_2} or (is_late_planner and day = planning_offset)
        )
    )
"""
_BEFORE_SIGN_UP = """
    select i, k, 9 as no, 'login' as event_name, -1 - floor(draw(k, 72) * 3)::integer as day, 0 as session, 0.02 as position
    from plan where not is_silent and draw(k, 71) < {share}
"""


def _parts() -> list[str]:
    days = {"days": truth.FIRST_WEEK_DAYS}
    parts = [_VISITS.format(**days), _LOGINS.format(**days)]
    parts += [
        _DRIVER.format(first=20 + 10 * place, name=driver.event_name)
        for place, driver in enumerate(truth.DRIVERS)
    ]
    parts += [
        _STAGE.format(number=number, name=name, day="0" if number <= 2 else _LAST_VISIT)
        for number, name in enumerate(truth.JOURNEY_STAGES[1:], start=1)
    ]
    parts += _planning_parts()
    parts.append(_later_part())
    parts.append(_BEFORE_SIGN_UP.format(share=truth.BEFORE_SIGN_UP_SHARE))
    return parts


def _planning_parts() -> list[str]:
    default_deck = f"(not is_silent and draw(k, 74) < {truth.DEFAULT_DECK_SHARE})::integer"
    rows = [
        ("prompt", 70, "n_prompts", 0.05, 0.05),
        ("swipe", 80, "n_swipes", 0.35, 0.05),
        ("save", 92, "n_saves", 0.87, 0.02),
        ("share", 96, "meets_shared::integer", 0.94, 0.0),
        ("deck_created", 97, "meets_created_deck::integer", 0.95, 0.0),
        ("multiplayer_session_created", 98, "meets_multiplayer::integer", 0.96, 0.0),
        ("conversion", 99, "n_conversions", 0.97, 0.0),
        ("default_deck_created", 100, default_deck, 0.01, 0.0),
    ]
    return [
        _PLANNING.format(
            name=name,
            first=first,
            count=count,
            start=start,
            step=step,
            day="0" if name == "default_deck_created" else "planning_offset",
        )
        for name, first, count, start, step in rows
    ]


def _later_part() -> str:
    (low_1, high_1), (low_2, high_2) = truth.RETURN_DAYS
    return _LATER.format(
        other=pick(
            "draw(sub_key(k, 111, day * 16 + n), 1)", {"login": 0.5, "autofill": 0.2, "view_item": 1.0}
        ),
        sessions=_by_tier("sessions"),
        events=_by_tier("events"),
        every=_by_tier("days_per_visit"),
        last=LAST,
        return_1=f"({low_1} + floor(draw(k, 64) * {high_1 - low_1 + 1}))",
        return_2=f"({low_2} + floor(draw(k, 65) * {high_2 - low_2 + 1}))",
    )


def _by_tier(field: str) -> str:
    cases = " ".join(
        f"when '{name}' then {getattr(tier, field)}" for name, tier in truth.ENGAGEMENT_TIERS.items()
    )
    return f"(case tier {cases} end)"


def _median_seconds() -> str:
    return (
        f"(case when day < {truth.FIRST_WEEK_DAYS} then {truth.FIRST_WEEK_SESSION_SECONDS}"
        f" else {_by_tier('median_session_seconds')} end)"
    )


def events() -> str:
    """SQL of the raw events with `delivered_at`; an event that arrives twice has two rows, alike in
    everything."""
    low, high = truth.LATE_DAYS
    return f"""
        with done as (
            {" union all ".join(_parts())}
        ), in_sessions as (
            select
                done.i, done.k, no, event_name, day, session, position, created_day + day as local_day,
                session_start(done.k, created_second, day, session) as start_second,
                session_length(done.k, {_median_seconds()}, day, session) as session_seconds
            from done inner join plan using (i)
            where created_day + day <= {LAST}
        ), dated as (
            select
                *,
                utc(local_day, start_second + floor(position * least(session_seconds, 1200))) as event_at,
                mix(sub_key(k, 200, no)) as event_key
            from in_sessions
        )
        select
            'e' || i || '-' || no as event_id,
            'u' || i as user_id,
            event_name,
            event_at,
            case when day >= 0 then 's' || i || '-' || day || '-' || session end as session_id,
            case when day >= 0 then session_seconds end as session_seconds,
            case event_name
                when 'deck_created' then '{{"is_default": false}}'
                when 'default_deck_created' then '{{"is_default": true}}'
            end as properties,
            event_at + case when draw(event_key, 1) < {truth.LATE_SHARE}
                then to_days({low} + floor(draw(event_key, 2) * {high - low + 1})::integer) else to_days(0) end as delivered_at
        from (select *, unnest(range(case when draw(event_key, 3) < {truth.REDELIVERED_SHARE} then 2 else 1 end)) from dated)
        order by event_at, event_id
    """
