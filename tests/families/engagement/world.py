"""A warehouse of one run, made by hand: users whose numbers Python computes, and the tables that dbt would
have made of them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from include.tidemark.artifacts.results import StatisticRows, read_statistics
from include.tidemark.families.engagement.definitions import stage_names
from include.tidemark.pipeline.discoveries import mark_discoveries
from include.tidemark.pipeline.estimate import estimate
from include.tidemark.rules import load_rules
from include.tidemark.run import Run, RunOptions, make_run_key
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from tests.contracts import create_tables
from tests.staging import STAGING_VIEWS
from tests.statistics.engagement import (
    behavioral_segments,
    engagement_score,
    percentile_rank,
    revenue_segments,
)

AS_OF = date(2026, 11, 1)
STARTED = datetime(2026, 11, 1, 6, tzinfo=UTC)
RUN_KEY = make_run_key(AS_OF, STARTED, "test", 0)
MODELS = (
    "core.fct_user_event_daily", "runs.user_engagement", "runs.engagement_cells", "runs.install_cohort_retention",
    "runs.journey_times",
)  # fmt: skip
USERS = 900
COHORT_DAYS = (5, 20, 45, 80, 82, 84, 86, 88)
"""Days before the as-of date on which users signed up: the youngest cohorts have windows that are not
over."""


def make_run(**changes: Any) -> Run:
    rules = load_rules(environ={})
    values: dict[str, Any] = {
        "as_of_date": AS_OF,
        "run_key": RUN_KEY,
        "started_at": STARTED,
        "dag_run_id": "test",
        "families": ("engagement",),
        "rules": rules,
        "rules_hash": rules.digest(),
        "code_version": "test",
        "options": RunOptions(n_resamples=1_000, run_hash="label_1"),
    }
    return Run(**(values | changes))


def users() -> dict[str, list[Any]]:
    """The rows of runs.user_engagement but for the run's identity, column by column."""
    stream = np.random.default_rng(11)
    created_ago = stream.choice(COHORT_DAYS, USERS)
    observed = np.minimum(90, created_ago)
    active = stream.random(USERS) < 0.97
    since = np.where(active, np.minimum(1 + stream.geometric(0.12, USERS), created_ago), 0)
    sessions = np.where(active, stream.poisson(6, USERS) + 1, 0)
    seconds = sessions * stream.integers(30, 900, USERS)
    events = sessions * stream.integers(1, 6, USERS)
    cents = np.where(stream.random(USERS) < 0.5, np.round(np.exp(stream.normal(8, 1.0, USERS))), 0).astype(
        np.int64
    )
    window = np.where(stream.random(USERS) < 0.6, cents, cents // 3)
    stage = np.where(active, stream.integers(0, 6, USERS), 0)
    days = np.where(stage > 0, np.minimum(stream.geometric(0.3, USERS) - 1, created_ago - 1), 0)
    frequency, event_frequency = sessions / observed, events / observed
    duration = [int(s) / int(n) if n else None for s, n in zip(seconds, sessions, strict=True)]
    recency = [int(d) if d else None for d in since]
    score = engagement_score(frequency, duration, event_frequency, recency)
    created = [AS_OF - timedelta(days=int(d)) for d in created_ago]
    names = stage_names(load_rules(environ={}))
    return {
        "user_id": [f"secret-user-{n}" for n in range(USERS)],
        "created_date": created,
        "platform": [("ios", "web", None)[n % 3] for n in range(USERS)],
        "country": ["US"] * USERS,
        "observed_days": observed.tolist(),
        "last_activity_date": [AS_OF - timedelta(days=d) if d else None for d in recency],
        "days_since_last_activity": recency,
        "active_days_last_90_days": np.minimum(sessions, observed).tolist(),
        "sessions_last_90_days": sessions.tolist(),
        "session_seconds_last_90_days": seconds.tolist(),
        "events_last_90_days": events.tolist(),
        "session_frequency": frequency.tolist(),
        "session_duration": duration,
        "event_frequency": event_frequency.tolist(),
        "session_frequency_rank": percentile_rank(frequency).tolist(),
        "session_duration_rank": percentile_rank(duration).tolist(),
        "event_frequency_rank": percentile_rank(event_frequency).tolist(),
        "recency_rank": percentile_rank([None if d is None else -d for d in recency]).tolist(),
        "engagement_score": score.tolist(),
        "behavioral_segment": behavioral_segments(score, recency),
        "lifetime_revenue": (cents / 100).tolist(),
        "revenue_last_90_days": (window / 100).tolist(),
        "revenue_percentile": percentile_rank(cents).tolist(),
        "revenue_segment": revenue_segments(cents),
        "furthest_stage": [names[n] for n in stage],
        "furthest_stage_number": stage.tolist(),
        "furthest_stage_date": [day + timedelta(days=int(d)) for day, d in zip(created, days, strict=True)],
        "days_to_furthest_stage": days.tolist(),
        "stages_reached": stage.tolist(),
        "stages_in_order": stage.tolist(),
    }


_TABLES = f"""
    insert into runs.user_engagement by name
    select date '{AS_OF}' as as_of_date, '{RUN_KEY}' as run_key, user_id, created_date, platform, country,
        observed_days::integer as observed_days, last_activity_date, days_since_last_activity::integer as days_since_last_activity,
        * exclude (user_id, created_date, platform, country, observed_days, last_activity_date, days_since_last_activity)
        replace (lifetime_revenue::decimal(18, 2) as lifetime_revenue, revenue_last_90_days::decimal(18, 2) as revenue_last_90_days)
    from made;

    insert into raw.users
    select user_id, created_date + interval 15 hour, platform, country, false, 'Zoë', user_id || '@example.org', timestamp '2026-10-31'
    from made;

    insert into raw.transactions
    select 't-' || user_id, user_id, timestamp '2026-10-30', lifetime_revenue, 0, 'Dining', 'posted', timestamp '2026-10-31'
    from made where lifetime_revenue > 0;

    insert into raw.events
    select 'e-' || user_id || '-' || n, user_id, 'browse', timestamp '2026-10-31 15:00:00', null, null, null, timestamp '2026-10-31'
    from made cross join range(10000) as numbers(n) where n < events_last_90_days;

    insert into core.fct_user_event_daily by name
    select user_id, date '2026-10-31' as event_date, event_name, count(*) as event_count, count(*) as delivery_count
    from raw.events group by all;

    insert into runs.engagement_cells by name
    with amounts as (
        select 'engagement_score' as metric, behavioral_segment, revenue_segment, round(engagement_score * 1e6)::bigint as x from made
        union all
        select 'lifetime_revenue', behavioral_segment, revenue_segment, round(lifetime_revenue * 100)::bigint from made
        union all
        select 'revenue_last_90_days', behavioral_segment, revenue_segment, round(revenue_last_90_days * 100)::bigint from made
    )
    select date '{AS_OF}' as as_of_date, '{RUN_KEY}' as run_key, metric, behavioral_segment, revenue_segment,
        if(x = 0, '0', '+' || lpad(length(x::varchar)::varchar, 2, '0') || ':' || left(x::varchar, 2)) as bin, count(*) as n,
        sum(x::decimal(37, 0))::decimal(37, 0) as s1, sum(x::hugeint * x)::decimal(37, 0) as s2,
        sum(x::hugeint * x * x)::decimal(37, 0) as s3
    from amounts group by all;

    insert into runs.install_cohort_retention by name
    with windows as (select unnest([1, 3, 7, 14, 30, 60])::integer as day_number),
    counted as (
        select created_date, day_number, (created_date + day_number < date '{AS_OF}') as is_mature,
            (created_date + day_number + 28 < date '{AS_OF}') as is_followed,
            (split_part(user_id, '-', 3)::integer * 7919 + day_number) % 100 as dice, round(lifetime_revenue * 100)::bigint as x
        from made cross join windows
    )
    select date '{AS_OF}' as as_of_date, '{RUN_KEY}' as run_key, created_date as cohort_date, day_number, count(*) as user_count,
        count_if(is_mature) as matured_users, count_if(is_mature and dice < 60 - day_number * 0.7) as active_on_day,
        count_if(is_followed) as followed_users,
        count_if(is_followed and dice < 80 - day_number * 0.7) as active_on_day_or_later, false as is_burn_in,
        count_if(is_mature and x <> 0) as users_with_revenue,
        sum(if(is_mature, x, 0))::decimal(37, 0) as revenue_s1, sum(if(is_mature, x::hugeint * x, 0))::decimal(37, 0) as revenue_s2,
        sum(if(is_mature, x::hugeint * x * x, 0))::decimal(37, 0) as revenue_s3
    from counted group by created_date, day_number;

    insert into runs.journey_times by name
    with mature as (select * from made where created_date < date '{AS_OF}' - 30),
    steps as (
        select strftime(created_date, '%Y-%m') as group_name, stages.n as stage_number,
            if(stages.n = 0, 0, days_to_furthest_stage) as days_taken
        from mature cross join range(6) as stages(n) where stages.n <= stages_in_order
    )
    select date '{AS_OF}' as as_of_date, '{RUN_KEY}' as run_key, group_name, stage_number::integer as stage_number,
        names.name as stage_name, days_taken::integer as days_taken, count(*) as user_count
    from steps inner join names on steps.stage_number = names.n where days_taken <= 30 group by all;
"""


def make_template(path: Path) -> None:
    """Write the warehouse that every test starts from: the tables of dbt, and the statistics of the
    questions."""
    settings, run = Settings(duckdb_path=path, user_ids="plain"), make_run()
    with open_warehouse(settings) as warehouse:
        ensure_control_tables(warehouse)
        create_tables(warehouse.execute, "raw", *MODELS)
        for view in STAGING_VIEWS:
            warehouse.execute(view)
    names = stage_names(run.rules)
    with duckdb.connect(str(path)) as connection:
        connection.register("made", pa.table(users()))
        connection.register("names", pa.table({"n": list(range(len(names))), "name": list(names)}))
        for statement in _TABLES.split(";"):
            if statement.strip():
                connection.execute(statement)
    for question in ("segments", "retention", "funnel"):
        estimate(run, settings, "engagement", question)


@dataclass
class World:
    """One warehouse, one run, one artifact root."""

    folder: Path
    settings: Settings
    run: Run

    def sql(self, *statements: str) -> None:
        """Change the warehouse."""
        with duckdb.connect(str(self.settings.duckdb_path)) as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Look into the warehouse."""
        with duckdb.connect(str(self.settings.duckdb_path)) as connection:
            return connection.execute(query).fetchall()

    def open(self) -> Any:
        """The warehouse as the family sees it; a context manager."""
        return open_warehouse(self.settings)

    def results(self, warehouse: Warehouse) -> StatisticRows:
        """The run's statistics, as the last stage reads them."""
        mark_discoveries(self.run, warehouse)
        return read_statistics(self.run, warehouse)
