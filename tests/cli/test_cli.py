"""The command line, over an artifact root that is made here file by file."""

import csv
import hashlib
import io
import json
from pathlib import Path

import pytest

from include.tidemark.cli.main import main

COLUMNS = ("family", "metric", "segment", "estimate", "p_adjusted", "confidence_level", "trust")
DRIVERS = [
    ("early_engagement", "odds_ratio", "has_save_f7d", "1.9", "0.001", "0.95", "ok"),
    ("early_engagement", "odds_ratio", "cnt_days_login_f7d", "1.25", "0.01", "0.95", "ok"),
    ("early_engagement", "odds_ratio", "has_share_f7d", "2.5", "0.4", "0.95", "ok"),
    ("engagement", "odds_ratio", "somebody_elses", "9", "0.001", "0.95", "ok"),
]
SEGMENTS = [
    {"as_of_date": "x", "run_key": "x", "customer_segment": "Declining", "customers": "12", "share_pct": "33.33333333333"},
    {"as_of_date": "x", "run_key": "x", "customer_segment": "=Other", "customers": "24", "share_pct": ""},
]  # fmt: skip


def csv_bytes(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def publish(root: Path, as_of: str, families: tuple[str, ...]) -> dict[str, str]:
    """One published month; returns its pointer."""
    folder = root / f"as_of={as_of}" / "run=r1"
    overview = dict.fromkeys(
        (
            "dormant_customers",
            "share_pct_ci_low",
            "share_pct_ci_high",
            "mean_spend_90d",
            "mean_spend_90d_ci_low",
            "mean_spend_90d_ci_high",
            "mean_spend_90d_trust",
        ),
        "",
    )
    files = {
        "data/segment_summary.csv": csv_bytes([row | overview for row in SEGMENTS]),
        "data/statistics.csv": csv_bytes([dict(zip(COLUMNS, row, strict=True)) for row in DRIVERS]),
        "data/retention_drivers.csv": csv_bytes(
            [{"as_of_date": "x", "run_key": "x", "feature": "has_save_f7d"}]
        ),
        "definitions/segment_definitions.json": json.dumps({"segments": [{"name": "Café"}]}).encode(),
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    manifest = {
        "families": [
            *({"name": name, "status": "computed", "reason": None} for name in families),
            {
                "name": "fee_tiers",
                "status": "skipped",
                "reason": "the table fee_periods is neither mapped in sources.yml nor landed.",
            },
        ],
        "gate": {"checks": 10, "passed": 9, "warnings": 1, "critical_failures": 0},
        "rules": {"early_engagement_impact_threshold": 1.2},
        "files": [{"path": name, "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()],
    }
    data = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(data)
    return {
        "as_of_date": as_of, "run_key": "r1", "published_at": "2026-11-01T07:00:00Z", "action": "publish",
        "folder": f"as_of={as_of}/run=r1", "manifest_sha256": hashlib.sha256(data).hexdigest(),
        "report": f"as_of={as_of}/run=r1/report/index.html",
    }  # fmt: skip


@pytest.fixture
def root(tmp_path, monkeypatch):
    months = [publish(tmp_path, "2026-11-01", ("customer_segments", "early_engagement")),
              publish(tmp_path, "2026-10-01", ("customer_segments",))]  # fmt: skip
    (tmp_path / "index.json").write_text(json.dumps({"months": months}))
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", tmp_path.as_uri())
    return tmp_path


def test_runs_as_of_a_date_lists_that_month(root, capsys):
    assert main(["runs", "--as-of", "2026-10-01", "--format", "csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["as_of_date"] == "2026-10-01"


def test_runs_lists_the_published_months_the_newest_first(root, capsys):
    assert main(["runs", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["as_of_date"] for row in rows] == ["2026-11-01", "2026-10-01"]
    assert rows[0]["families"] == "customer_segments early_engagement"
    assert rows[0]["warnings"] == 1


def test_summary_prints_the_newest_month_with_few_digits_for_people(root, capsys):
    assert main(["summary", "--family", "customer_segments"]) == 0
    printed = capsys.readouterr().out
    assert "customer_segments as of 2026-11-01" in printed
    assert "33.3333\n" in printed
    assert "33.33333333333" not in printed


def test_summary_as_csv_keeps_every_digit(root, capsys):
    assert main(["summary", "--family", "customer_segments", "--format", "csv", "--as-of", "2026-10-01"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["share_pct"] for row in rows] == ["33.33333333333", ""]


def test_summary_as_json_names_each_family_unless_one_was_asked_for(root, capsys):
    assert main(["summary", "--format", "json"]) == 0
    overviews = json.loads(capsys.readouterr().out)
    assert overviews["early_engagement"] == [{"feature": "has_save_f7d"}]
    assert main(["summary", "--format", "json", "--family", "customer_segments"]) == 0
    assert json.loads(capsys.readouterr().out) == overviews["customer_segments"]


def test_drivers_prints_the_features_above_the_threshold_of_the_month_or_of_the_asker(root, capsys):
    assert main(["drivers"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["Feature", "Odds", "Ratio"],
        ["has_save_f7d", "1.900000"],
        ["cnt_days_login_f7d", "1.250000"],
    ]
    assert main(["drivers", "--impact-threshold", "1.3", "--format", "csv"]) == 0
    assert capsys.readouterr().out == "Feature,Odds Ratio\nhas_save_f7d,1.9\n"


@pytest.mark.parametrize("name", ["segment_summary", "segment_summary.csv", "data/segment_summary.csv"])
def test_show_finds_a_table_by_its_name(root, capsys, name):
    assert main(["show", name, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[1]["customer_segment"] == "=Other"


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_show_prints_a_document_as_json(root, capsys, form):
    assert main(["show", "segment_definitions", "--format", form]) == 0
    assert json.loads(capsys.readouterr().out) == {"segments": [{"name": "Café"}]}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "nothing"], "has no table 'nothing'; it has retention_drivers, segment_definitions, segment_summary, statistics."),
        (["runs", "--as-of", "2026-09-01"], "No month is published as of 2026-09-01"),
        (["summary", "--format", "csv"], "add --family, which may be one of customer_segments, early_engagement."),
        (["summary", "--as-of", "2026-09-01"], "No month is published as of 2026-09-01; published are 2026-10-01, 2026-11-01."),
        (["summary", "--family", "fee_tiers"], "has no fee_tiers: the table fee_periods is neither mapped in sources.yml nor landed."),
        (["summary", "--family", "nobody"], "There is no family 'nobody'"),
        (["drivers", "--as-of", "2026-10-01"], "has no early_engagement"),
    ],
)  # fmt: skip
def test_what_is_not_published_gives_one_sentence_and_no_traceback(root, capsys, arguments, sentence):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("tidemark: ")
    assert sentence in printed.err
    assert len(printed.err.splitlines()) == 1


def test_an_empty_root_says_where_it_looked(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", tmp_path.as_uri())
    assert main(["summary"]) == 2
    assert "Nothing is published below" in capsys.readouterr().err


@pytest.mark.parametrize("threshold", ["0.9", "inf", "nan", "high"])
def test_an_impossible_threshold_is_refused(root, capsys, threshold):
    with pytest.raises(SystemExit) as stopped:
        main(["drivers", "--impact-threshold", threshold])
    assert stopped.value.code == 2
    assert "impact-threshold" in capsys.readouterr().err


def test_verify_finds_a_changed_a_missing_and_a_swapped_file(root, capsys):
    assert main(["verify"]) == 0
    assert {line.split()[1] for line in capsys.readouterr().out.splitlines()[2:]} == {"ok"}
    folder = root / "as_of=2026-11-01/run=r1"
    (folder / "data/segment_summary.csv").write_bytes(b"changed")
    (folder / "data/statistics.csv").unlink()
    assert main(["verify", "--format", "json"]) == 1
    results = {row["what"]: row["result"] for row in json.loads(capsys.readouterr().out)}
    assert results == {
        "manifest.json": "ok",
        "data/segment_summary.csv": "differs",
        "data/statistics.csv": "missing",
        "data/retention_drivers.csv": "ok",
        "definitions/segment_definitions.json": "ok",
        "gate": "ok",
    }
    (folder / "manifest.json").write_text((folder / "manifest.json").read_text() + " ")
    assert main(["verify", "--format", "csv"]) == 1
    assert "manifest.json,differs" in capsys.readouterr().out
