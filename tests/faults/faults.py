"""The faults, each with the moment in which it comes, what is said of it, what consumers see meanwhile and
how it ends."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from unittest import mock

import duckdb
import pytest
from tenacity import stop_after_attempt

from include.tidemark.errors import TidemarkError
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.pipeline.repair import look, repair
from include.tidemark.pipeline.rollback import list_or_roll_back
from include.tidemark.warehouse import control, open_warehouse
from include.tidemark.warehouse import duckdb as warehouse_of_duckdb
from tests.faults.world import BETWEEN, NEW, OLD, World, before_call, calls_that_fail
from tests.pipeline.deployment import AS_OF, FIRST, STARTED

PUBLISH = "include.tidemark.pipeline.publish"
STORE = "include.tidemark.artifacts.store"


@dataclass(frozen=True)
class Fault:
    """One fault at one moment."""

    what: str
    moment: str
    happens: Callable[[World], str]
    """Makes it happen; returns what the process said or how it ended."""
    said: str
    """A part of that."""
    consumers: str
    """What they see until somebody does something."""
    ends: Callable[[World], object]
    how: str
    """How it ends, in words."""
    at_last: str = NEW
    begins: str = "gated"
    """From which snapshot: `gated`, where the run waits for publication, or `published`, where it has not
    begun."""

    @property
    def name(self) -> str:
        return f"{self.what}, {self.moment}"


def raised(act: Callable[[], object]) -> str:
    """The sentence of what an act raises."""
    with pytest.raises(Exception) as caught:
        act()
    return f"{type(caught.value).__name__}: {caught.value}"


def killed(
    target: str, number: int, work: str, number_of_signal: signal.Signals = signal.SIGKILL
) -> Callable[[World], str]:
    """A process gets a signal instead of the call of that number."""

    def happens(world: World) -> str:
        done = world.in_another_process(
            f"import os\nat_call({target!r}, {number}, lambda: os.kill(os.getpid(), {int(number_of_signal)}))\nworld.{work}()"
        )
        return f"exit {done.returncode}"

    return happens


def fails(target: str, error: Exception, work: str, number: int = 1) -> Callable[[World], str]:
    """From a call on, all calls of something outside fail."""

    def happens(world: World) -> str:
        with calls_that_fail(target, error, number):
            return raised(getattr(world, work))

    return happens


def again(world: World) -> None:
    world.publish()


def month_again(world: World) -> None:
    world.month()


RETRY = (again, "a retry of `publish`")
NEW_RUN = (month_again, "a new run")
MOMENTS = {
    "while `publish` writes its files": (f"{PUBLISH}:write_definitions", 1, OLD),
    "half of the files uploaded": (f"{STORE}:RunFolder.upload", 9, OLD),
    "before the row of the ledger": (f"{PUBLISH}:record_publication", 1, OLD),
    "after the row of the ledger": (f"{PUBLISH}:rebuild_pointers", 1, BETWEEN),
    "half of the pointers written": (f"{STORE}:ArtifactRoot.write_bytes", 2, BETWEEN),
}


def of_publish() -> list[Fault]:
    """The last stage at five moments."""
    killings = [
        Fault(
            "The process is killed (SIGKILL)",
            moment,
            killed(target, number, "publish"),
            "exit -9",
            seen,
            *RETRY,
        )
        for moment, (target, number, seen) in MOMENTS.items()
    ]
    gone = ConnectionError("could not connect to the endpoint")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    lost = duckdb.IOException("connection lost")
    outside = [
        ("The artifact store is gone", gone, "half of the files uploaded", "could not connect"),
        ("The artifact store is gone", gone, "half of the pointers written", "could not connect"),
        ("The disk is full", full, "while `publish` writes its files", "No space left"),
        ("The disk is full", full, "half of the files uploaded", "No space left"),
        ("The disk is full", full, "half of the pointers written", "No space left"),
        ("The warehouse is lost", lost, "before the row of the ledger", "connection lost"),
        ("The warehouse is lost", lost, "after the row of the ledger", "connection lost"),
    ]
    return killings + [
        Fault(
            what,
            moment,
            fails(MOMENTS[moment][0], error, "publish", MOMENTS[moment][1]),
            said,
            MOMENTS[moment][2],
            *RETRY,
        )
        for what, error, moment, said in outside
    ]


def of_stages() -> list[Fault]:
    """The stages before it."""
    moments = {
        "before the sources are loaded": ("include.tidemark.pipeline.in_order:load", 1),
        "before the models are built": ("include.tidemark.pipeline.in_order:build_models", 1),
        "half of the statistics computed": ("include.tidemark.pipeline.in_order:estimate", 2),
        "while the statistics are checked": ("include.tidemark.pipeline.in_order:check_stage", 3),
    }
    return [
        Fault(
            "The process is killed (SIGKILL)",
            moment,
            killed(target, number, "month"),
            "exit -9",
            OLD,
            *NEW_RUN,
            begins="published",
        )
        for moment, (target, number) in moments.items()
    ]


def two_at_once(world: World) -> str:
    """Two threads publish the same run."""
    ended: list[str] = []

    def one() -> None:
        try:
            world.publish()
            ended.append("done")
        except TidemarkError as error:
            ended.append(type(error).__name__)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (row,) = world.query(f"select count(*) as n from control.publications where as_of_date = date '{AS_OF}'")
    return f"{row['n']} row in the ledger"


def nothing(world: World) -> None:
    """There is nothing to do."""


def spoiled(path: str, spoil: Callable[[Path], object]) -> Callable[[World], str]:
    """Something happens to published files; what `tidemark repair` finds is said."""

    def happens(world: World) -> str:
        world.publish()
        for file in (world.folder / "artifacts").glob(path):
            spoil(file)
        return "; ".join(f"{finding.kind}: {finding.what}" for finding in look(world.settings))

    return happens


def lost(path: str) -> Callable[[World], str]:
    return spoiled(path, Path.unlink)


def damaged(path: str) -> Callable[[World], str]:
    return spoiled(path, lambda file: file.write_bytes(file.read_bytes()[:-20]))


def repaired(world: World) -> None:
    repair(world.settings)


def in_folder(name: str) -> Callable[[World], str]:
    """A folder that is not ours lies beside the months."""

    def happens(world: World) -> str:
        stray = world.folder / "artifacts" / name
        stray.mkdir(parents=True)
        world.publish()
        assert stray.is_dir()
        return "it is left alone"

    return happens


def clock(days: int) -> Callable[[World], str]:
    """The machine's clock is off while the month is computed."""

    def happens(world: World) -> str:
        run_in_order(
            world.settings,
            {"as_of_date": AS_OF, "n_resamples": 1000},
            STARTED + timedelta(days=days),
            "faults",
        )
        return "published"

    return happens


