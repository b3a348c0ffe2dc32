"""The trend of each family that has one: the numbers of now are those of the statistics, those of then the
earlier runs' own."""

import shutil
from datetime import timedelta

import pytest

from include.tidemark.enabled import families_of
from include.tidemark.families.comparison_part import COMPARISON
from include.tidemark.run import PublishedRun
from include.tidemark.statistics.change_rows import ChangeRow
from include.tidemark.warehouse import open_warehouse
from tests.families.conftest import PublishedRun as Month

TABLES = {
    "customer_segments": "runs.customer_segments",
    "engagement": "runs.user_engagement",
    "planners": "runs.user_segmentation",
}


@pytest.fixture(scope="module")
def trends(synthetic_month: Month, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[ChangeRow]]:
    """By family, the rows of a trend over three months, of which the first two lack some of the people."""
    file = tmp_path_factory.mktemp("trends") / "warehouse.duckdb"
    shutil.copy(synthetic_month.settings.duckdb_path, file)
    run = synthetic_month.run
    months = tuple(
        PublishedRun(
            as_of_date=run.as_of_date - timedelta(days=30 * back), run_key=f"{run.run_key[:-8]}0000000{back}"
        )
        for back in (2, 1)
    )
    run = run.model_copy(
        update={
            "months_by_family": dict.fromkeys(TABLES, months),
            "rules": run.rules.model_copy(update={"trend_months": 3}),
        }
    )
    with open_warehouse(synthetic_month.settings.model_copy(update={"duckdb_path": file})) as warehouse:
        for table in TABLES.values():
            person = "customer_id" if table == "runs.customer_segments" else "user_id"
            for back, month in zip((2, 1), months, strict=True):
                warehouse.execute(
                    f"insert into {table} select * replace ('{month.run_key}' as run_key) from {table}"
                    f" where run_key = '{run.run_key}' and hash({person}) % 10 >= {back}"
                )
        return {
            family.name: list(family.part(COMPARISON).changes(run, warehouse))
            for family in families_of(run)
            if family.name in TABLES
        }


@pytest.mark.parametrize("family", TABLES)
def test_the_trend_of_a_number_with_a_change_on_pairs_ends_at_what_is_published(
    synthetic_month: Month, trends: dict[str, list[ChangeRow]], family: str
) -> None:
    # Of pairs of segments and of weeks and days the tests of these say as much.
    plain = [row for row in trends[family] if row.segment_to is None and row.horizon is None]
    rows = {(row.metric, row.segment): row for row in plain if row.comparison == "trend"}
    on_pairs = [(row.metric, row.segment) for row in plain if row.comparison == "previous"]
    assert list(rows) == [key for key in on_pairs if key in rows]
    with open_warehouse(synthetic_month.settings) as warehouse:
        published = {
            (row["metric"], row["segment"]): row
            for row in warehouse.fetch(
                "select * from runs.statistics where run_key = ? and family = ? and is_primary",
                (synthetic_month.run.run_key, family),
            )
        }
    compared = 0
    for key, row in rows.items():
        if (
            row.kind in ("share", "mean", "ratio")
            and key in published
            and published[key]["estimate"] is not None
        ):
            assert row.estimate == pytest.approx(published[key]["estimate"], rel=1e-6, abs=1e-9), key
            assert row.months == 3
            compared += 1
    assert compared >= 10
    assert sum(row.ci_low is not None for row in rows.values()) >= 10


@pytest.mark.parametrize("family", TABLES)
def test_members_grow_by_those_who_came(trends: dict[str, list[ChangeRow]], family: str) -> None:
    rows = {
        row.segment: row for row in trends[family] if (row.comparison, row.metric) == ("trend", "members")
    }
    assert rows[None].n_left == 0
    assert rows[None].change == pytest.approx(
        ((rows[None].estimate or 0) - (rows[None].earlier_estimate or 0)) / 2
    )
    assert sum(row.estimate or 0 for name, row in rows.items() if name) % (rows[None].estimate or 1) == 0
