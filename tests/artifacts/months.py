"""Fixture months: a small deterministic book of customers, put by hand into the tables that dbt, the
statistics and the gate write, so that publication is tested apart from them.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import SecretStr

from include.tidemark.rules import Rules
from include.tidemark.run import PublishedRun, Run, RunOptions, make_run_key
from include.tidemark.segmentations.shipped import shipped
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.control import ensure_control_tables

MONTHS = (date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1))
CUSTOMERS = 400
SEGMENTS, JOINED = shipped("customer_segments").names, shipped("customer_segments").joined
KEY = "a key of the tests only"

_DDL = {
    "runs.customer_segments": """
        as_of_date date, run_key varchar, customer_id varchar, customer_segment varchar, is_dormant boolean,
        total_transactions bigint, lifetime_value decimal(18,2), avg_transaction_value decimal(18,2),
        first_transaction_date date, last_transaction_date date, tenure_months bigint,
        spend_last_90_days decimal(18,2), spend_prior_90_days decimal(18,2), spend_change_pct double,
        avg_monthly_spend decimal(18,2), travel_spend_pct double, necessities_spend_pct double,
        days_since_first_purchase integer""",
    "runs.customer_segment_movement": """
        as_of_date date, run_key varchar, previous_as_of_date date, previous_run_key varchar,
        from_segment varchar, to_segment varchar, customers bigint""",
    "runs.customer_segment_backtest_cells": """
        as_of_date date, run_key varchar, backtest_as_of_date date, backtest_run_key varchar, customer_segment varchar,
        bin varchar, n bigint, prior_s1 hugeint, later_s1 hugeint, prior_s2 hugeint, later_s2 hugeint, cross_s2 hugeint""",
    "raw.users": "user_id varchar",
    "raw.transactions": "transaction_id varchar",
}


def make_settings(folder: Path, **changes: object) -> Settings:
    """Settings whose warehouse and artifacts stand below the folder."""
    values = {
        "warehouse": "duckdb",
        "duckdb_path": folder / "warehouse.duckdb",
        "artifact_root": (folder / "artifacts").as_uri(),
        "id_hash_key": SecretStr(KEY),
        **changes,
    }
    return Settings(**values)  # type: ignore[arg-type]


def make_run(as_of: date, rules: Rules, *, attempt: int = 0, **options: object) -> Run:
    """The run of one month; a higher attempt is a later run of the same month."""
    month = MONTHS.index(as_of)
    started = datetime(as_of.year, as_of.month, as_of.day, 6, tzinfo=UTC) + timedelta(days=2 * attempt)
    dag_run_id = f"scheduled__{as_of}__{attempt}"
    previous = _first_run(MONTHS[month - 1]) if month else None
    backtest = _first_run(MONTHS[0]) if month == 3 else None
    return Run(
        as_of_date=as_of,
        run_key=make_run_key(as_of, started, dag_run_id, 0),
        started_at=started,
        dag_run_id=dag_run_id,
        families=("customer_segments",),
        rules=rules,
        rules_hash=rules.digest(),
        code_version="content-0123456789ab",
        options=RunOptions(**options),  # type: ignore[arg-type]
        previous=previous,
        previous_by_family={"customer_segments": previous} if previous else {},
        backtest_by_family={"customer_segments": backtest} if backtest else {},
    )


def _first_run(as_of: date) -> PublishedRun:
    started = datetime(as_of.year, as_of.month, as_of.day, 6, tzinfo=UTC)
    return PublishedRun(as_of_date=as_of, run_key=make_run_key(as_of, started, f"scheduled__{as_of}__0", 0))


def write_candidate(settings: Settings, run: Run) -> None:
    """What the tasks before `publish` leave behind for this run."""
    with open_warehouse(settings) as warehouse:
        ensure_control_tables(warehouse)
        for table, columns in _DDL.items():
            warehouse.execute(f"create table if not exists {table} ({columns})")
        identity = {"as_of_date": run.as_of_date, "run_key": run.run_key}
        _write_sources(warehouse, run)
        customers = _customers(run.as_of_date)
        _insert_many(warehouse, "runs.customer_segments", [{**identity, **row} for row in customers])
        _write_statistics(warehouse, run, customers)
        _write_gate(warehouse, identity)


def _insert_many(warehouse: Warehouse, table: str, rows: list[dict[str, object]]) -> None:
    """Through a file, which is much faster than row by row."""
    with TemporaryDirectory() as folder:
        file = str(Path(folder) / "rows.parquet")
        pq.write_table(pa.Table.from_pylist(rows), file)
        warehouse.execute(f"insert into {table} by name select * from read_parquet(?)", (file,))


def _write_sources(warehouse: Warehouse, run: Run) -> None:
    if not warehouse.fetch("select 1 from raw.users limit 1"):
        warehouse.execute("insert into raw.users select i from range(450) t(i)")
        warehouse.execute("insert into raw.transactions select i from range(9000) t(i)")
        loaded = run.started_at.replace(tzinfo=None)
        rows = [("users", 450), ("transactions", 9000)]
        warehouse.insert(
            "control.loads",
            [
                {
                    "table_name": n,
                    "uri": f"file:///landing/{n}.parquet",
                    "fingerprint": "f1",
                    "row_count": c,
                    "loaded_at": loaded,
                }
                for n, c in rows
            ],
        )


def _customers(as_of: date) -> list[dict[str, object]]:
    """The book of a month: everyone before, some newcomers, and a few who changed their segment."""
    month = MONTHS.index(as_of)
    rows = [_customer(number, month, as_of) for number in range(CUSTOMERS + 10 * month)]
    hostile = {0: "=HYPERLINK(1)", 1: "-7", 2: 'Zoë, "Žižek"\nline'}
    for number, name in hostile.items():
        rows[number]["customer_id"] = name
    return rows


def _customer(number: int, month: int, as_of: date) -> dict[str, object]:
    draw = Random(f"{number}")
    home = draw.choices(SEGMENTS, weights=(8, 9, 12, 24, 47))[0]
    moved = Random(f"{number}|{month}")
    segment = moved.choice(SEGMENTS) if month and moved.random() < 0.15 else home
    low, high = {
        "High-Value Travelers": (15_000, 60_000),
        "Declining": (100, 4_000),
        "New & Growing": (800, 12_000),
        "Budget-Conscious": (60, 4_400),
        "Stable Mid-Spenders": (900, 14_000),
    }[segment]
    spend = Decimal(round(low + (high - low) * moved.random() ** 2.5)) + Decimal("0.37")
    prior = spend * 3 if segment == "Declining" else spend / 2
    dormant = segment == "Stable Mid-Spenders" and moved.random() < 0.1
    if dormant:
        spend = prior = Decimal(0)
    if number == 5:
        spend = Decimal("-12.34")
    lifetime = spend * (2 + number % 9) + Decimal(number)
    first = as_of - timedelta(
        days=40 + 31 * (number % 30) if segment != "New & Growing" else 20 + number % 120
    )
    travel = 25 + moved.random() * 60 if segment == "High-Value Travelers" else moved.random() * 20
    return {
        "customer_id": f"C{number:05d}",
        "customer_segment": segment,
        "is_dormant": dormant,
        "total_transactions": 3 + number % 80,
        "lifetime_value": lifetime.quantize(Decimal("0.01")),
        "avg_transaction_value": (abs(lifetime) / (3 + number % 80)).quantize(Decimal("0.01")),
        "first_transaction_date": first,
        "last_transaction_date": as_of - timedelta(days=1 + number % 60),
        "tenure_months": (as_of - first).days // 31,
        "spend_last_90_days": spend,
        "spend_prior_90_days": prior.quantize(Decimal("0.01")),
        "spend_change_pct": float((spend - prior) / prior * 100) if prior > 0 else None,
        "avg_monthly_spend": (spend / 3).quantize(Decimal("0.01")),
        "travel_spend_pct": travel,
        "necessities_spend_pct": None if number % 97 == 0 else (100 - travel) * moved.random(),
        "days_since_first_purchase": (as_of - first).days,
    }


def _write_statistics(warehouse: Warehouse, run: Run, customers: list[dict[str, object]]) -> None:
    identity = {"as_of_date": run.as_of_date, "run_key": run.run_key}
    rows = [*_share_rows(customers), *_mean_rows(customers)]
    if run.previous:
        moves = _moves(run)
        _insert_many(warehouse, "runs.customer_segment_movement", [{**identity, **row} for row in moves])
        rows += _movement_rows(moves)
    else:
        rows.append(
            _statistic("movement", None, "wilson", None, None, None, 0, reason="no_earlier_publication")
        )
    rows += _backtest(warehouse, run, customers)
    family = {"family": "customer_segments"}
    _insert_many(warehouse, "runs.statistics", [{**identity, **family, **row} for row in rows])


def _statistic(
    metric: str,
    segment: str | None,
    method: str,
    estimate: float | None,
    low: float | None,
    high: float | None,
    n: int,
    **more: object,
) -> dict[str, object]:
    resampled = method == "percentile_bootstrap"
    row: dict[str, object] = {
        "metric": metric,
        "segment": segment,
        "segment_to": None,
        "horizon": None,
        "estimate": estimate,
        "ci_low": low,
        "ci_high": high,
        "confidence_level": 0.95,
        "n": n,
        "method": method,
        "n_resamples": 10_000 if resampled else None,
        "seed": f"{abs(hash_of(metric, segment)):032x}" if resampled else None,
        "p_value": None,
        "p_adjusted": None,
        "family_size": None,
        "is_mature": True,
        "trust": "ok" if estimate is not None else None,
        "reason": None,
        "is_primary": method not in ("hall_skew_t", "log_delta"),
        "comparison_family": None,
        "is_discovery": None,
    }
    return row | more


def hash_of(*parts: object) -> int:
    """A number that looks like a stream's key."""
    return Random("|".join(map(str, parts))).getrandbits(128)


