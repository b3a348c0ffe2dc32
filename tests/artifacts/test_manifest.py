"""The manifest: what it promises about the files is so."""

import hashlib
import json

import pytest
from jsonschema import Draft202012Validator, ValidationError

from include.tidemark.artifacts.manifest import manifest_schema
from tests.artifacts.months import MONTHS


@pytest.fixture
def manifest(published, november):
    return json.loads(published.path(november, "manifest.json").read_text(encoding="utf-8"))


def test_real_manifests_keep_the_schema(published):
    Draft202012Validator.check_schema(manifest_schema())
    for run in published.runs.values():
        Draft202012Validator(manifest_schema()).validate(
            json.loads(published.path(run, "manifest.json").read_bytes())
        )


def test_every_file_is_listed_with_its_true_size_and_digest(published, november, manifest):
    files = {entry["path"]: entry for entry in manifest["files"]}
    assert sorted([*files, "manifest.json"]) == published.folder(november).files()
    for path, entry in files.items():
        data = published.path(november, path).read_bytes()
        assert (entry["bytes"], entry["sha256"]) == (len(data), hashlib.sha256(data).hexdigest()), path


def test_rows_are_counted_for_tables_only(published, november, manifest):
    rows = {entry["path"]: entry["rows"] for entry in manifest["files"]}
    assert rows["data/customer_segments.csv"] == rows["data/customer_segments.parquet"] == 430
    assert rows["report/index.html"] is None
    assert rows["data/segment_summary.csv"] == 6


def test_the_ledger_holds_the_manifest_s_own_digest(published, november):
    ((digest, uri),) = published.sql(
        "select manifest_sha256, manifest_uri from control.publications where run_key = ?", november.run_key
    )
    assert hashlib.sha256(published.path(november, "manifest.json").read_bytes()).hexdigest() == digest
    assert uri == f"{published.folder(november).uri}/manifest.json"


def test_it_says_what_made_the_numbers(november, manifest):
    assert manifest["rules_hash"] == november.rules_hash
    assert manifest["code_version"] == november.code_version
    assert manifest["dag_run_id"] == november.dag_run_id
    assert manifest["libraries"]["duckdb"]
    assert manifest["timings_seconds"] == {"models": 12.5}
    assert {source["table"]: source["rows"] for source in manifest["sources"]} == {
        "raw.users": 450,
        "raw.transactions": 9000,
    }
    assert manifest["compared_with"]["previous"]["as_of_date"] == "2026-10-01"
    (family,) = [f for f in manifest["families"] if f["status"] == "computed"]
    assert family["previous"] == manifest["compared_with"]["previous"]
    assert manifest["compared_with"]["backtest"]["as_of_date"] == "2026-08-01"


def test_every_resampled_number_has_its_seed(published, november, manifest):
    expected = published.sql(
        "select metric, segment, seed from runs.statistics where run_key = ? and seed is not null",
        november.run_key,
    )
    assert {(s["metric"], s["segment"], s["seed"]) for s in manifest["seeds"]} == set(expected)
    assert expected


def test_the_gate_s_warnings_are_in_it(manifest):
    assert (manifest["gate"]["checks"], manifest["gate"]["warnings"]) == (5, 1)
    (failed,) = [row for row in manifest["gate"]["results"] if not row["success"]]
    assert failed["severity"] == "warning"


def test_the_schema_refuses_a_file_outside_the_folder_and_a_failed_critical_check(manifest):
    validator = Draft202012Validator(manifest_schema())
    with pytest.raises(ValidationError):
        validator.validate(manifest | {"files": [manifest["files"][0] | {"path": "../secret"}]})
    with pytest.raises(ValidationError):
        validator.validate(manifest | {"gate": manifest["gate"] | {"critical_failures": 1}})


def test_the_first_month_says_why_it_compares_with_nothing(published):
    first = json.loads(published.path(published.runs[MONTHS[0]], "manifest.json").read_bytes())
    assert first["compared_with"] == {
        "previous": None,
        "backtest": None,
        "backtest_reason": "no_earlier_publication",
    }
