"""The two environments that a run needs: Airflow's, in which this runs, and dbt's own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from include.tidemark.doctor.examination import Examination
from include.tidemark.doctor.findings import Finding
from include.tidemark.paths import DBT_DIR, PROJECT_ROOT

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
OLDEST_AIRFLOW, TOO_NEW_AIRFLOW = Version("3.2"), Version("3.4")
"""Airflow 3.2 and 3.3 are tested."""

_SECONDS = 120
_VERSIONS = (
    "import importlib.metadata, json, sys\n"
    "def version(name):\n"
    "    try: return importlib.metadata.version(name)\n"
    "    except importlib.metadata.PackageNotFoundError: return None\n"
    "print(json.dumps({name: version(name) for name in sys.argv[1:]}))\n"
)


def look_at_python(_: Examination) -> Iterator[Finding]:
    """Python 3.11 to 3.13, Airflow 3.2 or 3.3."""
    found = ".".join(map(str, sys.version_info[:3]))
    if OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        yield Finding("Python", "ok", found)
    else:
        yield Finding(
            "Python",
            "wrong",
            f"{found}; the project needs 3.11, 3.12 or 3.13.",
            "Install Python 3.12, the reference.",
        )
    yield _airflow(installed("apache-airflow-core") or installed("apache-airflow"))


def look_at_packages(_: Examination) -> Iterator[Finding]:
    """Airflow's environment against `requirements.txt`."""
    listed = PROJECT_ROOT / "requirements.txt"
    if not listed.exists():  # an MWAA bundle
        yield Finding("packages", "ok", "Not looked at: the list of packages is not part of this bundle.")
        return
    needed = requirements(listed)
    if faults := unmet(needed, {each.name: installed(each.name) for each in needed}):
        yield Finding(
            "packages",
            "wrong",
            f"Not as {listed.name} says: {', '.join(faults)}.",
            "Install requirements.txt anew; locally `make setup` does.",
        )
    else:
        yield Finding("packages", "ok", f"All {len(needed)} of {listed.name} are there.")


def look_at_dbt(examination: Examination) -> Iterator[Finding]:
    """dbt starts; its versions against `dbt/requirements.txt`; one DuckDB in both environments."""
    executable = examination.settings.dbt_executable
    if complaint := _does_not_run([str(executable), "--help"]):
        yield Finding(
            "dbt",
            "wrong",
            f"{executable} {complaint}.",
            "Make dbt's environment of dbt/requirements.txt (locally: `make setup`), or correct TIDEMARK_DBT_EXECUTABLE.",
        )
        return
    needed = [*requirements(DBT_DIR / "requirements.txt")]
    found = _versions_beside(executable, [each.name for each in needed])
    if found is None:
        yield Finding(
            "dbt",
            "warning",
            f"{executable} runs, but its versions can't be told: there is no Python beside it.",
            "Compare its versions with dbt/requirements.txt.",
        )
        return
    shown = ", ".join(f"{name} {found[name]}" for name in found if found[name])
    if faults := unmet(needed, found):
        yield Finding(
            "dbt",
            "wrong",
            f"Not as dbt/requirements.txt says: {', '.join(faults)}.",
            "Install dbt/requirements.txt anew.",
        )
    else:
        yield Finding("dbt", "ok", f"{shown}.")
    if examination.settings.warehouse == "duckdb":
        yield _same_duckdb(found.get("duckdb"), installed("duckdb"))


def installed(name: str) -> str | None:
    """The version of a package in this environment."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def requirements(file: Path) -> list[Requirement]:
    """What a requirements file asks for."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            found.append(Requirement(line.partition("#")[0].strip()))
        except InvalidRequirement:
            continue  # an empty line, a comment, an option of pip
    return found


def unmet(needed: Sequence[Requirement], found: Mapping[str, str | None]) -> list[str]:
    """What is missing or of another version, in words.

    >>> unmet([Requirement("dbt-core>=1.11,<1.12"), Requirement("duckdb")], {"dbt-core": "1.12.0", "duckdb": None})
    ['dbt-core 1.12.0 (needed: <1.12,>=1.11)', 'duckdb is missing']
    """  # noqa: W505
    faults = []
    for each in needed:
        actual = found.get(each.name)
        if actual is None:
            faults.append(f"{each.name} is missing")
        elif not each.specifier.contains(actual, prereleases=True):
            faults.append(f"{each.name} {actual} (needed: {each.specifier})")
    return faults


def _airflow(found: str | None) -> Finding:
    try:
        airflow = Version(found or "")
    except InvalidVersion:
        return Finding(
            "Airflow",
            "wrong",
            "It is not installed here.",
            "Run the command with Airflow's Python (TIDEMARK_PYTHON).",
        )
    if airflow < OLDEST_AIRFLOW:
        return Finding("Airflow", "wrong", f"{airflow}; the project needs 3.2 or 3.3.", "Upgrade Airflow.")
    if airflow >= TOO_NEW_AIRFLOW:
        return Finding(
            "Airflow",
            "warning",
            f"{airflow}; 3.2 and 3.3 are tested.",
            "Use a tested version, or try a month before you rely on it.",
        )
    return Finding("Airflow", "ok", str(airflow))


def _same_duckdb(dbts: str | None, ours: str | None) -> Finding:
    if dbts == ours:
        return Finding("DuckDB", "ok", f"{ours} in both environments.")
    return Finding(
        "DuckDB",
        "wrong",
        f"{ours} in Airflow's environment and {dbts} in dbt's, but both open the same file.",
        "Install the same version in both.",
    )


def _does_not_run(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(
            command,
            env=os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except FileNotFoundError:
        return "does not exist"
    except subprocess.TimeoutExpired:
        return f"did not start within {_SECONDS} s"
    except OSError as error:
        return f"can't be started ({error.strerror})"
    return f"ends with the code {done.returncode}" if done.returncode else None


def _versions_beside(executable: Path, names: Sequence[str]) -> dict[str, str | None] | None:
    """The versions of packages in the environment that an executable is of."""
    beside = executable.parent / "python"
    python = str(beside) if beside.exists() else _interpreter_of(executable)
    if python is None:
        return None
    try:
        done = subprocess.run(
            [python, "-c", _VERSIONS, *names], capture_output=True, text=True, check=True, timeout=_SECONDS
        )
        found: dict[str, str | None] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return found


def _interpreter_of(executable: Path) -> str | None:
    with executable.open("rb") as file:
        first = file.readline(500).decode(errors="replace")
    found = re.fullmatch(r"#!\s*(\S*python[0-9.]*)\s*", first)
    return found.group(1) if found else None
