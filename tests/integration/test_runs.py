"""Runs that people and faults cause, on the real scheduler."""

import os
import signal
from datetime import UTC, datetime

import httpx
import psutil
import pytest

from include.tidemark.artifacts.user_ids import user_ids
from include.tidemark.cli.published import verify
from include.tidemark.demo.airflow_api import AirflowApi
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.own_schemas import left_own_schemas
from tests.runs import finished

from .conftest import MARKED_KEY, wait_for

MARKED_ID = "marked-person-5d1e"
GROWING_VIEWS = ("marts.customer_segments", "marts.statistics")
"""Views of every published date: a date that is not the newest adds rows to these and leaves the `_current`
ones alone."""


def dbt_build_of(state) -> psutil.Process | None:
    """The dbt process that builds into this deployment's warehouse."""
    for process in psutil.process_iter():
        try:
            if (
                "build" in process.cmdline()
                and any("dbt" in part for part in process.cmdline()[:2])
                and str(state) in process.environ().get("TIDEMARK_DUCKDB_PATH", "")
            ):
                return process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return None


def holder_of(file) -> psutil.Process | None:
    """The process that has the file open."""
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and str(file) in {opened.path for opened in process.open_files()}:
                return process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return None


def kill(process: psutil.Process) -> None:
    """End a process as a machine that runs out of memory does."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait(60)


def publishes(api, run_id) -> bool | None:
    """True while the run's publish task is at work."""
    states = {task["task_id"]: task["state"] for task in api.tasks(run_id)}
    return states.get("publish") == "running" or None


def assert_published(deployment, as_of, before):
    """Views and pointers show exactly the new run of a month that is not the newest; all else is as it was
    before."""
    month = next(month for month in deployment.months() if month.as_of_date == as_of)
    after = deployment.consumers_view()
    assert {name for name in before if after[name] != before[name]} == {"index.json", *GROWING_VIEWS}
    new = {name for name in after if name not in before and not name.startswith(f"{month.folder}/")}
    assert new == {f"as_of={as_of}/current.json"}
    for pointer in ("index.json", f"as_of={as_of}/current.json"):
        assert month.run_key in (deployment.state / "artifacts" / pointer).read_text(encoding="utf-8")
    for view in GROWING_VIEWS:
        assert deployment.digest_of(view, f"as_of_date <> date '{as_of}'") == before[view], view
        table = view.replace("marts.", "runs.")
        shown = deployment.query(
            f"select run_key, count(*) as n from {view} where as_of_date = ? group by 1", as_of
        )
        made = deployment.query(
            f"select run_key, count(*) as n from {table} where run_key = ? group by 1", month.run_key
        )
        assert shown == made, view


def rows_by_run(deployment, keys) -> dict[tuple[str, str], int]:
    """How many rows each as-of table of the models holds for each of the run keys."""
    tables = deployment.query(
        "select table_name as name from information_schema.columns"
        " where table_schema = 'runs' and column_name = 'run_key' and table_name <> 'statistics' order by name"
    )
    return {
        (str(table["name"]), str(row["run_key"])): int(row["n"])
        for table in tables
        for row in deployment.query(
            f"select run_key, count(*) as n from runs.{table['name']} group by run_key"
        )
        if row["run_key"] in keys
    }


def test_a_manual_run_of_what_was_known_at_an_instant_is_a_dry_run_beside_what_all_runs_share(deployment):
    before = deployment.consumers_view()
    known_at = datetime.now(UTC).replace(microsecond=0)
    conf = {"as_of_date": "2017-11-15", "known_at": known_at.isoformat(), "n_resamples": 1000}
    run_id, state = deployment.run(conf)
    assert state == "success"
    assert deployment.consumers_view() == before
    rows = deployment.query(
        "select count(*) as n from runs.customer_segments where as_of_date = date '2017-11-15'"
    )
    assert rows[0]["n"] > 2000
    assert "dry_run" in deployment.task_log(run_id, "publish")
    (run,) = deployment.query("select run_key, known_at from control.run_inputs where dag_run_id = ?", run_id)
    assert run["known_at"] == known_at.replace(tzinfo=None)
    own = f"staging_{run['run_key']}.stg_transactions".lower()
    assert own in deployment.task_log(run_id, "models.dbt_producer_watcher"), "dbt built the shared staging"
    with open_warehouse(deployment.settings) as warehouse:
        assert left_own_schemas(warehouse) == []
    assert deployment.note(run_id).startswith("As of 2017-11-15, run ")


