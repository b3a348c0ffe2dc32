"""Sound data pass every stage, and the gate leaves behind what it should and nothing else."""

import json
import socket
import subprocess
import sys

import pytest

from include.tidemark.errors import RunIdentityError
from tests.validation.world import PREVIOUS, RUN_KEY, World

STAGES = ("sources", "models", "statistics")


@pytest.mark.parametrize("stage", STAGES)
def test_sound_data_pass_without_a_warning(world: World, stage: str) -> None:
    summary = world.check(stage)
    assert (summary["critical"], summary["warning"], summary["info"], summary["warnings"]) == (0, 0, 0, [])
    assert json.loads(json.dumps(summary)) == summary


def test_every_check_becomes_a_row_with_a_sentence_and_a_retry_writes_it_once(world: World) -> None:
    number = world.check("sources")["checks"]
    world.check("sources")
    world.check("models")
    rows = world.rows(
        "select as_of_date, severity, message from control.gate_results where stage = 'sources'"
    )
    assert len(rows) == number
    assert all(
        str(day) == "2026-11-01" and severity in ("critical", "warning", "info") for day, severity, _ in rows
    )
    assert all(message.endswith(".") for *_, message in rows)


def test_comparisons_that_cannot_be_made_yet_are_noted_and_not_failed(world: World) -> None:
    world.check("sources")
    world.check("models")
    rows = world.rows(
        "select suite, expectation, success, severity from control.gate_results where message like 'Not evaluated%'"
    )
    assert {(suite, name) for suite, name, *_ in rows} == {
        ("sources.transactions", "volume_drop_pct"),
        ("sources.users_columns", "columns_before"),
        ("sources.transactions_columns", "columns_before"),
        ("sources.transactions_newest_month", "newest_month_drop"),
        ("sources.users_before", "vanished_users"),
        ("models.distribution", "volume_drop_pct"),
        ("models.distribution", "segment_drift_psi"),
    }
    assert all(success and severity == "info" for *_, success, severity in rows)


def test_a_previous_publication_whose_volume_is_not_recorded_is_said_so(world: World) -> None:
    world.after_previous()
    world.check("sources")
    ((message,),) = world.rows(
        "select message from control.gate_results where expectation = 'volume_drop_pct'"
    )
    assert message.startswith("Not evaluated") and str(PREVIOUS.as_of_date) in message


def test_a_published_run_is_not_checked_again(world: World) -> None:
    world.sql(
        "insert into control.publications (publication_id, as_of_date, run_key, published_at, action, rules_hash, code_version,"
        f" manifest_uri, manifest_sha256, dag_run_id) values (1, '2026-11-01', '{RUN_KEY}', now(), 'publish', '', '', '', '', '')"
    )
    with pytest.raises(RunIdentityError):
        world.check("models")


def test_the_gate_opens_no_network_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the gate tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert world.check("models")["critical"] == 0


def test_another_process_can_open_the_warehouse_when_the_gate_is_done(world: World) -> None:
    world.check("models")
    opens = f"import duckdb; duckdb.connect({str(world.settings.duckdb_path)!r})"
    assert subprocess.run([sys.executable, "-c", opens], check=False).returncode == 0
