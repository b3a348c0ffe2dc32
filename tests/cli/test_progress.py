"""What a run shows of itself, on a terminal and into a file."""

import io

import pytest
from rich.console import Console

from include.tidemark.cli import progress as shown
from include.tidemark.cli.progress import ShownProgress


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(shown.time, "perf_counter", lambda: now[0])  # type: ignore[attr-defined]
    return now


def console(terminal: bool) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=terminal, force_interactive=terminal, width=100, color_system=None
    )


def test_into_a_file_a_long_stage_prints_a_line_every_few_seconds_and_one_at_its_end(clock):
    out = console(terminal=False)
    with ShownProgress({"models": 12.34}, out) as progress:
        progress.starts("models")
        for done in range(1, 13):
            clock[0] += 1
            progress.advances(done, 12, "models and tests")
        progress.ends("models", 12.0)
    assert out.file.getvalue() == (  # type: ignore[attr-defined]
        "  4/8  models               5.0 s  (last 12.3 s)    5 of 12 models and tests\n"
        "  4/8  models              10.0 s  (last 12.3 s)    10 of 12 models and tests\n"
        "  4/8  models              12.0 s  (last 12.3 s)    12 of 12 models and tests\n"
    )


def test_a_stage_without_an_expectation_or_a_count_shows_none():
    out = console(terminal=False)
    with ShownProgress({}, out) as progress:
        progress.starts("publish")
        progress.ends("publish", 3.21)
    assert out.file.getvalue() == "  8/8  publish              3.2 s\n"  # type: ignore[attr-defined]


def test_on_a_terminal_one_line_moves_and_the_last_state_of_each_stage_stays():
    out = console(terminal=True)
    with ShownProgress({}, out) as progress:
        progress.starts("models")
        progress.advances(3, 7, "models and tests")
        progress._live.refresh()
        progress.ends("models", 1.5)
    written = out.file.getvalue()  # type: ignore[attr-defined]
    assert "3 of 7 models and tests" in written and "\x1b[2K" in written
    assert written.endswith("  4/8  models               1.5 s                   3 of 7 models and tests\n")


def test_a_stage_that_fails_leaves_no_moving_line():
    out = console(terminal=True)
    with pytest.raises(ValueError), ShownProgress({}, out) as progress:
        progress.starts("models")
        live = progress._live
        raise ValueError
    assert not live.is_started
    assert progress.stage == "models" and progress.ended == set()
