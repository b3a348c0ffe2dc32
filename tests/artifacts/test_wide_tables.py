"""The form in which families say the tables that they publish."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from include.tidemark.artifacts.columns import REASON
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.wide_tables import WideTables, wide_rows, wide_tables
from include.tidemark.statistics.results import ResultRow, to_records

FILE = """
statistics:
  rate: {metric: "rate_{what}", segment: "{segment}", horizon: "week {k}", factor: 100}
  other: {metric: "rate_{what}", segment: "{segment}", horizon: "week {k}", method: bootstrap}
tables:
  data/rates:
    rows: One row per segment.
    parquet: true
    columns:
      - run
      - &keys
        - {column: k, kind: integer, words: The week.}
      - {interval: share, kind: number, words: Share, ends: [low, high], of: rate}
      - of: other
        group:
          - {column: p, kind: number, words: p-value. $reason, field: p_value}
          - {column: is_small, kind: boolean, words: Whether p is small., field: p_value, at_most: threshold}
          - {column: is_large, kind: boolean, words: Whether p is large., field: p_value, at_least: threshold}
          - {column: is_known, kind: boolean, words: Whether there is one., known: true}
          - {column: is_found, kind: boolean, words: Whether it is one., field: is_discovery, holds: true}
      - {trust: share, of: rate}
      - {n: share, of: rate}
  data/keys:
    rows: One row per week.
    lines: select k from weeks where run_key = '$run_key' and k <= $rules.weeks
    columns: [*keys]
  data/user_cohorts: {}
  data/retention_of_models:
    rows: Nothing.
"""
RUN: Any = SimpleNamespace(
    as_of_date=date(2026, 11, 1), run_key="this", rules=SimpleNamespace(threshold=0.05)
)
ROWS = [
    ResultRow("rate_use", 0.25, "wilson", None, None, "week 2", 0.125, 0.5, n=80, trust="ok"),
    ResultRow("rate_use", 0.25, "bootstrap", None, None, "week 2", 0.2, 0.3, n=80, p_value=0.01, trust="ok", is_primary=False),
    ResultRow("rate_use", 0.5, "wilson", "ios", None, "week 2", 0.25, 0.75, n=8, trust="ok"),
]  # fmt: skip


@pytest.fixture
def tables(tmp_path: Path) -> WideTables:
    (tmp_path / "tables.yml").write_text(FILE)
    return wide_tables(tmp_path / "tables.yml")


def test_tables_stand_in_the_order_of_the_file_and_those_of_a_model_are_as_its_yml_says(
    tables: WideTables,
) -> None:
    assert list(tables.tables) == ["data/rates", "data/keys", "data/user_cohorts", "data/retention_of_models"]
    assert tables["data/user_cohorts"].model == "fct_user_cohorts"
    assert tables["data/rates"].parquet and not tables["data/keys"].parquet
    assert tables["data/keys"].names == ("k",)
    assert tables.lines == {
        "data/keys": "select k from weeks where run_key = '$run_key' and k <= $rules.weeks"
    }
    assert tables["data/rates"].names == (
        "as_of_date",
        "run_key",
        "k",
        "share",
        "low",
        "high",
        "p",
        "is_small",
        "is_large",
        "is_known",
        "is_found",
        "trust",
        "reason",
        "n",
    )
    assert tables["data/rates"].columns[6].description == f"p-value. {REASON}"


def test_a_line_finds_its_rows_by_its_keys_and_a_null_key_is_the_row_of_all(tables: WideTables) -> None:
    records = to_records(ROWS, as_of_date="2026-11-01", run_key="this", family="f")
    # As the last stage marks it.
    held = StatisticRows(
        tuple(row | {"is_discovery": None if row["p_value"] is None else True} for row in records)
    )
    lines = [{"segment": segment, "what": "use", "k": 2} for segment in (None, "ios", "web")]
    found = [list(row.values())[2:] for row in wide_rows(tables["data/rates"], RUN, lines, held)]
    assert found == [
        [2, 25.0, 12.5, 50.0, 0.01, True, False, True, True, "ok", None, 80],
        [2, 50.0, 25.0, 75.0, None, None, None, False, False, "ok", None, 8],
        [2, None, None, None, None, None, None, False, False, None, None, None],
    ]
