"""From a first month that says nothing to one that does, by the command alone, on a shop's data."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import yaml

from include.tidemark.cli.main import main
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.run import Run
from include.tidemark.suggest import suggestion
from include.tidemark.suggest.segmentation import SEGMENTS
from tests.suggest.shop import AS_OF, STARTED, Shop

COMMAND = ("suggest-rules", "--as-of", str(AS_OF))


@pytest.fixture(scope="module")
def first_month(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, Run]:
    """A shop whose first month is published with the thresholds of credit cards."""
    shop = Shop(tmp_path_factory.mktemp("shop") / "first")
    shop.open()
    return shop, shop.publish()


@pytest.fixture(scope="module")
def suggest() -> Callable[..., tuple[int, dict[str, Any]]]:
    """The command as a shell runs it: exit code and the JSON that it printed."""

    def run(shop: Shop, *arguments: str) -> tuple[int, dict[str, Any]]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in shop.environment.items():
                patch.setenv(name, value)
            printed: list[str] = []
            patch.setattr("builtins.print", lambda *text, file=None: file or printed.extend(text))  # type: ignore[func-returns-value]
            code = main([*COMMAND, "--format", "json", *arguments])
        return code, json.loads("\n".join(printed))

    return run


@pytest.fixture(scope="module")
def suggested(first_month, suggest):
    """What the command printed without --write, and the deployment before and after."""
    shop, _ = first_month
    before = shop.state()
    code, printed = suggest(shop)
    return code, printed, before, shop.state()


@pytest.fixture(scope="module")
def written(first_month, suggested, suggest, tmp_path_factory):
    """The same with --write, then the month anew with the written rules, in a copy of the deployment."""
    shop = Shop(tmp_path_factory.mktemp("written") / "shop")
    shutil.copytree(first_month[0].folder, shop.folder)
    code, printed = suggest(shop, "--write")
    return shop, code, printed, shop.publish(STARTED + timedelta(hours=1))


def test_a_first_month_with_thresholds_of_credit_cards_is_published_and_warns(first_month):
    shop, run = first_month
    assert shop.segments(run)
    warnings = shop.warnings(run)
    assert {"largest_share_pct", "audience_high_value_travelers", "audience_declining"} <= set(warnings)
    assert "The largest segment (Stable Mid-Spenders) holds 9" in warnings["largest_share_pct"]
    assert all("`tidemark suggest-rules --as-of 2026-06-01`" in message for message in warnings.values())


def test_the_command_changes_nothing(suggested):
    _, _, before, after = suggested
    assert after["rows"] == before["rows"]
    assert after["files"] == before["files"]


def test_today_is_the_published_month_and_the_proposal_comes_near_the_reference(first_month, suggested):
    shop, run = first_month
    code, printed, *_ = suggested
    assert code == 0
    assert printed["notes"] == []
    today = {row["customer_segment"]: row["customers_today"] for row in printed["segments"]}
    assert {name: n for name, n in today.items() if n} == shop.segments(run)
    for row in printed["segments"]:
        assert row["is_near"], row
        assert row["share_proposed_pct"] == pytest.approx(row["share_aim_pct"], abs=5)
    assert all(row["customers_proposed"] > 0 for row in printed["audiences"])


def test_the_proposed_file_keeps_what_the_shop_wrote(suggested):
    printed = suggested[1]
    assert printed["rules_yml"].startswith(
        "# Of the shop.\ncategory_groups:\n  Food: necessities  # and drinks\n"
    )
    proposed = {row["rule"]: row["proposed"] for row in printed["changes"]}
    assert yaml.safe_load(printed["rules_yml"]) == {"category_groups": {"Food": "necessities"}} | proposed
    assert printed["written_to"] is None


def test_written_rules_are_those_that_were_proposed(suggested, written):
    shop, code, printed, _ = written
    assert code == 0
    assert printed["written_to"] == str(shop.config / "rules.yml")
    assert (shop.config / "rules.yml").read_text(encoding="utf-8") == suggested[1]["rules_yml"]
    assert printed | {"written_to": None} == suggested[1]


def test_the_month_with_the_written_rules_is_what_the_preview_showed_and_warns_no_more(written):
    shop, _, printed, run = written
    assert shop.segments(run) == {
        row["customer_segment"]: row["customers_proposed"] for row in printed["segments"]
    }
    folder = shop.folder / "artifacts" / f"as_of={AS_OF}" / f"run={run.run_key}" / "audiences"
    sizes = {f.stem: len(f.read_text(encoding="utf-8").splitlines()) - 1 for f in folder.glob("*.csv")}
    assert sizes == {row["audience"]: row["customers_proposed"] for row in printed["audiences"]}
    assert shop.warnings(run) == {}


def test_an_interrupted_command_leaves_nothing_behind(first_month, suggest, monkeypatch, capsys):
    shop, _ = first_month
    before = shop.state()

    def interrupted(*_: object) -> None:
        assert len(shop.query("select distinct run_key from runs.customer_segments")) == 2
        raise KeyboardInterrupt

    monkeypatch.setattr(suggestion, "read_customers", interrupted)
    for name, value in shop.environment.items():
        monkeypatch.setenv(name, value)
    assert main(COMMAND) == 130
    assert "interrupted" in capsys.readouterr().err
    assert shop.state() == before


@pytest.fixture
def opened(first_month, monkeypatch) -> Shop:
    shop, _ = first_month
    for name, value in shop.environment.items():
        monkeypatch.setenv(name, value)
    return shop


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--shares", "Travelers=5"], "did you mean 'High-Value Travelers'?"),
        (["--shares", "Declining=60,Budget-Conscious=60"], "sum to 120 %"),
        (["--shares", "half of them"], "which is no pair of segment and per cent"),
    ],
)
def test_a_wish_that_makes_no_sense_is_one_sentence(opened, capsys, arguments, sentence):
    assert main([*COMMAND, *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("tidemark: ") and printed.err.count("\n") == 1
    assert sentence in printed.err


def start(shop: Shop) -> subprocess.Popen[str]:
    """The command as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "include.tidemark", *COMMAND],
        env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT)} | shop.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("as_of", "sentence"),
    [("2025-01-01", "raw.transactions"), ("2999-01-01", "is in the future")],
)
def test_a_month_without_rows_or_to_come_is_one_sentence_and_leaves_nothing(opened, capsys, as_of, sentence):
    before = opened.state()
    code = main(["suggest-rules", "--as-of", as_of])
    printed = capsys.readouterr()
    said = [line for line in printed.err.splitlines() if not line.endswith(" ...")]
    assert (code, printed.out) == (2, "")
    assert len(said) == 1 and said[0].startswith("tidemark: ")
    assert sentence in said[0]
    assert opened.state() == before


