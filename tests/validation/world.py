"""A small, sound warehouse on DuckDB, made by hand, that a test then spoils in one place."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from include.tidemark.errors import GateError
from include.tidemark.pipeline.check import check_stage
from include.tidemark.rules import load_rules
from include.tidemark.run import PublishedRun, Run, RunOptions, make_run_key
from include.tidemark.settings import Settings
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.duckdb import DuckDBWarehouse
from tests.contracts import create_tables
from tests.staging import STAGING_VIEWS

AS_OF = date(2026, 11, 1)
STARTED = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
RUN_KEY = make_run_key(AS_OF, STARTED, "test", 0)
PREVIOUS = PublishedRun(as_of_date=date(2026, 10, 1), run_key="20261001_20261001T060000_0123abcd")

CUSTOMERS = 300
"""60 in each segment."""

_AUDIENCE_RULES = (
    "audience_high_value_min_avg_monthly_spend",
    "audience_declining_min_lifetime_value",
    "audience_new_growing_min_avg_monthly_spend",
)

_PURCHASES = """
    values (0, 10, 16000, 'Travel'), (0, 100, 16000, 'Travel'), (0, 300, 16000, 'Travel'),
           (1, 10, 1000, 'Grocery'), (1, 100, 3000, 'Grocery'), (1, 300, 500, 'Grocery'),
           (2, 10, 1000, 'Grocery'), (2, 1, 800, 'Travel'),
           (3, 10, 100, 'Grocery'), (3, 100, 100, 'Grocery'), (3, 300, 100, 'Grocery'),
           (4, 1, 2000, 'Travel'), (4, 100, 2000, 'Travel'), (4, 300, 2000, 'Travel')
"""
"""Kind of customer (its number modulo 5 is its segment), days before the as-of date, dollars, category."""

_FILL = f"""
    insert into raw.users
    select 'secret-user-' || i, timestamp '2025-01-01 12:30:00', 'ios', 'US', false, 'Zoë ' || i, 'person' || i || '@example.org',
        timestamp '2026-11-01 05:00:00'
    from range({CUSTOMERS}) as t(i);

    insert into raw.transactions
    select 'tx-' || i || '-' || p.days, 'secret-user-' || i,
        timestamp '2026-11-01 04:00:00' - to_days(p.days::integer) + interval 12 hour,
        p.amount, 0, p.category, if(i % 2 = 0, 'posted', null), timestamp '2026-11-01 05:00:00'
    from range({CUSTOMERS}) as t(i) join ({_PURCHASES}) as p(kind, days, amount, category) on i % 5 = p.kind;

    insert into core.fct_customer_category_daily by name
    select user_id, cast(timezone('America/New_York', timezone('UTC', transaction_at)) as date) as transaction_date, category,
        count(*) as purchase_count, sum(amount_usd) * 100 as gross_cents, 0 as refund_cents, sum(amount_usd) * 100 as net_cents, max(_loaded_at) as _loaded_at
    from raw.transactions group by all;

    insert into runs.customer_segments by name
    with spend as (
        select user_id as customer_id, sum(purchase_count) as total_transactions, sum(net_cents) / 100 as lifetime_value,
            min(transaction_date) as first_transaction_date, max(transaction_date) as last_transaction_date,
            coalesce(sum(net_cents) filter (transaction_date >= date '2026-08-03'), 0) / 100 as last_90,
            coalesce(sum(net_cents) filter (transaction_date between date '2026-05-05' and date '2026-08-02'), 0) / 100 as prior_90,
            coalesce(sum(gross_cents) filter (category = 'Travel'), 0) * 100 / sum(gross_cents) as travel,
            coalesce(sum(gross_cents) filter (category = 'Grocery'), 0) * 100 / sum(gross_cents) as necessities
        from core.fct_customer_category_daily group by user_id
    )
    select date '{AS_OF}' as as_of_date, '{RUN_KEY}' as run_key, customer_id,
        ['High-Value Travelers', 'Declining', 'New & Growing', 'Budget-Conscious', 'Stable Mid-Spenders']
            [split_part(customer_id, '-', 3)::integer % 5 + 1] as customer_segment,
        false as is_dormant, total_transactions, lifetime_value,
        lifetime_value / total_transactions as avg_transaction_value,
        first_transaction_date, last_transaction_date,
        date_diff('month', first_transaction_date, date '2026-11-01') as tenure_months,
        last_90 as spend_last_90_days, prior_90 as spend_prior_90_days,
        if(prior_90 > 0, 100.0 * (last_90 - prior_90) / prior_90, null) as spend_change_pct,
        last_90 / 3 as avg_monthly_spend, travel as travel_spend_pct, necessities as necessities_spend_pct,
        date '2026-11-01' - first_transaction_date as days_since_first_purchase
    from spend;