def never_published(world: World) -> str:
    """A roll-back to a run of another date."""
    world.publish()
    first = world.query(f"select run_key from control.publications where as_of_date = date '{FIRST}'")[0][
        "run_key"
    ]
    return raised(lambda: list_or_roll_back(date.fromisoformat(AS_OF), first, world.settings))


def pruned(world: World) -> str:
    """A roll-back to a run that is in the ledger, and whose rows are not in the warehouse any more."""
    world.publish()
    gone = "20171201_20180101T070000_0123abcd"
    world.query(
        "insert into control.publications select * replace (0 as publication_id, ? as run_key) from control.publications"
        " where as_of_date = ? returning run_key",
        gone,
        AS_OF,
    )
    repair(world.settings)  # the index lists every row of the ledger
    return raised(
        lambda: list_or_roll_back(
            date.fromisoformat(AS_OF), gone, world.settings, reason="x", by="x", dry_run=False
        )
    )


def rules_changed(world: World) -> str:
    """The folder's rules change while dbt is at work: the month is that of the rules with which the run
    began."""
    rules = world.folder / "rules.yml"
    honest = world.settings
    rules.write_bytes(honest.rules_file.read_bytes())
    world.settings = honest.model_copy(update={"rules_file": rules})

    def change() -> None:
        text = rules.read_text(encoding="utf-8")
        rules.write_text(f"{text}\nbudget_max_avg_monthly_spend: 20\n", encoding="utf-8")

    with before_call("include.tidemark.pipeline.in_order:build_models", 1, change):
        world.month()
    world.settings = honest
    return "published"


def of_an_earlier_release(world: World) -> str:
    """The month follows one that an earlier release published: its control tables lack what was added
    since."""
    with open_warehouse(world.settings) as warehouse:
        for table, columns in control._ADDED.items():
            for column in columns if table.startswith("control.") else ():
                warehouse.execute(f"alter table {table} drop column {column}")
    world.month()
    return "published"


def cut_landing(world: World) -> str:
    kept = world.transactions.read_bytes()
    world.transactions.write_bytes(kept[:-20])
    said = raised(world.month)
    world.transactions.write_bytes(kept)
    return said


def vanished_landing(world: World) -> str:
    shutil.move(world.transactions, world.folder / "away.csv")
    said = raised(world.month)
    shutil.move(world.folder / "away.csv", world.transactions)
    return said


