"""Own data on a local Airflow, and the demo's own sets beside a shell that exports settings; Airflow only
answers requests."""

import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from include.tidemark.demo import __main__ as command
from include.tidemark.demo import airflow_api, airflow_stack, local, months, own
from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.demo.datasets import NAMES, dataset
from include.tidemark.errors import RunIdentityError, SettingsError

from .fake_airflow import FakeAirflow, Server

APRIL, MAY, JUNE = "2026-04-01", "2026-05-01", "2026-06-01"
KEY = "a key for tests only, 16 and more"


@pytest.fixture
def exported(tmp_path, monkeypatch):
    """A deployment's exported settings, in order, and the folder that they name."""
    (tmp_path / "landing").mkdir()
    for name, value in {
        "DUCKDB_PATH": tmp_path / "warehouse.duckdb",
        "LANDING_URL": (tmp_path / "landing").as_uri(),
        "ARTIFACT_ROOT": (tmp_path / "artifacts").as_uri(),
        "ID_HASH_KEY": KEY,
        "DBT_EXECUTABLE": sys.executable,
    }.items():
        monkeypatch.setenv(f"TIDEMARK_{name}", str(value))
    return tmp_path


@pytest.fixture
def started(monkeypatch):
    """What Airflow would be started with; it is not."""
    calls = []

    def start(home, extra, pool_slots=1, *, stays=False):
        calls.append((extra, pool_slots))
        return airflow_stack.Stack(home, 1, "mark", 0)

    monkeypatch.setattr(airflow_stack, "start", start)
    monkeypatch.setattr(airflow_stack, "find", lambda home: None)
    return calls


def called(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["demo", *arguments])
    return command.main()


@pytest.mark.parametrize("name", NAMES)
def test_a_data_set_does_not_replace_what_the_shell_exports(tmp_path, name):
    data = dataset(name)
    exported = {"TIDEMARK_LANDING_URL": "s3://mine", "TIDEMARK_WAREHOUSE": "snowflake", "TIDEMARK_RULES_FILE": "mine.yml"}  # fmt: skip
    with pytest.raises(SettingsError) as caught:
        local.refuse_exported(tmp_path, data, exported)
    assert str(caught.value) == (
        f"This shell exports TIDEMARK_WAREHOUSE, TIDEMARK_LANDING_URL, TIDEMARK_RULES_FILE, which the data set {name} would replace:"
        " `unset TIDEMARK_WAREHOUSE TIDEMARK_LANDING_URL TIDEMARK_RULES_FILE`, or run your own data with DATASET=own."
    )
    assert list(tmp_path.iterdir()) == [], "not even the key is made"


def test_settings_that_a_data_set_leaves_alone_or_has_itself_may_be_exported(tmp_path):
    same = local.settings_environment(tmp_path)
    local.refuse_exported(
        tmp_path, COMPLETE_JOURNEY, same | {"TIDEMARK_DBT_THREADS": "2", "TIDEMARK_RULES_FILE": ""}
    )


def test_a_data_set_does_not_go_among_months_of_the_deployment_s_own(tmp_path):
    (tmp_path / "warehouse.duckdb").touch()
    with pytest.raises(
        SettingsError, match="holds months of your own, and the data set completejourney would go among them"
    ):
        local.refuse_own_months(tmp_path)
    local.settings_environment(tmp_path)  # makes the key that stands for the data set
    local.refuse_own_months(tmp_path)


@pytest.mark.parametrize("asked", ["run", "up"])
def test_both_commands_refuse_before_anything_is_written(asked, exported, started, monkeypatch, capsys):
    assert called(monkeypatch, asked) == 1
    assert "error: This shell exports TIDEMARK_DUCKDB_PATH, " in capsys.readouterr().err
    assert started == []


def test_months_are_named_for_own_data_only(monkeypatch, capsys):
    assert called(monkeypatch, "run", "--as-of", JUNE) == 1
    assert "AS_OF is for DATASET=own" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ID_HASH_KEY", "", "TIDEMARK_ID_HASH_KEY is not set"),
        ("LANDING_URL", "", "There are no tables to read: TIDEMARK_LANDING_URL is not set"),
        ("LANDING_URL", "file:///nowhere", "TIDEMARK_LANDING_URL is file:///nowhere, where no folder is"),
        ("CONFIG_DIR", "/nowhere", "TIDEMARK_CONFIG_DIR is /nowhere, which does not exist"),
    ],
)
def test_what_own_data_lack_is_said_before_airflow_starts(
    exported, started, monkeypatch, capsys, name, value, words
):
    monkeypatch.setenv(f"TIDEMARK_{name}", value)
    for asked in (["up"], ["run", "--as-of", JUNE]):
        assert called(monkeypatch, asked[0], "--dataset", "own", *asked[1:]) == 1
        printed = capsys.readouterr()
        assert words in printed.err and "Starting Airflow" not in printed.out
    assert started == []