def _share_rows(customers: list[dict[str, object]]) -> list[dict[str, object]]:
    rows = []
    for metric, book in (
        ("segment_share", customers),
        ("segment_share_active", [c for c in customers if not c["is_dormant"]]),
    ):
        for segment in SEGMENTS:
            share = sum(c["customer_segment"] == segment for c in book) / len(book)
            half = 1.96 * (share * (1 - share) / len(book)) ** 0.5
            rows.append(
                _statistic(metric, segment, "wilson", share, max(share - half, 0.0), share + half, len(book))
            )
    return rows


def _mean_rows(customers: list[dict[str, object]]) -> list[dict[str, object]]:
    rows = []
    columns = {"mean_spend_90d": "spend_last_90_days", "mean_lifetime_value": "lifetime_value"}
    for metric, column in columns.items():
        for segment in (*SEGMENTS, None):
            amounts = [float(c[column]) for c in customers if segment in (None, c["customer_segment"])]  # type: ignore[arg-type]
            mean = sum(amounts) / len(amounts)
            error = (sum((a - mean) ** 2 for a in amounts) / len(amounts) ** 2) ** 0.5
            trust, reason = ("caution", "skewed") if segment == "Declining" else ("ok", None)
            for method, factor in (("percentile_bootstrap", 1.9), ("hall_skew_t", 2.1)):
                low, high = mean - factor * error, mean + (factor + 0.2) * error
                flag = {"trust": trust, "reason": reason}
                rows.append(_statistic(metric, segment, method, mean, low, high, len(amounts), **flag))
    return rows