def locked(world: World) -> str:
    """Another process has the DuckDB file open for writing."""
    code = (
        "import duckdb, sys\nheld = duckdb.connect(sys.argv[1])\nprint('held', flush=True)\nsys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(world.settings.duckdb_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout and other.stdout.readline() == "held\n"
    try:
        with mock.patch.object(warehouse_of_duckdb._connect.retry, "stop", stop_after_attempt(3)):  # type: ignore[attr-defined]
            return raised(world.publish)
    finally:
        other.communicate()


def away(path: str) -> Callable[[World], str]:
    """Something that the run needs is moved away, and comes back afterwards."""

    def happens(world: World) -> str:
        place, kept = world.folder / path, world.folder / "away"
        shutil.move(place, kept)
        try:
            return raised(world.publish)
        finally:
            if place.is_dir():
                shutil.rmtree(place)
            place.unlink(missing_ok=True)
            shutil.move(kept, place)

    return happens


def dbt_is(script: str) -> Callable[[World], str]:
    """Another program stands where dbt should."""

    def happens(world: World) -> str:
        program = world.folder / "dbt"
        if script:
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
        honest = world.settings
        world.settings = honest.model_copy(update={"dbt_executable": program})
        try:
            return raised(world.month)
        finally:
            world.settings = honest

    return happens


def others() -> list[Fault]:
    """Input, tools, time and hands."""
    return [
        Fault("A landing file is cut off", "before the run", cut_landing, "cut off", OLD, *NEW_RUN, begins="published"),
        Fault("A landing file is missing", "before the run", vanished_landing, "came from landing files", OLD, *NEW_RUN, begins="published"),
        Fault("dbt is missing", "before the models are built", dbt_is(""), "There is no dbt at", OLD, *NEW_RUN, begins="published"),
        Fault("dbt ends with an error", "while the models are built", dbt_is("echo broken; exit 2"), "exit status 2", OLD, *NEW_RUN, begins="published"),
        Fault("dbt is killed (SIGKILL)", "while the models are built", dbt_is("kill -9 $$"), "killed by signal 9, SIGKILL", OLD, *NEW_RUN, begins="published"),
        Fault("Another process holds the warehouse", "before `publish`", locked, "Could not set lock", OLD, *RETRY),
        Fault("The warehouse's file is gone", "before `publish`", away("warehouse.duckdb"), "does not exist", OLD, *RETRY),
        Fault("Two publish the same run at once", "in `publish`", two_at_once, "1 row in the ledger", NEW, nothing, "by itself"),
        Fault("The clock is a day behind", "for the whole run", clock(-1), "published", NEW, nothing, "by itself", begins="published"),
        Fault("The clock is a year ahead", "for the whole run", clock(365), "published", NEW, nothing, "by itself", begins="published"),
        Fault("The rules are changed in the configuration folder", "while the models are built", rules_changed, "published", NEW, nothing, "by itself", begins="published"),
        Fault("The month before is one of an earlier release", "for the whole run", of_an_earlier_release, "published", NEW, nothing, "by itself", begins="published"),
        Fault("A folder of another name", "beside the months", in_folder("as_of=2017-10-01.bak"), "left alone", NEW, nothing, "by itself"),
        Fault("A folder of another name", "beside the runs", in_folder(f"as_of={AS_OF}/run=old copy"), "left alone", NEW, nothing, "by itself"),
        Fault("A run is shown again that was never published for the date", "after publication", never_published, "was never published for", NEW, nothing, "refused"),
        Fault("A run is shown again whose rows were pruned", "after publication", pruned, "does not hold the rows", NEW, nothing, "refused"),
        Fault("A published table is lost", "after publication", lost(f"as_of={AS_OF}/run=*/data/segment_summary.csv"), "file: It is missing", NEW, repaired, "`tidemark repair --apply`"),
        Fault("A published table is damaged", "after publication", damaged(f"as_of={AS_OF}/run=*/data/customer_segments.parquet"), "bytes; published were", NEW, repaired, "`tidemark repair --apply`"),
        Fault("The report is lost", "after publication", lost(f"as_of={AS_OF}/run=*/report/index.html"), "file: It is missing", NEW, repaired, "`tidemark repair --apply`"),
        Fault("A manifest is lost", "after publication", lost(f"as_of={AS_OF}/run=*/manifest.json"), "manifest: It is missing", NEW, repaired, "`tidemark repair --apply`"),
        Fault("The pointer of a month is lost", "after publication", lost(f"as_of={AS_OF}/current.json"), "pointer: It is missing", NEW, repaired, "`tidemark repair --apply`"),
    ]  # fmt: skip


FAULTS = [*of_publish(), *of_stages(), *others()]


@dataclass(frozen=True)
class TriedElsewhere:
    """A fault that another test makes happen, where the parts are that it needs."""

    what: str
    moment: str
    said: str
    consumers: str
    how: str
    test: str
    """File of the test, from the project's folder."""


ELSEWHERE = [
    TriedElsewhere("The artifact store (S3) is slow and fails every third call", "in every `publish`, rollback and erasure", "nothing: its client asks again", NEW, "by itself", "tests/deploy/test_artifact_root_s3.py"),
    TriedElsewhere("Ten runs of two months publish at once, on an emulated Snowflake", "in `publish`, after each made the views anew", "10 rows in the ledger", NEW, "by itself", "tests/snowflake/test_ten_at_once.py"),
    TriedElsewhere("The secrets back end is down", "while the DAGs are parsed", "nothing: it is not asked", OLD, "by itself", "tests/deploy/test_parse.py"),
]  # fmt: skip
