"""docs/develop.md says how to add a family with a question of its own; this does it, in a copy of the
project, and publishes a month of it.

A family that only divides users is a file instead: `tests/segmentations/test_months.py` publishes users by
platform that way.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from include.tidemark.demo.synthetic.writing import write_landing_files
from include.tidemark.paths import PROJECT_ROOT

NEW_FILES = Path(__file__).parent / "sixth"
EDITS = {
    "dbt/dbt_project.yml": [
        ("\nmodels:\n  tidemark:\n", "\n  platform_min_users: 5\n\nmodels:\n  tidemark:\n"),
        ("    marts:\n", "    platforms:\n      <<: *run_tables\n      +tags: [platforms]\n    marts:\n"),
    ],
    "include/tidemark/rules.py": [
        (
            "from include.tidemark.families.planners.rules import PlannersRules\n",
            "from include.tidemark.families.planners.rules import PlannersRules\n"
            "from include.tidemark.families.platforms.rules import PlatformsRules\n",
        ),
        ("    FeeTiersRules,\n):", "    FeeTiersRules,\n    PlatformsRules,\n):"),
    ],
}
"""The lines that the walk-through adds to files that stand already."""

RUN = """
from datetime import UTC, datetime
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.settings import load_settings
run, _ = run_in_order(load_settings(), {"as_of_date": "2026-07-01", "n_resamples": 1000}, datetime(2026, 7, 1, 7, tzinfo=UTC))
print(run.run_key)
"""


def test_a_family_that_is_added_as_the_walk_through_says_is_published(tmp_path):
    project = copy_of_the_project(tmp_path / "project")
    shutil.copytree(NEW_FILES, project, dirs_exist_ok=True)
    for name, edits in EDITS.items():
        file = project / name
        text = file.read_text(encoding="utf-8")
        for before, after in edits:
            assert text.count(before) == 1, (name, before)
            text = text.replace(before, after)
        file.write_text(text, encoding="utf-8")
    write_landing_files(tmp_path / "landing", 1_000)
    environment = os.environ | {
        "PYTHONPATH": str(project),
        "TIDEMARK_FAMILIES": "platforms",
        "TIDEMARK_DUCKDB_PATH": str(tmp_path / "warehouse.duckdb"),
        "TIDEMARK_LANDING_URL": (tmp_path / "landing").as_uri(),
        "TIDEMARK_ARTIFACT_ROOT": (tmp_path / "artifacts").as_uri(),
        "TIDEMARK_ID_HASH_KEY": "the key of the sixth family",
        "TIDEMARK_DBT_EXECUTABLE": str(PROJECT_ROOT / ".venv" / "dbt" / "bin" / "dbt"),
    }
    command = [sys.executable, "-c", RUN]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=1_200
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    folder = tmp_path / "artifacts" / "as_of=2026-07-01" / f"run={done.stdout.split()[-1]}"
    with (folder / "data/platform_users.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert {"ios", "android", "web"} <= {row["platform"] for row in rows}
    assert all(
        float(row["weekend_share_pct_ci_low"])
        < float(row["weekend_share_pct"])
        < float(row["weekend_share_pct_ci_high"])
        for row in rows
    )
    manifest = json.loads((folder / "manifest.json").read_text())
    assert [f["name"] for f in manifest["families"] if f["status"] == "computed"] == ["platforms"]
    assert manifest["rules"]["platform_min_users"] == 5
    definitions = json.loads((folder / "definitions/segment_definitions.json").read_text())
    assert definitions["families"]["platforms"] == {"population": "Platforms with 5 or more users."}
    assert "Sign-ups at weekends" in (folder / "report/index.html").read_text(encoding="utf-8")


def copy_of_the_project(target: Path) -> Path:
    """The files that decide results, without what was built from them."""
    ignored = shutil.ignore_patterns("target", "logs", "__pycache__")
    for part in ("dbt", "include"):
        shutil.copytree(PROJECT_ROOT / part, target / part, ignore=ignored)
    return target