@pytest.mark.parametrize(("warehouse", "slots"), [("duckdb", 1), ("snowflake", 32)])
def test_airflow_gets_the_exported_settings_as_they_are_and_the_pool_of_the_warehouse(
    exported, started, monkeypatch, warehouse, slots
):
    monkeypatch.setenv("TIDEMARK_WAREHOUSE", warehouse)
    monkeypatch.setattr(own, "refuse_unready", lambda settings: None)
    monkeypatch.chdir(exported)
    monkeypatch.setenv("TIDEMARK_DUCKDB_PATH", "warehouse.duckdb")
    own.up(exported / "state")
    assert started == [
        (
            {
                "TIDEMARK_DUCKDB_PATH": f"{exported}/warehouse.duckdb",
                "TIDEMARK_DBT_EXECUTABLE": sys.executable,
            },
            slots,
        )
    ]
    assert {path.name for path in (exported / "state" / "airflow").iterdir()} == {"settings.sha256"}


def test_an_airflow_that_runs_with_other_settings_is_not_taken_for_one_with_these(
    exported, started, monkeypatch
):
    stack = own.up(exported / "state")
    monkeypatch.setattr(airflow_stack, "find", lambda home: stack)
    assert own.up(exported / "state") == stack
    monkeypatch.setenv("TIDEMARK_FAMILIES", "engagement")
    with pytest.raises(
        SettingsError, match="with other settings than this shell exports; stop it with `make down`"
    ):
        own.up(exported / "state")


@pytest.fixture
def airflow():
    return FakeAirflow([])


@pytest.fixture
def run(airflow, exported, monkeypatch):
    """Runs months of own data against the fake Airflow; what has succeeded there is published."""
    server = Server(airflow, exported / "airflow")
    monkeypatch.setattr(own, "up", lambda state, schedule_end: server.stack)
    clock = [0.0]
    monkeypatch.setattr(
        airflow_api,
        "time",
        SimpleNamespace(
            monotonic=lambda: clock[0], sleep=lambda seconds: clock.append(clock.pop() + seconds)
        ),
    )

    def published(settings):
        return [
            SimpleNamespace(as_of_date=month, report_uri="the report")
            for month, state in sorted(airflow.finished)
            if state == "success"
        ]

    for module in (own, months):  # which months are missing, and which the table shows
        monkeypatch.setattr(module, "published_months", published)
    monkeypatch.setattr(own, "segment_table", lambda months: " ".join(month.as_of_date for month in months))
    monkeypatch.setattr(own, "family_lines", lambda month: [])
    monkeypatch.setattr(own, "warning_lines", lambda month: [])
    yield lambda as_of: own.run_own(as_of, exported)
    server.close()


def test_the_months_that_are_asked_for_run_one_after_the_other(run, airflow, capsys):
    assert run(f"{JUNE}, {APRIL}") == 0
    assert airflow.finished == [(APRIL, "success"), (JUNE, "success")]
    printed = capsys.readouterr().out
    assert f"{APRIL} {JUNE}\n\nReport:  the report\n" in printed
    assert "`make up DATASET=own`" in printed


def test_a_month_that_is_published_is_not_run_again(run, airflow, capsys):
    airflow.finished = [(MAY, "success")]
    assert run(MAY) == 0
    assert airflow.runs == {}
    assert (
        f"Published already: {MAY}. `tidemark run --as-of {MAY}` computes a month anew."
        in capsys.readouterr().out
    )


def test_a_run_that_was_interrupted_is_waited_for_and_not_started_again(run, airflow):
    airflow.trigger({"as_of_date": MAY})
    assert run(MAY) == 0
    assert list(airflow.runs) == ["manual__0"]


def test_a_month_that_fails_is_named_with_the_log_of_its_task_and_the_others_go_on(
    run, airflow, capsys, exported
):
    airflow.fails = {APRIL}
    assert run(f"{APRIL},{MAY}") == 1
    assert airflow.finished == [(APRIL, "failed"), (MAY, "success")]
    log = exported / "airflow/logs/dag_id=monthly_segmentation/run_id=manual__0/task_id=check_sources"
    assert f"{APRIL}: check_sources failed, its log is in {log}\n" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["2026-04-02", "April", "2999-01-01", "2026-04-01,x"])
def test_what_is_no_first_of_a_month_that_has_begun_is_refused(run, text):
    with pytest.raises(RunIdentityError, match="no first of a month up to"):
        run(text)


def test_by_default_the_newest_first_of_a_month_in_the_business_time_zone_is_run(run, airflow, monkeypatch):
    monkeypatch.setattr(own, "started_now", lambda: datetime(2026, 6, 1, 3, 59, tzinfo=UTC))
    assert run("") == 0
    assert airflow.finished == [(MAY, "success")], "in New York it is still May"