def _moves(run: Run) -> list[dict[str, object]]:
    assert run.previous is not None
    before = {c["customer_id"]: c["customer_segment"] for c in _customers(run.previous.as_of_date)}
    counts: dict[tuple[object, object], int] = {}
    for customer in _customers(run.as_of_date):
        pair = (before.get(customer["customer_id"], JOINED), customer["customer_segment"])
        counts[pair] = counts.get(pair, 0) + 1
    return [
        {
            "previous_as_of_date": run.previous.as_of_date,
            "previous_run_key": run.previous.run_key,
            "from_segment": origin,
            "to_segment": target,
            "customers": count,
        }
        for (origin, target), count in counts.items()
    ]


def _movement_rows(moves: list[dict[str, object]]) -> list[dict[str, object]]:
    rows = []
    for origin in SEGMENTS:
        total = sum(int(m["customers"]) for m in moves if m["from_segment"] == origin)  # type: ignore[call-overload]
        for target in SEGMENTS:
            found = [
                m["customers"] for m in moves if (m["from_segment"], m["to_segment"]) == (origin, target)
            ]
            share = (found[0] if found else 0) / total  # type: ignore[operator]
            half = 1.96 * (share * (1 - share) / total) ** 0.5
            low, high = max(share - half, 0.0), min(share + half + 0.01, 1.0)
            rows.append(_statistic("movement", origin, "wilson", share, low, high, total, segment_to=target))
    return rows


