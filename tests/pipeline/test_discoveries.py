"""What the report of a run calls a discovery, with the rows of all its questions together."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from include.tidemark.pipeline.discoveries import mark_discoveries
from include.tidemark.statistics.multiplicity import Selection, adjust
from include.tidemark.statistics.results import ResultRow, to_records
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.duckdb import DuckDBWarehouse

RUN: Any = SimpleNamespace(run_key="this", rules=SimpleNamespace(segmentation_significance_threshold=0.05))


def compared(metric: str, *p_values: float | None, is_primary: bool = True) -> list[ResultRow]:
    return adjust(
        ResultRow(
            metric, 1.0, "welch", segment=f"s{place}", p_value=p, reason="descriptive", is_primary=is_primary
        )
        for place, p in enumerate(p_values)
    )


@pytest.fixture
def warehouse(tmp_path):
    opened = DuckDBWarehouse(tmp_path / "w.duckdb")
    ensure_control_tables(opened)
    yield opened
    opened.close()


def insert(warehouse, run_key: str, **families: list[ResultRow]) -> None:
    for family, rows in families.items():
        known = {"as_of_date": date(2026, 11, 1).isoformat(), "run_key": run_key, "family": family}
        warehouse.insert("runs.statistics", to_records(rows, **known))


def marked(warehouse, run_key: str = "this") -> dict[tuple[str, str, str], bool | None]:
    rows = warehouse.fetch(
        "select family, metric, segment, is_discovery from runs.statistics where run_key = ?", (run_key,)
    )
    return {(row["family"], row["metric"], row["segment"]): row["is_discovery"] for row in rows}


def test_a_difference_is_a_discovery_at_the_level_that_is_left_for_the_selected_families(warehouse):
    # Four families, two with something: 0.05 x 2 / 4 is the level of what is within them.
    insert(
        warehouse,
        "this",
        one=compared("a", 0.0001, 0.02, 0.04, None) + compared("b", 0.9),
        two=compared("a", 0.024) + compared("c", 0.04),
    )
    assert mark_discoveries(RUN, warehouse) == Selection(families=4, selected=2, level=0.025)
    assert marked(warehouse) == {
        ("one", "a", "s0"): True,
        # Adjusted within its family 0.03: a discovery of the family, but none of the report.
        ("one", "a", "s1"): False,
        ("one", "a", "s2"): False,
        ("one", "a", "s3"): None,
        ("one", "b", "s0"): False,
        ("two", "a", "s0"): True,
        ("two", "c", "s0"): False,
    }


def test_only_the_row_by_which_a_number_is_read_can_be_a_discovery(warehouse):
    insert(warehouse, "this", one=compared("a", 1e-9, is_primary=False) + compared("b", 0.04))
    assert mark_discoveries(RUN, warehouse) == Selection(families=1, selected=1, level=0.05)
    assert marked(warehouse) == {("one", "a", "s0"): False, ("one", "b", "s0"): True}


def test_marking_again_changes_nothing_and_other_runs_are_left_alone(warehouse):
    insert(warehouse, "this", one=compared("a", 0.001))
    insert(warehouse, "other", one=compared("a", 0.001))
    assert mark_discoveries(RUN, warehouse) == mark_discoveries(RUN, warehouse)
    assert marked(warehouse) == {("one", "a", "s0"): True}
    assert marked(warehouse, "other") == {("one", "a", "s0"): None}


def test_a_run_that_compares_nothing_discovers_nothing(warehouse):
    insert(warehouse, "this", one=compared("a", None))
    assert mark_discoveries(RUN, warehouse) == Selection(families=0, selected=0, level=0.0)
    assert marked(warehouse) == {("one", "a", "s0"): None}
