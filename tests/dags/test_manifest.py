"""The DAG is rendered from a manifest, which nothing in Cosmos compares with the project."""

import json
import os
import subprocess
from pathlib import Path

from include.tidemark.paths import DBT_DIR, DBT_MANIFEST
from include.tidemark.settings import Settings


def described(manifest: Path) -> dict[str, object]:
    content = json.loads(manifest.read_text(encoding="utf-8"))
    nodes = {
        name: (node["checksum"]["checksum"], node["depends_on"].get("nodes"), node["tags"])
        for name, node in content["nodes"].items()
    }
    return nodes | {
        name: macro["macro_sql"]
        for name, macro in content["macros"].items()
        if name.startswith("macro.tidemark.")
    }


def test_the_manifest_is_that_of_the_project_as_it_stands(tmp_path):
    subprocess.run(
        [
            str(Settings().dbt_executable),
            "--quiet",
            "parse",
            "--no-partial-parse",
            "--profiles-dir",
            str(DBT_DIR),
            "--project-dir",
            str(DBT_DIR),
            "--target-path",
            str(tmp_path),
            "--log-path",
            str(tmp_path),
        ],
        check=True,
        env=os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
    )
    assert described(DBT_MANIFEST) == described(tmp_path / "manifest.json"), (
        "the manifest is stale: run `make manifest`"
    )


def test_no_partial_parse_file_is_shipped_beside_it():
    assert not (DBT_MANIFEST.parent / "partial_parse.msgpack").exists()
