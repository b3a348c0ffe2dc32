"""However a program ends, all that it has started ends with it; and a part of the local Airflow that dies is
started again."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import psutil
import pytest

from include.tidemark.paths import PROJECT_ROOT

_PROGRAM = """
import subprocess, sys, time
from include.tidemark.cli.started import run_whole

def main():
    for own_session in (True, False):
        subprocess.Popen([sys.executable, "-c", "import subprocess; subprocess.Popen(['sleep', '600']).wait()"], start_new_session=own_session)
    print("started", flush=True)
    time.sleep(600)

run_whole(main)
"""
_BUILD = """
import sys, time
from include.tidemark.pipeline import build
with build._dbt(["sleep", "600"], {"PATH": "/bin:/usr/bin"}) as process:
    print("started", flush=True)
    process.wait()
"""
_AIRFLOW = """
import os, subprocess, sys, time
subprocess.Popen(["sleep", "600"])
time.sleep(600)
"""
_PYTEST = """#!/bin/sh
sleep 600 &
setsid sleep 600 &
sleep 600
"""


@pytest.fixture
def environment(tmp_path):
    """A mark by which every process that a test causes is found, whatever became of its parents."""
    mark = str(tmp_path / "mark")
    yield os.environ | {"TEST_MARK": mark, "PYTHONPATH": str(PROJECT_ROOT), "TMPDIR": str(tmp_path)}
    for process in left(mark):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def left(mark):
    """The living processes of a test."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("TEST_MARK") == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def sleeping(environment):
    """How many of a test's processes sleep; one may end between being found and being asked for its name."""
    names = []
    for process in left(environment["TEST_MARK"]):
        with suppress(psutil.NoSuchProcess):
            names.append(process.name())
    return sum("sleep" in name for name in names)


def comes(condition, what, seconds=300):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(what)


def assert_all_end(environment, process, request):
    process.send_signal(request)
    comes(lambda: not left(environment["TEST_MARK"]), f"processes are left after {request.name}")


@contextmanager
def started(environment, *command):
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, cwd=PROJECT_ROOT) as process:
        assert process.stdout.readline() == b"started\n"
        with killed_at_last(process):
            yield process


@contextmanager
def killed_at_last(process):
    """A test that fails does not wait for it."""
    try:
        yield
    finally:
        process.kill()


@pytest.mark.parametrize("request_", [signal.SIGTERM, signal.SIGKILL], ids=lambda each: each.name)
def test_a_benchmark_takes_what_it_started_with_it(environment, request_):
    with started(environment, sys.executable, "-c", _PROGRAM) as process:
        comes(lambda: sleeping(environment) == 2, "two sleeps")
        assert_all_end(environment, process, request_)


def test_a_benchmark_ends_when_what_started_it_is_killed(environment):
    shell = [
        sys.executable,
        "-c",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])",
        _PROGRAM,
    ]
    with started(environment, *shell) as process:
        assert_all_end(environment, process, signal.SIGKILL)


@pytest.mark.parametrize("request_", [signal.SIGINT, signal.SIGKILL], ids=lambda each: each.name)
def test_dbt_ends_with_the_process_that_builds(environment, request_):
    with started(environment, sys.executable, "-c", _BUILD) as process:
        assert_all_end(environment, process, request_)


@pytest.fixture
def supervised(environment, tmp_path):
    """The supervisor over four processes that do nothing instead of Airflow's."""
    (tmp_path / "airflow").mkdir()
    # A package: without that Python takes the real one, which soon ends for lack of a database.
    (tmp_path / "airflow" / "__init__.py").touch()
    (tmp_path / "airflow" / "__main__.py").write_text(_AIRFLOW)
    paths = f"{tmp_path}{os.pathsep}{PROJECT_ROOT}"
    command = [sys.executable, "-m", "include.tidemark.demo.supervisor", str(tmp_path), "mark", "--bound"]
    variables = environment | {"PYTHONPATH": paths, "TIDEMARK_STACK": "mark"}
    with (
        subprocess.Popen(
            command, env=variables, cwd=tmp_path, stdin=subprocess.PIPE, start_new_session=True
        ) as process,
        killed_at_last(process),
    ):
        comes(lambda: len(parts(environment)) == 4, "the four processes")
        yield process


def parts(environment):
    found = {}
    for process in left(environment["TEST_MARK"]):
        with suppress(psutil.Error):
            command = process.cmdline()
            if command[1:3] == ["-m", "airflow"]:
                found[command[3]] = process.pid
    return found


def test_a_part_of_airflow_that_dies_is_started_again_and_the_others_go_on(environment, supervised):
    before = parts(environment)
    died = {"scheduler", "triggerer", "dag-processor"}
    for name in died:
        os.kill(before[name], signal.SIGKILL)
    comes(
        lambda: all(parts(environment).get(name, before[name]) != before[name] for name in died),
        "others of them",
    )
    assert parts(environment)["api-server"] == before["api-server"]
    assert_all_end(environment, supervised, signal.SIGTERM)


@pytest.mark.parametrize("request_", [signal.SIGHUP, signal.SIGKILL], ids=lambda each: each.name)
def test_airflow_ends_with_its_supervisor(environment, supervised, request_):
    assert_all_end(environment, supervised, request_)


def test_airflow_ends_when_what_started_its_supervisor_is_gone(environment, supervised):
    supervised.stdin.close()
    comes(lambda: not left(environment["TEST_MARK"]), "processes are left")


@pytest.mark.parametrize(
    "request_", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda each: each.name
)
def test_the_tests_take_what_they_started_with_them(environment, tmp_path, request_):
    fake = tmp_path / "pytest.sh"
    fake.write_text(_PYTEST)
    fake.chmod(0o755)
    variables = environment | {"RUN": str(fake), "MWAA_RUN": str(fake)}
    script = PROJECT_ROOT / "tests" / "run_all.sh"
    text = script.read_text(encoding="utf-8")
    queued = re.search(r"queued\[@\]\} >= (\d)", text)
    groups = len(re.findall(r"^run ", text, re.MULTILINE)) + int(queued[1])
    assert groups > 1
    with (
        subprocess.Popen(
            ["bash", script], env=variables, cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL
        ) as process,
        killed_at_last(process),
    ):
        comes(lambda: sleeping(environment) == 3 * groups, f"{groups} groups")
        assert_all_end(environment, process, request_)
