"""Two months of engagement, the first of which had no transactions yet: none landed, or a table without a
row."""

from datetime import datetime
from pathlib import Path

import pytest

from include.tidemark.families.engagement.definitions import REVENUE_SEGMENTS
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from tests.contracts import create_tables
from tests.families.conftest import synthetic_deployment

pytestmark = pytest.mark.timeout(900)

MONEY = {"mean_lifetime_revenue", "mean_revenue_90d", "revenue_share", "cohort_revenue_per_user"}


def publish(settings: Settings, as_of: str) -> None:
    started = datetime.fromisoformat(f"{as_of}T07:00:00+00:00")
    run_in_order(settings, {"as_of_date": as_of, "n_resamples": 1_000}, started)


def rows(settings: Settings, query: str) -> list[dict[str, object]]:
    with open_warehouse(settings) as warehouse:
        return warehouse.fetch(query)


@pytest.mark.parametrize("stands_empty", [False, True])
def test_the_month_whose_table_has_rows_has_all_of_the_money_and_no_change_of_it(
    tmp_path: Path, *, stands_empty: bool
) -> None:
    settings = synthetic_deployment(tmp_path, 300).model_copy(update={"families": ("engagement",)})
    landed = tmp_path / "landing" / "transactions.parquet"
    delivered = landed.rename(tmp_path / "not_yet.parquet")
    if stands_empty:
        with open_warehouse(settings) as warehouse:
            ensure_control_tables(warehouse)
            create_tables(warehouse.execute, "raw")
    publish(settings, "2026-06-01")
    found = rows(settings, "select metric, estimate, reason from marts.statistics")
    assert {(r["estimate"], r["reason"]) for r in found if r["metric"] in MONEY} == {
        (None, "no_transactions")
    }

    delivered.rename(landed)
    publish(settings, "2026-07-01")
    # Every day of the facts holds what came later, not only those that the look-back reaches.
    paid = "select sum(amount_cents) / 100 as paid from staging.stg_transactions"
    posted = rows(settings, f"{paid} where status = 'posted' and transaction_date < date '2026-07-01'")
    facts = rows(
        settings,
        "select sum(net_cents) / 100 as paid from core.fct_customer_category_daily"
        " where transaction_date < date '2026-07-01'",
    )
    assert float(facts[0]["paid"]) == pytest.approx(float(posted[0]["paid"]))  # type: ignore[arg-type]
    segments = rows(settings, "select distinct revenue_segment as name from marts.user_engagement_current")
    assert {row["name"] for row in segments} >= {"whale", "free_user"}
    changes = rows(
        settings,
        "select metric, segment, reason, p_value from marts.changes_current where comparison = 'previous'",
    )
    of_money = [r for r in changes if r["metric"] in MONEY or r["segment"] in REVENUE_SEGMENTS]
    assert {row["reason"] for row in of_money} == {"no_transactions"}
    assert any(row["p_value"] is not None for row in changes if row not in of_money)