"""

_STATISTICS = f"""
    insert into runs.statistics
    with segments as (
        select distinct customer_segment as segment from runs.customer_segments
    ), shares as (
        select metric, segment, 0.2 as estimate, 0.15 as low, 0.25 as high, {CUSTOMERS} as n, method
        from segments cross join (values ('segment_share'), ('segment_share_active')) as m(metric)
        cross join (values ('wilson'), ('goodman')) as k(method)
    ), means as (
        select metric, segment, 100.0, 90.0, 120.0, {CUSTOMERS // 5}, method from segments
        cross join (values ('mean_spend_90d'), ('mean_lifetime_value')) as m(metric)
        cross join (values ('percentile_bootstrap'), ('hall_skew_t')) as k(method)
    ), absent as (
        select metric, segment, null, null, null, 0, 'wilson' from segments
        cross join (values ('movement'), ('backtest_spend_ratio')) as m(metric)
    ), numbers as (select * from shares union all select * from means union all select * from absent)
    select date '{AS_OF}', '{RUN_KEY}', 'customer_segments', metric, segment, null, null, estimate, low, high, 0.95, n, method,
        null, null, null, null, null, true, if(estimate is null, null, 'ok'), if(estimate is null, 'no_earlier_publication', null), method not in ('hall_skew_t', 'goodman'), null, null
    from numbers;

    insert into runs.changes by name
    select as_of_date, run_key, family, 'previous' as comparison, metric, 'share' as kind, segment, estimate,
        'paired_users' as method, 'no_earlier_publication' as reason
    from runs.statistics where metric = 'segment_share_active' and is_primary;
"""


@dataclass
class World:
    """One warehouse, one run, one artifact root."""

    folder: Path
    settings: Settings
    run: Run

    @classmethod
    def copy_of(cls, template: Path, folder: Path) -> "World":
        """A world of its own, with the rows of the template."""
        shutil.copy(template, folder / "warehouse.duckdb")
        settings = Settings(
            duckdb_path=folder / "warehouse.duckdb",
            artifact_root=(folder / "artifacts").as_uri(),
            scratch_dir=folder,
        )
        # The audiences of credit cards would be empty, which a first month warns of.
        rules = load_rules(environ={}).model_copy(update=dict.fromkeys(_AUDIENCE_RULES, 100))
        run = Run(
            as_of_date=AS_OF,
            run_key=RUN_KEY,
            started_at=STARTED,
            dag_run_id="test",
            families=("customer_segments",),
            rules=rules,
            rules_hash=rules.digest(),
            code_version="test",
            options=RunOptions(),
        )
        return cls(folder, settings, run)

    def sql(self, *statements: str) -> None:
        """Change the warehouse."""
        with duckdb.connect(str(self.settings.duckdb_path)) as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Look into the warehouse."""
        with duckdb.connect(str(self.settings.duckdb_path)) as connection:
            return connection.execute(query).fetchall()

    def with_rules(self, **changes: Any) -> None:
        """Go on with other rules."""
        self.run = self.run.model_copy(update={"rules": self.run.rules.model_copy(update=changes)})

    def after_previous(self) -> None:
        """Go on as if the month before had been published."""
        self.run = self.run.model_copy(
            update={"previous": PREVIOUS, "previous_by_family": dict.fromkeys(self.run.families, PREVIOUS)}
        )

    def check(self, stage: str) -> dict[str, Any]:
        """Run the gate of a stage; raises what it raises."""
        return check_stage(stage, self.run, self.settings)  # type: ignore[arg-type]

    def failures(self, stage: str) -> dict[str, tuple[str, str]]:
        """What `failures_of` says of a stage of this world's run."""
        return failures_of(stage, self.run, self.settings, self.rows)

    def observed(self, stage: str, expectation: str) -> float:
        """What a check measured in the last gate of this stage."""
        ((value,),) = self.rows(
            f"select observed from control.gate_results where stage = '{stage}' and expectation = '{expectation}'"
            f" and run_key = '{RUN_KEY}'"
        )
        return float(value)

    def artifacts(self) -> dict[str, str]:
        """Content of each file below the artifact root."""
        root = self.folder / "artifacts"
        return {
            str(f.relative_to(root)): f.read_text(encoding="utf-8") for f in root.rglob("*") if f.is_file()
        }


def failures_of(
    stage: str, run: Run, settings: Settings, rows: Callable[[str], list[tuple[Any, ...]]]
) -> dict[str, tuple[str, str]]:
    """Severity and sentence of each check that fails, as `control.gate_results` keeps them.

    Asserts that the stage stops where one of them is critical, with its sentence, and goes on where none is.

    Args:
        rows: what a query of the run's warehouse gives.
    """
    stopped = ""
    try:
        check_stage(stage, run, settings)  # type: ignore[arg-type]
    except GateError as error:
        stopped = str(error)
    found = {
        name: (severity, message)
        for name, severity, message in rows(
            "select expectation, severity, message from control.gate_results"
            f" where stage = '{stage}' and run_key = '{run.run_key}' and not success"
        )
    }
    critical = [message for severity, message in found.values() if severity == "critical"]
    assert bool(stopped) == bool(critical), (
        f"{len(critical)} critical failures, and: {stopped or 'it went on'}"
    )
    assert not stopped or any(message in stopped for message in critical)
    return found


def make_template(path: Path) -> None:
    """Write the sound warehouse that every test starts from."""
    warehouse = DuckDBWarehouse(path)
    ensure_control_tables(warehouse)
    create_tables(warehouse.execute, "raw", "core.fct_customer_category_daily", "runs.customer_segments")
    for statement in (*STAGING_VIEWS, *(_FILL + _STATISTICS).split(";")):
        if statement.strip():
            warehouse.execute(statement)
    warehouse.close()
