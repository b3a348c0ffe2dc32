"""What dbt says when it is started without a run, or with one that is malformed: one sentence that says what
to do."""

import json
from typing import Any

import pytest
import yaml

from include.tidemark.paths import DBT_DIR

CASES = {
    "no_as_of_date": (
        {"run_key": "r"},
        "The var as_of_date must be an existing date written YYYY-MM-DD (found '')",
    ),
    "no_such_day": ({"as_of_date": "2026-02-29", "run_key": "r"}, "(found '2026-02-29')"),
    "no_run_key": (
        {"as_of_date": "2026-11-01"},
        "The var run_key must be made of letters, digits and underscores (found '')",
    ),
    "quote_in_key": (
        {"as_of_date": "2026-11-01", "run_key": "r'; drop table x; --"},
        "The var run_key must be made of",
    ),
    "zone_with_a_quote": (
        {"as_of_date": "2026-11-01", "run_key": "r", "business_timezone": "Etc/'"},
        "The rule business_timezone must be an IANA time zone",
    ),
    "threshold_in_words": (
        {"as_of_date": "2026-11-01", "run_key": "r", "high_value_min_travel_pct": "25 or 1=1"},
        "The rule high_value_min_travel_pct must be a number",
    ),
}


@pytest.fixture(scope="module")
def results(built: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All cases, two at a time: each is a dbt process that does next to nothing."""
    found: dict[str, Any] = {}
    names = list(CASES)
    for pair in zip(names[::2], names[1::2], strict=True):
        started = []
        for name in pair:
            warehouse = built.copy_to(tmp_path_factory.mktemp(name))
            started.append(
                (name, warehouse, warehouse.start("run", "--select", "stg_users+", run=CASES[name][0]))
            )
        for name, warehouse, process in started:
            found[name] = (warehouse, warehouse.finish(process))
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_malformed_run_is_refused_with_one_sentence(results: dict[str, Any], built: Any, name: str) -> None:
    warehouse, result = results[name]
    assert result.returncode != 0
    assert CASES[name][1] in result.output
    count = "select run_key, count(*) from runs.customer_spend group by all order by all"
    assert warehouse.rows(count) == built.rows(count)


def test_every_model_says_its_grain_and_describes_its_columns(built: Any) -> None:
    manifest = json.loads(next(built.scratch.glob("dbt_*/manifest.json")).read_text(encoding="utf-8"))
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert len(models) == len(list((DBT_DIR / "models").rglob("*.sql")))
    for model in models:
        description = model["description"].strip()
        assert description.rsplit(". ", 1)[-1].startswith("One row per "), (
            f"{model['name']}: say the grain last"
        )
        undescribed = [name for name, column in model["columns"].items() if not column["description"]]
        assert not undescribed and model["columns"], f"{model['name']}: describe {undescribed}"


def test_the_dbt_unit_tests_of_every_family_pass(raw_warehouse: Any, tmp_path: Any) -> None:
    """On tables without rows: a unit test asks the warehouse for its inputs' columns only."""
    result = raw_warehouse.copy_to(tmp_path).dbt(
        "build",
        "--empty",
        "--exclude-resource-type",
        "test",
        run={"as_of_date": "2026-11-01", "run_key": "r"},
    )
    assert result.returncode == 0, result.output
    declared = (DBT_DIR / "models").rglob("*.yml")
    wanted = sum(len(yaml.safe_load(f.read_text(encoding="utf-8")).get("unit_tests") or []) for f in declared)
    assert sum(status == "pass" for status in result.statuses.values()) == wanted > 60
