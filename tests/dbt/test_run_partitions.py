"""Each run replaces its own rows and nobody else's: retries, overlapping runs, published runs, full
refreshes, replays."""

from typing import Any

import pytest

RUN_TABLES = (
    "customer_spend",
    "customer_segments",
    "customer_segment_cells",
    "customer_segment_movement",
    "customer_segment_backtest_cells",
)


def rows_by_run(warehouse: Any, table: str) -> dict[str, list[tuple[Any, ...]]]:
    runs: dict[str, list[tuple[Any, ...]]] = {}
    for key, *values in warehouse.rows(f"select run_key, t.* from runs.{table} t order by all"):
        runs.setdefault(key, []).append(tuple(values))
    return runs


def all_runs(warehouse: Any) -> dict[str, dict[str, list[tuple[Any, ...]]]]:
    return {table: rows_by_run(warehouse, table) for table in RUN_TABLES}


def test_a_retry_gives_the_same_rows_and_leaves_other_runs_alone(
    changeable: Any, later_run: dict[str, str]
) -> None:
    before = all_runs(changeable)
    changeable.execute("update runs.customer_spend set lifetime_net_cents = 0 where run_key = 'later_1'")
    changeable.execute(
        "insert into runs.customer_segments select * from runs.customer_segments where run_key = 'later_1'"
    )

    changeable.build_models(later_run)

    assert all_runs(changeable) == before


def test_a_published_run_is_refused_with_one_sentence(changeable: Any, earlier_run: dict[str, str]) -> None:
    before = all_runs(changeable)

    result = changeable.dbt("run", "--select", "tag:customer_segments", run=earlier_run)

    assert result.returncode != 0
    assert "The run 'earlier_1' is published and its rows may not change: start a new run" in result.output
    assert result.statuses["customer_spend"] == "error"
    assert all_runs(changeable) == before


def test_two_runs_at_once_leave_each_others_rows_alone(changeable: Any, later_run: dict[str, str]) -> None:
    before = all_runs(changeable)
    runs = [later_run | {"run_key": "side_a"}, later_run | {"run_key": "side_b"}]

    # DuckDB lets one process in at a time: the second one waits for the file and retries.
    processes = [changeable.start("run", "--select", "+tag:customer_segments", run=run) for run in runs]
    for process in processes:
        result = changeable.finish(process)
        assert result.returncode == 0, result.output

    after = all_runs(changeable)
    for table in RUN_TABLES:
        assert after[table].keys() == before[table].keys() | {"side_a", "side_b"}
        assert {key: after[table][key] for key in before[table]} == before[table]
        without_key = [
            [row[:1] + row[2:] for row in after[table][key]] for key in ("side_a", "side_b", "later_1")
        ]
        assert without_key[0] == without_key[1] == without_key[2]


def test_an_old_date_replayed_after_new_rows_gives_the_same_rows(
    changeable: Any, earlier_run: dict[str, str]
) -> None:
    changeable.execute(
        "insert into raw.transactions select transaction_id || 'x', user_id, transaction_at + interval '200 days',"
        " amount_usd, fee_usd, category, status, _loaded_at + interval '200 days' from raw.transactions"
        " where transaction_at > timestamp '2026-01-01'"
    )

    changeable.build_models(earlier_run | {"run_key": "earlier_2"})

    for table, runs in all_runs(changeable).items():
        replayed, original = runs.get("earlier_2", []), runs.get("earlier_1", [])
        assert [row[:1] + row[2:] for row in replayed] == [row[:1] + row[2:] for row in original], table


def test_a_full_refresh_rebuilds_core_and_keeps_every_run(changeable: Any, later_run: dict[str, str]) -> None:
    before = all_runs(changeable)
    changeable.execute("update core.fct_customer_category_daily set net_cents = 0, gross_cents = 0")

    changeable.build_models(later_run, "--full-refresh")

    assert all_runs(changeable) == before
    assert changeable.rows("select sum(net_cents) > 0 from core.fct_customer_category_daily") == [(True,)]


def test_data_tests_judge_the_candidate_and_nothing_else(changeable: Any, later_run: dict[str, str]) -> None:
    changeable.execute(
        "update runs.customer_segments set travel_spend_pct = 120, customer_id = 'same' where run_key = 'earlier_1'"
    )
    changeable.execute("update runs.customer_segments set avg_monthly_spend = -1e6 where run_key = 'later_1'")

    result = changeable.dbt("test", "--select", "customer_segments,test_type:generic", run=later_run)

    assert result.returncode != 0
    failed = {name for name, status in result.statuses.items() if status == "fail"}
    assert failed == {"monthly_spend_is_a_third_of_the_window"}


@pytest.mark.parametrize("table", ["customer_segments", "statistics"])
def test_one_ledger_row_switches_the_published_views(changeable: Any, table: str) -> None:
    changeable.execute(
        "insert into runs.statistics (as_of_date, run_key, family, metric)"
        " select distinct as_of_date, run_key, 'customer_segments', 'segment_share' from runs.customer_segments"
    )
    changeable.execute(
        f"insert into runs.{table} select * replace ('earlier_2' as run_key) from runs.{table} where run_key = 'earlier_1'"
    )

    def published(view: str) -> set[tuple[str]]:
        return set(changeable.rows(f"select distinct run_key from marts.{view}"))

    assert published(table) == published(f"{table}_current") == {("earlier_1",)}
    changeable.publish(2, "2026-11-01", "later_1")
    assert published(table) == {("earlier_1",), ("later_1",)}
    assert published(f"{table}_current") == {("later_1",)}
    changeable.publish(3, "2026-07-15", "earlier_2")
    assert published(table) == {("earlier_2",), ("later_1",)}
    assert published(f"{table}_current") == {("later_1",)}, (
        "an old month that is recomputed does not become current"
    )
    changeable.publish(4, "2026-07-15", "earlier_1", action="rollback")
    assert published(table) == {("earlier_1",), ("later_1",)}


def test_a_month_published_without_the_family_leaves_its_newest_month_current(
    changeable: Any, later_run: dict[str, str]
) -> None:
    december = ("2026-12-01", "december_1")
    changeable.execute(
        "insert into runs.statistics (as_of_date, run_key, family, metric) values"
        " ('2026-11-01', 'later_1', 'customer_segments', 'segment_share'), (?, ?, 'engagement', 'segment_share')",
        december,
    )
    changeable.publish(2, later_run["as_of_date"], later_run["run_key"])
    changeable.publish(3, *december)

    assert changeable.rows("select distinct run_key from marts.customer_segments_current") == [("later_1",)]
    assert changeable.rows("select family, run_key from marts.statistics_current order by all") == [
        ("customer_segments", "later_1"),
        ("engagement", "december_1"),
    ]
