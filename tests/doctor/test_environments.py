"""Python, Airflow, packages and dbt's own environment."""

import sys
from pathlib import Path

import pytest

from include.tidemark.doctor import environments
from tests.doctor.conftest import Examine, of, states, worst


@pytest.mark.parametrize(("version", "state"), [((3, 10, 9), "wrong"), ((3, 11, 0), "ok"), ((3, 13, 4), "ok"), ((3, 14, 0), "wrong")])  # fmt: skip
def test_python_is_right_from_3_11_to_3_13(examine: Examine, monkeypatch, version, state):
    monkeypatch.setattr(sys, "version_info", version)
    found = of(examine(environments.look_at_python), "Python")
    assert found.state == state and found.found.startswith(".".join(map(str, version)))


@pytest.mark.parametrize(("version", "state"), [(None, "wrong"), ("3.1.8", "wrong"), ("3.2.0", "ok"), ("3.3.9", "ok"), ("3.4.0", "warning")])  # fmt: skip
def test_airflow_is_right_from_3_2_to_3_3(examine: Examine, monkeypatch, version, state):
    monkeypatch.setattr(environments, "installed", lambda name: version)
    assert of(examine(environments.look_at_python), "Airflow").state == state


def test_the_packages_of_this_environment_are_those_of_the_list(examine: Examine):
    assert states(examine(environments.look_at_packages)) == {"ok"}


def test_a_package_of_another_version_and_one_that_is_missing_are_wrong(examine: Examine, monkeypatch):
    actual = environments.installed
    monkeypatch.setattr(
        environments, "installed", lambda name: {"pandas": "1.5.0", "babel": None}.get(name, actual(name))
    )
    found = worst(examine(environments.look_at_packages))
    assert found.state == "wrong"
    assert "babel is missing" in found.found and "pandas 1.5.0 (needed: <4,>=2.2)" in found.found


def test_a_bundle_without_the_list_is_said_not_to_be_looked_at(examine: Examine, monkeypatch, tmp_path):
    monkeypatch.setattr(environments, "PROJECT_ROOT", tmp_path)
    assert examine(environments.look_at_packages)[0].found.startswith("Not looked at")


def test_dbt_s_environment_is_right_and_has_the_same_duckdb(examine: Examine):
    findings = examine(environments.look_at_dbt)
    assert states(findings) == {"ok"}
    assert "dbt-core 1.11" in of(findings, "dbt").found
    assert of(findings, "DuckDB").found.endswith("in both environments.")


def executable(tmp_path: Path, script: str) -> str:
    file = tmp_path / "dbt"
    file.write_text(script)
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (None, "does not exist"),
        ("#!/nowhere/python\n", "does not exist"),
        ("#!/bin/sh\nexit 3\n", "ends with the code 3"),
        ("no program", "can't be started"),
    ],
)
def test_a_dbt_that_does_not_start_is_wrong(examine: Examine, monkeypatch, tmp_path, script, words):
    file = executable(tmp_path, script) if script is not None else str(tmp_path / "none")
    monkeypatch.setenv("TIDEMARK_DBT_EXECUTABLE", file)
    found = worst(examine(environments.look_at_dbt))
    assert found.state == "wrong" and words in found.found and file in found.found


def test_a_dbt_whose_versions_nobody_knows_is_a_warning(examine: Examine, monkeypatch, tmp_path):
    monkeypatch.setenv("TIDEMARK_DBT_EXECUTABLE", executable(tmp_path, "#!/bin/sh\nexit 0\n"))
    assert worst(examine(environments.look_at_dbt)).state == "warning"


def test_versions_are_those_of_the_interpreter_that_the_executable_names(
    examine: Examine, monkeypatch, tmp_path
):
    # This environment has DuckDB, and no dbt.
    file = executable(tmp_path, f"#!{sys.executable}\n")
    monkeypatch.setenv("TIDEMARK_DBT_EXECUTABLE", file)
    found = of(examine(environments.look_at_dbt), "dbt")
    assert found.state == "wrong" and "dbt-core is missing" in found.found and ", duckdb" not in found.found


def test_two_versions_of_duckdb_are_wrong_for_they_open_one_file(examine: Examine, monkeypatch):
    actual = environments.installed
    monkeypatch.setattr(environments, "installed", lambda name: "1.4.1" if name == "duckdb" else actual(name))
    found = worst(examine(environments.look_at_dbt))
    assert (found.subject, found.state) == ("DuckDB", "wrong") and "1.4.1" in found.found