def _backtest(warehouse: Warehouse, run: Run, customers: list[dict[str, object]]) -> list[dict[str, object]]:
    if run.backtest is None:
        more = {"horizon": "90d", "reason": run.backtest_reason, "is_mature": False}
        return [
            _statistic("backtest_spend_ratio", s, "percentile_bootstrap", None, None, None, 0, **more)
            for s in (*SEGMENTS, None)
        ]
    rows = []
    sums = {"prior": 0, "later": 0}
    for number, segment in enumerate(SEGMENTS):
        book = [c for c in customers if c["customer_segment"] == segment]
        prior = sum(int(c["spend_last_90_days"] * 100) for c in book)  # type: ignore[operator]
        later = prior * (6 + number) // 8
        sums = {"prior": sums["prior"] + prior, "later": sums["later"] + later}
        warehouse.insert(
            "runs.customer_segment_backtest_cells",
            [
                {
                    "as_of_date": run.as_of_date,
                    "run_key": run.run_key,
                    "backtest_as_of_date": run.backtest.as_of_date,
                    "backtest_run_key": run.backtest.run_key,
                    "customer_segment": segment,
                    "bin": f"+{part}",
                    "n": n,
                    "prior_s1": prior - prior // 2 if part else prior // 2,
                    "later_s1": later - later // 2 if part else later // 2,
                    "prior_s2": 1,
                    "later_s2": 1,
                    "cross_s2": 1,
                }
                for part, n in ((0, len(book) // 2), (1, len(book) - len(book) // 2))
            ],
        )
        rows += _spend_ratio(segment, later / prior, len(book))
    return [*rows, *_spend_ratio(None, sums["later"] / sums["prior"], len(customers))]


def _spend_ratio(segment: str | None, ratio: float, n: int) -> list[dict[str, object]]:
    ends = ratio * 0.9, ratio * 1.12
    return [
        _statistic("backtest_spend_ratio", segment, method, ratio, *ends, n, horizon="90d")
        for method in ("percentile_bootstrap", "log_delta")
    ]


def _write_gate(warehouse: Warehouse, identity: dict[str, object]) -> None:
    checks = [
        ("sources", "expect_column_values_to_not_be_null", "raw.users", "user_id", "critical", True, None),
        ("sources", "expect_table_row_count_to_be_between", "raw.transactions", None, "warning", True, None),
        ("models", "expect_column_values_to_be_unique", "runs.customer_segments", "customer_id", "critical", True, None),
        ("models", "expect_segment_share_at_least", "runs.customer_segments", "customer_segment", "warning", False,
         "Declining holds 4.1% of customers, below the 5% that the rules expect."),
        ("statistics", "expect_interval_to_be_ordered", "runs.statistics", "ci_low", "critical", True, None),
    ]  # fmt: skip
    warehouse.insert(
        "control.gate_results",
        [
            {
                **identity,
                "stage": stage,
                "suite": f"customer_segments.{stage}",
                "expectation": expectation,
                "table_name": table,
                "column_name": column,
                "severity": severity,
                "success": success,
                "observed": None,
                "message": message,
            }
            for stage, expectation, table, column, severity, success, message in checks
        ],
    )
