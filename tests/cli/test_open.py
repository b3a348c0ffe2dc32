"""`tidemark open`, with a browser that only notes what it is shown."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from include.tidemark.cli.main import main
from include.tidemark.paths import PROJECT_ROOT


def publish(root: Path, *dates: str) -> list[Path]:
    """Months with nothing but a report each; returns the reports."""
    months, reports = [], []
    for as_of in dates:
        folder = f"as_of={as_of}/run=r1"
        (root / folder / "report").mkdir(parents=True)
        reports.append(root / folder / "report" / "index.html")
        reports[-1].write_text("<h1>Report</h1>")
        months.append(
            {
                "as_of_date": as_of,
                "run_key": "r1",
                "published_at": "2026-11-01T07:00:00Z",
                "action": "publish",
                "folder": folder,
                "manifest_sha256": "",
                "report": f"{folder}/report/index.html",
            }
        )
    (root / "index.json").write_text(json.dumps({"months": months}))
    return reports


@pytest.fixture
def root(tmp_path, monkeypatch):
    folder = tmp_path / "artifacts"
    folder.mkdir()
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", f"file://{folder}")
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def browser(tmp_path):
    """A browser, and what it was shown."""
    program, shown = tmp_path / "browser", tmp_path / "shown"
    program.write_text(f'#!/bin/sh\necho "$1" > "{shown}"\n')
    program.chmod(0o755)
    return program, shown


def tidemark(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # A process of its own: Python looks for browsers once.
    return subprocess.run(
        [PROJECT_ROOT / "deploy" / "tidemark", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("asked", "month"), [([], 1), (["--as-of", "2026-10-01"], 0)])
def test_the_newest_report_or_the_one_that_was_asked_for_is_shown_in_the_browser(root, browser, asked, month):
    program, shown = browser
    reports = publish(root, "2026-10-01", "2026-11-01")
    done = tidemark("open", *asked, BROWSER=str(program))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{reports[month].as_uri()}\n"
    assert shown.read_text() == done.stdout


def test_without_a_display_no_browser_is_tried_and_the_address_is_printed(root, capsys, monkeypatch):
    monkeypatch.setattr(
        "include.tidemark.cli.open.webbrowser.open", lambda _: pytest.fail("a browser was asked")
    )
    (report,) = publish(root, "2026-11-01")
    assert main(["open"]) == 0
    assert (
        capsys.readouterr().out
        == f"{report.as_uri()}\nNo browser could be started here: open that address in yours.\n"
    )


def test_a_report_in_object_storage_is_no_matter_for_a_browser(root, capsys, monkeypatch):
    publish(root, "2026-11-01")
    monkeypatch.setattr(
        "include.tidemark.artifacts.published.PublishedMonth.report_uri", "s3://bucket/report/index.html"
    )
    monkeypatch.setattr(
        "include.tidemark.cli.open.webbrowser.open", lambda _: pytest.fail("a browser was asked")
    )
    assert main(["open"]) == 0
    assert capsys.readouterr().out.startswith(
        "s3://bucket/report/index.html\nThat is no folder of this machine"
    )


@pytest.mark.parametrize(
    ("dates", "arguments", "sentence"),
    [
        ([], [], "Nothing is published below "),
        (["2026-11-01"], ["--as-of", "2026-10-01"], "No month is published as of 2026-10-01; published are 2026-11-01."),
    ],
)  # fmt: skip
def test_what_is_not_published_is_one_sentence(root, capsys, dates, arguments, sentence):
    publish(root, *dates)
    assert main(["open", *arguments]) == 2
    printed = capsys.readouterr()
    assert sentence in printed.err and printed.out == "" and len(printed.err.splitlines()) == 1


def test_a_report_that_is_gone_is_one_sentence(root, capsys):
    (report,) = publish(root, "2026-11-01")
    report.unlink()
    assert main(["open"]) == 2
    assert f"The report {report} of the month as of 2026-11-01 is not there" in capsys.readouterr().err
