"""Accounts were migrated, and `created_at` says since: most events are of days before it. The account counts
them, and stops the month."""

import pytest

from include.tidemark.accounting.account import record_account
from include.tidemark.accounting.suite import account_assets
from include.tidemark.warehouse import open_warehouse
from tests.accounting.plain_gate import PlainGate
from tests.validation.world import RUN_KEY, World

EVENTS = (
    "create table core.fct_user_event_daily as select user_id, cast(date '2026-10-01' + cast(d as integer) as date) as event_date,"
    " 'login' as event_name, 2 as event_count, 2 as delivery_count from raw.users cross join range(4) as days(d)",
    "insert into raw.events (event_id, user_id, event_name, event_at) select user_id || event_date || n, user_id, event_name,"
    " event_date + interval 12 hour from core.fct_user_event_daily cross join range(2) as twice(n)",
)
"""2,400 events of four days, eight of each user."""
ENGAGEMENT = f"""
    create or replace table runs.user_engagement as
    select '{RUN_KEY}' as run_key, user_id, 0 as lifetime_revenue,
        coalesce(sum(event_count) filter (event_date >= created_date), 0) as events_last_90_days
    from staging.stg_users left join core.fct_user_event_daily using (user_id) group by user_id
"""


def _failed(world: World) -> dict[str, str]:
    """What the gate says of the events' account, by check."""
    world.sql(ENGAGEMENT)
    run = world.run.model_copy(update={"families": ("engagement",)})
    with open_warehouse(world.settings) as warehouse:
        record_account(run, warehouse)
        (asset,) = (asset for asset in account_assets(run) if asset.name.endswith("events"))
        results = PlainGate(warehouse, None, None).evaluate(asset)  # type: ignore[arg-type]
    return {result.expectation: str(result.message) for result in results if not result.success}


@pytest.mark.parametrize(
    ("share", "expected"), [(0, set()), (10, {"above_warning"}), (90, {"above_critical"})]
)
def test_events_before_sign_up_are_counted_and_stop_the_month_above_their_limit(
    world: World, share: int, expected: set[str]
) -> None:
    reset = f"cast(split_part(user_id, '-', 3) as integer) % 100 < {share}"
    world.sql(*EVENTS, f"update raw.users set created_at = timestamp '2026-10-20' where {reset}")
    failed = _failed(world)
    assert failed.keys() == expected, failed
    assert all(f"before_signup: {share}.0 %" in message for message in failed.values())
    lines = world.rows(
        "select row_count, user_count from runs.row_account where source_table = 'events' and reason = 'before_signup'"
    )
    assert lines == [(24 * share, 3 * share)]
