"""What the tests on Snowflake's dialect share: the project compiled for Snowflake, over an emulated
account."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from include.tidemark.paths import DBT_DIR
from include.tidemark.pipeline.dbt_variables import as_environment
from tests.dbt.conftest import LATER, dbt_executable, split_run
from tests.snowflake.emulator import Emulator, running_emulator

# Rules that choose other SQL than the values that the project ships with.
OTHER_RULES: dict[str, Any] = {
    "category_share_basis": "window",
    "category_groups": {"it's a pet": "other"},
    "new_without_prior_is_growing": False,
    "engagement_percentile_users": "active",
    "revenue_segment_basis": "window",
    "passive_events": ["email_received"],
    "journey_stages": [
        {"stage": "first", "event": "session_start", "count": 1},
        {"stage": "third_purchase", "event": "purchase", "count": 3},
    ],
    "journey_funnel_group": "platform",
    "trade_size_basis": "median_swap",
    "early_engagement_return_events": ["login"],
}

# A month whose conditions have changed since both earlier ones.
EARLIER_RUNS: dict[str, Any] = {
    family: {
        f"{which}_{what}": value
        for which, day in (("previous", "2026-10-01"), ("year_before", "2025-11-01"))
        for what, value in (("run_key", which), ("as_of_date", day))
    }
    | {"same_rules": ["previous", "year_before"]}
    for family in ("customer_segments", "engagement", "planners")
}


@dataclass(frozen=True)
class Compiled:
    """What dbt made of the project for Snowflake: its manifest, and the SQL of each model and data test by
    name."""

    manifest: Mapping[str, Any]
    sql: Mapping[str, str]

    def nodes(self, kind: str) -> dict[str, dict[str, Any]]:
        """The nodes of a kind by name, as the manifest has them."""
        return {
            node["name"]: node for node in self.manifest["nodes"].values() if node["resource_type"] == kind
        }


def compile_project(emulator: Emulator, folder: Path, run: Mapping[str, Any]) -> Compiled:
    """Compile everything for Snowflake with these vars."""
    variables, values = split_run(run)
    done = subprocess.run(
        [
            str(dbt_executable()),
            "--no-use-colors",
            "compile",
            "--project-dir",
            str(DBT_DIR),
            "--profiles-dir",
            str(DBT_DIR),
            "--target-path",
            str(folder),
            "--log-path",
            str(folder),
            "--vars",
            json.dumps(variables),
        ],
        env=os.environ
        | emulator.dbt_environment()
        | as_environment(values)
        | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
        timeout=1_200,
    )
    assert done.returncode == 0, done.stdout
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    sql = {
        node["name"]: node["compiled_code"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "test") and node.get("compiled_code")
    }
    return Compiled(manifest, sql)


@pytest.fixture(scope="session")
def empty_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulated account without any table."""
    with running_emulator(tmp_path_factory.mktemp("empty_account")) as emulator:
        yield emulator


@pytest.fixture(scope="session", params=["usual rules, first month", "other rules, later month"])
def compiled(
    request: pytest.FixtureRequest, empty_account: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Compiled:
    """The project compiled for Snowflake: once for each way that the rules and the month can choose the
    SQL."""
    first = {"as_of_date": LATER["as_of_date"], "run_key": LATER["run_key"]}
    run = first if "first month" in request.param else LATER | OTHER_RULES | {"earlier_runs": EARLIER_RUNS}
    return compile_project(empty_account, tmp_path_factory.mktemp("compiled"), run)