def test_recomputing_an_old_month_replaces_it_and_never_moves_latest_back(deployment):
    pointers = deployment.state / "artifacts"
    latest = (pointers / "latest.json").read_bytes()
    old = next(month for month in deployment.months() if month.as_of_date == "2017-10-01")
    _, state = deployment.run({"as_of_date": "2017-10-01"})
    assert state == "success"
    new = next(month for month in deployment.months() if month.as_of_date == "2017-10-01")
    assert new.run_key != old.run_key
    assert (pointers / "latest.json").read_bytes() == latest
    assert (
        new.rows("data/segment_summary.csv")[0]["customers"]
        == old.rows("data/segment_summary.csv")[0]["customers"]
    )


def test_clearing_a_published_run_makes_a_new_run_key_and_leaves_the_published_rows_alone(deployment):
    run_id = deployment.api.runs()[0]["dag_run_id"]
    keys = {row["run_key"] for row in deployment.query("select run_key from control.publications")}
    before = rows_by_run(deployment, keys)
    deployment.api.clear(run_id)
    assert deployment.wait(run_id) == "success"
    after = {row["run_key"] for row in deployment.query("select run_key from control.publications")}
    (new,) = after - keys
    assert rows_by_run(deployment, keys) == before
    old = deployment.query(
        "select run_key from control.publications where as_of_date = date '2017-10-01' order by published_at limit 1"
    )[0]["run_key"]
    of_the_cleared_run = {table: n for (table, key), n in before.items() if key == old}
    assert {table: n for (table, _), n in rows_by_run(deployment, {new}).items()} == of_the_cleared_run, (
        "every model is built for the new key, although the earlier dbt process reported all of them"
    )


def test_a_task_of_a_published_run_that_is_cleared_alone_is_refused_and_the_run_does_not_end_green(
    deployment,
):
    before = deployment.consumers_view()
    run_id = next(run["dag_run_id"] for run in reversed(deployment.api.runs()) if run["state"] == "success")
    deployment.api.clear_task(run_id, "check_models")
    assert deployment.wait(run_id) == "failed"
    assert "published rows are never written again" in deployment.task_log(run_id, "check_models")
    assert "published rows are never written again" in deployment.note(run_id)
    assert deployment.consumers_view() == before


@pytest.mark.parametrize(
    "conf", [{"as_of_date": "2999-01-01"}, {"as_of_date": "2016-01-01"}], ids=["future", "before any data"]
)
def test_a_date_that_can_not_be_computed_fails_at_once_and_changes_nothing(deployment, conf):
    before = deployment.consumers_view()
    run_id, state = deployment.run(conf)
    assert state == "failed"
    tries = {
        task["task_id"]: task["try_number"]
        for task in deployment.api.tasks(run_id)
        if task["state"] == "failed"
    }
    assert set(tries.values()) == {1}, "our own errors are final: a retry would fail the same way"
    assert deployment.consumers_view() == before


def test_an_unparsable_date_is_refused_before_a_run_is_made(deployment):
    from include.tidemark.errors import TidemarkError

    with pytest.raises(TidemarkError, match="refused"):
        deployment.api.trigger({"as_of_date": 20171001})


