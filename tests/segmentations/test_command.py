"""`tidemark segmentation new` and `check`, as a person uses them."""

import json

import pytest

from include.tidemark.cli.main import main
from include.tidemark.suggest.trial import trial_run
from tests.segmentations import truth
from tests.segmentations.conftest import FIRST, SECOND
from tests.segmentations.files import LOYALTY

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def shell(world, monkeypatch, capsys, tmp_path):
    """Runs the command with the world's settings and another configuration folder; returns exit code, output,
    errors."""
    settings = world.settings
    monkeypatch.setenv("TIDEMARK_DUCKDB_PATH", str(settings.duckdb_path))
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", settings.artifact_root)
    monkeypatch.setenv("TIDEMARK_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("TIDEMARK_FAMILIES", ",".join(settings.families))
    monkeypatch.setenv("TIDEMARK_USER_IDS", "plain")

    def run(*arguments):
        code = main(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def draft(folder):
    """A file that is in no configuration folder yet."""
    (folder / "drafts").mkdir()
    return folder / "drafts" / "loyalty.yml"


def test_a_new_file_is_one_that_check_can_read(shell, tmp_path):
    assert shell("segmentation", "new", "tenure", "--of", "users")[0] == 0
    code, out, _ = shell("segmentation", "check", "tenure")
    assert code == 0
    assert "Tenure, as of 2026-07-01" in out and "Segment 1" in out
    assert "published without this segmentation" in out
    code, _, err = shell("segmentation", "new", "tenure")
    assert code == 2 and "exists already" in err
    assert shell("segmentation", "new", "Ten ure")[0] == 2


def test_check_counts_sizes_overlaps_boundaries_and_moves(shell, world, tmp_path):
    people = truth.customers(world.folder / "landing", SECOND)
    before = truth.loyalty(people)
    file = draft(tmp_path)
    file.write_text(LOYALTY.replace("champion_spend: 20000", "champion_spend: 30000"), encoding="utf-8")
    code, out, _ = shell("segmentation", "check", str(file), "--format", "json")
    assert code == 0
    found = json.loads(out)
    assert found["as_of_date"] == str(SECOND)
    tenth = people["lifetime"].sort_values().iloc[-(-9 * (len(people) - 1) // 10)]
    champions = (people["purchases"] >= 6) & (people["spend"] >= 3_000_000)
    top = people["lifetime"] >= tenth
    sizes = {row["segment"]: (row["meet its condition"], row["customers"]) for row in found["sizes"]}
    assert sizes["Champions"] == (champions.sum(), champions.sum())
    assert sizes["Top tenth"] == (top.sum(), (top & ~champions).sum())
    overlap = {(row["segment"], row["also meet"]): row["customers"] for row in found["overlaps"]}
    assert overlap["Champions", "Top tenth"] == (champions & top).sum()
    near = {row["threshold"]: row["within 5 %"] for row in found["boundaries"]}
    assert near["spend_last_90_days at 30000"] == ((people["spend"] - 3_000_000).abs() <= 150_000).sum()
    after = truth.pd.Series(
        [
            "Champions" if c else "Top tenth" if t else ("Lapsing" if b == "Champions" and d > 30 else b)
            for c, t, b, d in zip(champions, top, before, people["days"], strict=True)
        ],
        people.index,
    )
    after[(after == "Champions") & ~champions] = "It's everyone else"
    moved = truth.pd.crosstab(before, after)
    told = {(row["published"], row["would be"]): row["customers"] for row in found["changes"]}
    assert told == {
        (one, two): moved.loc[one, two]
        for one in moved.index
        for two in moved.columns
        if one != two and moved.loc[one, two]
    }


def test_check_writes_nothing(shell, world, tmp_path):
    file = draft(tmp_path)
    file.write_text(LOYALTY, encoding="utf-8")
    tables = ("runs.segment_members", "runs.user_features", "control.segmentations")
    before = [world.query(f"select count(*) as n from {table}") for table in tables]
    code, out, _ = shell("segmentation", "check", str(file))
    assert code == 0 and "Nobody would move." in out
    assert [world.query(f"select count(*) as n from {table}") for table in tables] == before


def test_a_file_with_a_mistake_is_told_in_one_sentence(shell, tmp_path):
    (tmp_path / "loyalty.yml").write_text(
        LOYALTY.replace("spend_last_90_days >= rule", "spendlast >= rule"), encoding="utf-8"
    )
    code, out, err = shell("segmentation", "check", str(tmp_path / "loyalty.yml"))
    assert (code, out) == (2, "")
    assert "line 5" in err and "did you mean 'spend_last_90_days'" in err


def test_summary_shows_a_declared_segmentation_by_its_name(shell, tmp_path):
    code, out, _ = shell("summary", "--family", "loyalty", "--as-of", str(FIRST))
    assert code == 0
    assert "Champions" in out and "expected_share_low_pct" in out and "skew" not in out


def test_a_trial_of_the_five_segments_computes_no_declared_segmentation(world):
    stages = []
    settings = world.settings.model_copy(update={"landing_url": world.settings.landing_url})
    with trial_run(settings, SECOND, world.runs[SECOND].started_at.replace(hour=9), stages.append) as run:
        assert run.families == ("customer_segments",)
        members = world.query("select count(*) as n from runs.segment_members where run_key = ?", run.run_key)
        assert members[0]["n"] == 0
    assert stages[-1] == "tidy_up"


def test_check_looks_at_a_segmentation_of_the_project_under_the_folder_s_rules(shell, world, tmp_path):
    published = world.table(SECOND, "data/segment_summary.csv").set_index("customer_segment")["customers"]
    code, out, _ = shell("segmentation", "check", "customer_segments", "--format", "json")
    assert code == 0
    found = json.loads(out)
    assert {row["segment"]: row["customers"] for row in found["sizes"]} == published.drop(
        "All customers"
    ).to_dict()
    assert found["changes"] == []
    thresholds = {row["threshold"] for row in found["boundaries"]}
    assert "spend_last_90_days at 3 * 5000" in thresholds and "spend_change_pct at -30" in thresholds

    (tmp_path / "rules.yml").write_text("budget_max_avg_monthly_spend: 0\n", encoding="utf-8")
    code, out, _ = shell("segmentation", "check", "customer_segments", "--format", "json")
    found = json.loads(out)
    assert next(row for row in found["sizes"] if row["segment"] == "Budget-Conscious")["customers"] == 0
    assert sum(row["customers"] for row in found["changes"]) == published["Budget-Conscious"]
