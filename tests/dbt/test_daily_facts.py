"""The daily facts after each kind of late or corrected row equal those of the rows as they now stand."""

from typing import Any

# The facts that the raw rows should give, in one query and in the local dates of the session's own time zone.
EXPECTED = """
    select user_id, local_date, category, count(*) filter (cents > 0), sum(cents) filter (cents > 0), sum(cents),
        sum(coalesce(fee_usd, 0)) * 100, max(_loaded_at)
    from (
        select
            *,
            (transaction_at::timestamp at time zone 'UTC' at time zone 'America/New_York')::date as local_date,
            round(amount_usd * 100)::bigint as cents
        from raw.transactions
        where coalesce(status, 'posted') = 'posted'
    )
    group by all
    order by all
"""
BUILT = """
    select user_id, transaction_date, category, purchase_count, nullif(gross_cents, 0), net_cents, fee_cents, _loaded_at
    from core.fct_customer_category_daily
    order by all
"""
NORMALISE = "update raw.transactions set category = coalesce(nullif(trim(category), ''), 'UNKNOWN')"


def build_facts(
    warehouse: Any, *arguments: str, lookback_days: int = 3, environ: dict[str, str] | None = None
) -> None:
    result = warehouse.dbt(
        "run",
        "--select",
        "fct_customer_category_daily",
        *arguments,
        run={"lookback_days": lookback_days},
        environ=environ,
    )
    assert result.returncode == 0, result.output


def test_late_new_and_corrected_rows_are_picked_up(changeable: Any) -> None:
    changeable.execute(NORMALISE)
    assert changeable.rows(EXPECTED) == changeable.rows(BUILT)
    newest = "(select max(_loaded_at) from core.fct_customer_category_daily)"
    last_day = "(select max(transaction_date) from core.fct_customer_category_daily)"
    row = "insert into raw.transactions select"
    # Committed late: within the look-back, although it says that it was loaded before what is already built.
    changeable.execute(
        f"{row} 'in look-back', 'C001', {last_day}::timestamp - interval '1 day', 7, 0, 'Gas', null, {newest} - interval '9 days'"
    )
    # Loaded now, about a day long ago; and about a day that had nothing.
    changeable.execute(
        f"{row} 'old', 'C001', timestamp '2025-02-02 12:00', 8, 0, 'Gas', null, {newest} + interval '1 day'"
    )
    changeable.execute(
        f"{row} 'older', 'C001', timestamp '2023-02-02 12:00', 9, 0, 'Gas', null, {newest} + interval '1 day'"
    )
    # Lost its status: the only row of its day.
    changeable.execute(f"{row} 'future', 'C002', timestamp '2027-05-05 12:00', 9, 0, 'Gas', null, {newest}")
    build_facts(changeable)
    assert changeable.rows(EXPECTED) == changeable.rows(BUILT)
    changeable.execute(
        "update raw.transactions set status = 'declined', _loaded_at = _loaded_at + interval '2 days'"
        " where transaction_id in ('future', 'older')"
    )

    build_facts(changeable)

    assert changeable.rows(EXPECTED) == changeable.rows(BUILT)
    assert (
        changeable.rows(f"{BUILT.replace('order by all', '')} where transaction_date < date '2024-01-01'")
        == []
    )


def test_a_late_row_outside_the_look_back_waits_for_a_full_refresh(changeable: Any) -> None:
    changeable.execute(NORMALISE)
    changeable.execute(
        "insert into raw.transactions values"
        " ('missed', 'C001', timestamp '2025-02-02 12:00', 8, 0, 'Gas', null, timestamp '2025-02-03')"
    )
    result = changeable.dbt(
        "build",
        "--select",
        "fct_customer_category_daily",
        "core_holds_every_posted_cent",
        "--exclude-resource-type",
        "unit_test",
    )
    assert result.statuses["fct_customer_category_daily"] == "success"
    assert result.statuses["core_holds_every_posted_cent"] == "fail"

    build_facts(changeable, "--full-refresh")

    assert changeable.rows(EXPECTED) == changeable.rows(BUILT)


def test_a_source_that_was_replaced_as_a_whole_leaves_no_old_day_behind(changeable: Any) -> None:
    changeable.execute(NORMALISE)
    changeable.execute("delete from raw.transactions where transaction_at < timestamp '2025-06-01'")
    changeable.execute("update raw.transactions set _loaded_at = timestamp '2027-01-01'")

    build_facts(changeable)

    assert changeable.rows(EXPECTED) == changeable.rows(BUILT)


def test_a_user_who_was_erased_from_the_rows_is_gone_from_the_facts(changeable: Any) -> None:
    """New rows of others come in with the same run, one of them a correction that was loaded again."""
    changeable.execute(NORMALISE)
    changeable.execute("delete from raw.transactions where user_id = 'C001'")
    changeable.execute(
        "insert into raw.transactions select 'new', 'C002', timestamp '2025-02-02 12:00', 1e6, 0, 'Gas', null,"
        " max(_loaded_at) + interval '1 day' from core.fct_customer_category_daily"
    )
    changeable.execute(
        "update raw.transactions set amount_usd = 3, _loaded_at = _loaded_at + interval '99 days' where transaction_id ="
        " (select max(transaction_id) from raw.transactions where user_id = 'C003')"
    )

    build_facts(changeable)

    assert changeable.rows(EXPECTED) == changeable.rows(BUILT)
    assert changeable.rows("select 1 from core.fct_customer_category_daily where user_id = 'C001'") == []


def test_a_full_refresh_in_many_slices_equals_the_rows_fees_included(changeable: Any) -> None:
    changeable.execute(NORMALISE)
    changeable.execute(
        "update raw.transactions set fee_usd = case when amount_usd > 50 then amount_usd * 0.0001 end"
    )

    build_facts(changeable, "--full-refresh", environ={"TIDEMARK_DUCKDB_SLICE_ROWS": "200"})

    assert changeable.rows(EXPECTED) == changeable.rows(BUILT)
    assert changeable.rows("select sum(fee_cents) % 1 <> 0 from core.fct_customer_category_daily") == [
        (True,)
    ]
    log = "".join(file.read_text(encoding="utf-8") for file in changeable.scratch.glob("dbt_*/dbt.log"))
    assert log.count("by name (") > 10