def test_a_landing_file_that_was_cut_off_stops_the_run_with_a_sentence_and_loses_nothing(deployment):
    before = deployment.consumers_view()
    file = deployment.state / "landing" / "sales.parquet"
    whole = file.read_bytes()
    raw = deployment.query("select count(*) as n, sum(amount_usd) as s from raw.transactions")
    try:
        file.write_bytes(whole[: len(whole) // 2])
        run_id, state = deployment.run({"as_of_date": "2018-01-01"})
    finally:
        file.write_bytes(whole)
    assert state == "failed"
    assert "sales.parquet is no whole Parquet file" in deployment.task_log(run_id, "load_sources")
    assert "Consumers see now: As of 2018-01-01 views and files show run" in deployment.task_log(
        run_id, "load_sources"
    )
    assert deployment.query("select count(*) as n, sum(amount_usd) as s from raw.transactions") == raw
    assert deployment.consumers_view() == before


def test_a_dbt_and_a_publish_that_are_killed_at_their_work_are_made_good_by_the_scheduler_s_retries(
    deployment,
):
    before = deployment.consumers_view()
    run_id = deployment.api.trigger({"as_of_date": "2017-12-15", "n_resamples": 1000})
    build = wait_for(lambda: dbt_build_of(deployment.state), 120, "the dbt build")
    wait_for(
        lambda: True if psutil.Process(build.pid).cpu_times().user > 3.0 else None,
        60,
        "the middle of the build",
    )
    kill(build)
    assert deployment.consumers_view() == before, "half of a run is seen after the build's end"
    wait_for(lambda: publishes(deployment.api, run_id), 1_200, "the start of publish")
    warehouse = deployment.state / "warehouse.duckdb"
    kill(wait_for(lambda: holder_of(warehouse), 60, "publish's hold on the warehouse"))
    assert deployment.consumers_view() == before, "half of a run is seen after publish's end"
    assert deployment.wait(run_id) == "success"
    tries = {task["task_id"]: task["try_number"] for task in deployment.api.tasks(run_id)}
    assert tries["publish"] == 2
    assert_published(deployment, "2017-12-15", before)


def test_persons_are_erased_from_every_month_by_the_dag_which_keeps_no_id(deployment, tmp_path):
    known = "select customer_id as id from marts.customer_segments_current order by customer_id limit 2"
    people = [str(row["id"]) for row in deployment.query(known)]
    hashes = {user_ids(deployment.settings).publish(person) for person in people}
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join([*people, MARKED_ID]), encoding="utf-8")
    api = AirflowApi(deployment.stack, "forget_users")
    api.unpause()
    run_id = api.trigger({"user_ids_url": ids.as_uri(), "reason": "a request"})
    state, _ = finished(api, run_id, 1500)
    assert state == "success", deployment.task_log(run_id, "forget", "forget_users")
    log = deployment.task_log(run_id, "forget", "forget_users")
    assert "Of 3 persons 2 were found" in log and "erase the people at the source, too" in log
    for table in (
        "raw.users",
        "raw.transactions",
        "core.fct_customer_category_daily",
        "runs.customer_segments",
    ):
        id_column = "customer_id" if table == "runs.customer_segments" else "user_id"
        assert not deployment.query(f"select 1 from {table} where {id_column} in (?, ?)", *people), table
    assert [row for month in deployment.months() for row in verify(month) if row["result"] != "ok"] == []
    left = {MARKED_ID, *hashes}
    for folder in (deployment.state / "airflow", deployment.state / "artifacts"):
        for file in (file for file in folder.rglob("*") if file.is_file()):
            content = file.read_bytes()
            assert not [text for text in left if text.encode() in content], f"one of them is in {file}"


def test_reports_in_the_ui_are_behind_its_login(deployment):
    month = deployment.months()[-1]
    run = f"/tidemark/runs/{month.as_of_date}/{month.run_key}"
    for path in ("/tidemark/", f"{run}/report/index.html", f"{run}/data/segment_summary.csv"):
        assert httpx.get(deployment.stack.url + path).status_code == 401
        assert deployment.api.get(path).status_code == 200
    for outside in ("../../../id_hash_key", "..%2F..%2F..%2Fid_hash_key", "not/in/the/manifest.csv"):
        assert deployment.api.get(f"{run}/{outside}").status_code == 404


def test_no_secret_is_in_a_log_or_an_artifact(deployment):
    for folder in (deployment.state / "airflow" / "logs", deployment.state / "artifacts"):
        for file in folder.rglob("*"):
            if file.is_file():
                assert MARKED_KEY.encode() not in file.read_bytes(), f"the key is in {file}"