def test_a_process_that_is_asked_to_end_while_dbt_works_leaves_nothing_behind(first_month):
    shop, _ = first_month
    before = shop.state()
    process = start(shop)
    for line in process.stderr or ():
        if line.startswith("Computing the month with today's rules"):
            break
    time.sleep(3)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=600)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "tidemark: interrupted."
    after = shop.state()
    assert after["rows"] == before["rows"]
    assert not [name for name in after["files"] if name not in before["files"]]


def test_write_is_refused_before_the_work_where_the_rules_are_elsewhere(
    opened, monkeypatch, capsys, tmp_path
):
    (tmp_path / "mine.yml").write_text("budget_max_avg_monthly_spend: 5\n")
    monkeypatch.setenv("TIDEMARK_RULES_FILE", str(tmp_path / "mine.yml"))
    assert main([*COMMAND, "--write"]) == 2
    assert "TIDEMARK_RULES_FILE names" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--as-of", "June"], ["--as-of", "2026-06-01", "--format", "csv"]])
def test_arguments_that_can_not_be_used_end_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["suggest-rules", *arguments])
    assert stopped.value.code == 2


def test_every_segment_is_in_the_preview(suggested):
    assert [row["customer_segment"] for row in suggested[1]["segments"]] == list(SEGMENTS)
