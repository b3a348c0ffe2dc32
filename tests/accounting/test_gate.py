"""What the gate says of a row account that does not add up, or whose reasons have grown. One spoiled place
per test."""

import pytest

from tests.validation.world import PREVIOUS, RUN_KEY, World


def _restage(world: World, change: str, condition: str = "true") -> None:
    ((view,),) = world.rows("select sql from duckdb_views() where view_name = 'stg_transactions'")
    query = view.split(" AS ", 1)[1].rstrip(";")
    world.sql(
        f"create or replace view staging.stg_transactions as select * replace ({change}) from ({query}) as r where {condition}"
    )


def _failed(world: World, expectation: str) -> tuple[str, str] | None:
    return world.failures("models").get(expectation)


def test_a_sound_month_adds_up(world: World) -> None:
    assert not {
        name for name in world.failures("models") if "row" in name or "grown" in name or "above" in name
    }
    assert world.rows(f"select count(*) > 10 from runs.row_account where run_key = '{RUN_KEY}'") == [(True,)]


def test_a_row_that_staging_loses_is_named_with_its_table(world: World) -> None:
    _restage(
        world, "status as status", "transaction_id <> (select min(transaction_id) from raw.transactions)"
    )
    severity, message = _failed(world, "rows_of_the_source")
    assert severity == "critical" and "raw.transactions holds other rows than the table (1)" in message


def test_a_cent_that_staging_changes_is_found(world: World) -> None:
    _restage(
        world,
        "amount_cents + cast(transaction_id = (select min(transaction_id) from raw.transactions) as bigint) as amount_cents",
    )
    severity, message = _failed(world, "amounts_of_the_source")
    assert severity == "critical" and "other amounts than the table (0.01)" in message


def test_a_row_on_the_wrong_side_of_the_as_of_date_is_found(world: World) -> None:
    first = "transaction_id = (select min(transaction_id) from raw.transactions)"
    _restage(
        world, f"case when {first} then timestamp '2026-11-02' else transaction_at end as transaction_at"
    )
    severity, _ = _failed(world, "rows_of_the_source")
    assert severity == "critical"


def test_spend_that_the_models_lose_is_found_against_the_account(world: World) -> None:
    world.sql("update runs.customer_segments set spend_last_90_days = spend_last_90_days * 0.98")
    severity, message = _failed(world, "customer_segments__used")
    assert severity == "critical" and "hold other rows or amounts of raw.transactions" in message


def test_rows_of_files_have_to_agree_to_the_cent(world: World) -> None:
    world.sql(
        "update runs.customer_segments set spend_last_90_days = spend_last_90_days + 0.01"
        " where customer_id = (select min(customer_id) from runs.customer_segments)"
    )
    assert _failed(world, "customer_segments__used") is None, "a table that others fill may change meanwhile"
    rows = world.run.rows_of("transactions").model_copy(update={"landed": True})
    world.run = world.run.model_copy(update={"sources": {"transactions": rows}})
    assert _failed(world, "customer_segments__used") is not None


def test_rows_that_the_files_held_and_the_table_lacks_are_found_unless_they_were_erased(world: World) -> None:
    ((count,),) = world.rows("select count(*) from raw.transactions")
    rows = world.run.rows_of("transactions").model_copy(
        update={"landed": True, "delivered": count + 5, "filtered": 2}
    )
    world.run = world.run.model_copy(update={"sources": {"transactions": rows}})
    severity, message = _failed(world, "lost_rows")
    assert severity == "critical" and "lacks rows of its landing files" in message and "(3)" in message
    world.sql(
        "insert into control.erasures (erased_at, persons, kind, name, row_count)"
        " values (timestamp '2026-10-30', 1, 'source', 'transactions', 3)"
    )
    assert _failed(world, "lost_rows") is None


@pytest.mark.parametrize(("share", "severity"), [(0.2, None), (0.35, "warning"), (0.7, "critical")])
def test_a_reason_has_a_warning_and_a_critical_limit(
    world: World, share: float, severity: str | None
) -> None:
    _restage(world, f"if(hash(transaction_id) % 1000 < {1000 * share}, 'declined', status) as status")
    found = world.failures("models")
    named = {level for level in ("warning", "critical") if f"above_{level}" in found}
    assert named == ({severity} if severity else set())
    if severity:
        assert found[f"above_{severity}"][0] == severity
        assert (
            "not_posted: " in found[f"above_{severity}"][1]
            and "row_account_limits" in found[f"above_{severity}"][1]
        )


def _published_before(world: World, reason: str, share: float) -> None:
    world.after_previous()
    world.sql(
        "insert into runs.row_account (as_of_date, run_key, position, source_table, family, kind, reason, row_count, share_of_rows)"
        f" values (date '{PREVIOUS.as_of_date}', '{PREVIOUS.run_key}', 1, 'transactions', 'customer_segments', 'left_out',"
        f" '{reason}', 10, {share})"
    )


@pytest.mark.parametrize(("share", "severity"), [(0.1, None), (0.2, "warning"), (0.41, "critical")])
def test_a_reason_that_grew_since_the_last_publication_stops_the_run_whatever_its_limit(
    world: World, share: float, severity: str | None
) -> None:
    _published_before(world, "not_posted", 0.01)
    world.with_rules(row_account_limits={})
    _restage(world, f"if(hash(transaction_id) % 1000 < {1000 * share}, 'declined', status) as status")
    found = world.failures("models")
    named = {level for level in ("warning", "critical") if f"grown_{level}" in found}
    assert named == ({severity} if severity else set())
    if severity:
        assert "not_posted: +" in found[f"grown_{severity}"][1]


def test_a_reason_that_shrank_is_no_matter_of_growth(world: World) -> None:
    _published_before(world, "outside_window", 0.99)
    assert not {name for name in world.failures("models") if name.startswith("grown")}


def test_rows_of_the_as_of_date_and_later_are_not_compared_between_months(world: World) -> None:
    """A month that is recomputed later sees more of them, and nothing is wrong with that."""
    world.failures("models")
    lines = world.rows(
        "select count(*), count(share_of_rows) from runs.row_account where reason = 'after_as_of'"
    )
    assert lines == [(2, 0)], "a line of each table, and no share that could grow"
