"""What a command says of a configuration that can't be used: one sentence, exit code 2, no log, and nothing
is touched."""

import json
import os
import subprocess
import sys

import duckdb
import pytest

from include.tidemark.cli import guard
from include.tidemark.cli.main import main
from include.tidemark.doctor import environments, scheduler
from include.tidemark.paths import PROJECT_ROOT

READING = [["runs"], ["summary"], ["show", "segments"], ["drivers"], ["verify"], ["open"]]
STARTING = [["run", "--as-of", "2026-06-01"], ["suggest-rules", "--as-of", "2026-06-01"]]
TIDEMARK = PROJECT_ROOT / "deploy" / "tidemark"


@pytest.fixture
def deployment(tmp_path, monkeypatch):
    """The folder of a deployment whose settings are in order; it has no data. No log may be written."""
    (tmp_path / "landing").mkdir()
    (tmp_path / "dbt").write_text("#!/bin/sh\n")
    (tmp_path / "dbt").chmod(0o755)
    for name, value in {
        "DUCKDB_PATH": tmp_path / "warehouse.duckdb",
        "LANDING_URL": (tmp_path / "landing").as_uri(),
        "ARTIFACT_ROOT": (tmp_path / "artifacts").as_uri(),
        "CONFIG_DIR": tmp_path,
        "ID_HASH_KEY": "a key for tests only, 16 and more",
        "DBT_EXECUTABLE": tmp_path / "dbt",
    }.items():
        monkeypatch.setenv(f"TIDEMARK_{name}", str(value))
    monkeypatch.setattr(guard, "_where_to_look", lambda error: pytest.fail(f"a log for {error!r}"))
    # The doctor starts processes that take seconds; they have tests of their own.
    monkeypatch.setattr(environments, "_does_not_run", lambda command: None)
    monkeypatch.setattr(scheduler, "_import_faults", dict)
    return tmp_path


def refused(capsys, arguments: list[str]) -> str:
    """The one sentence with which the command is refused."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    *progress, sentence = printed.err.splitlines()
    assert printed.out == "" and sentence.startswith("tidemark: ") and "unexpected" not in printed.err
    assert all(line.startswith(("As of ", "Resolving ")) for line in progress)
    return sentence


def finding(capsys, subject: str) -> dict[str, str]:
    """What `tidemark doctor` found of it."""
    assert main(["doctor", "--as-of", "2026-06-01", "--format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    return next(each for each in findings if each["subject"] == subject)


@pytest.mark.parametrize("arguments", READING + STARTING, ids=" ".join)
@pytest.mark.parametrize("root", ["ftp://x", "s3://bucket/published", "nothing://x"])
def test_an_artifact_root_that_nothing_installed_opens_is_refused(
    deployment, capsys, monkeypatch, root, arguments
):
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", root)
    assert (
        f"TIDEMARK_ARTIFACT_ROOT is '{root}', which nothing that is installed here can open; write"
        in refused(capsys, arguments)
    )


@pytest.mark.parametrize("arguments", STARTING, ids=" ".join)
def test_an_artifact_root_that_can_not_be_written_is_refused_before_anything_runs(
    deployment, capsys, monkeypatch, arguments
):
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", "file:///proc/x")
    assert "file:///proc/x can't be written (No such file or directory); correct" in refused(
        capsys, arguments
    )
    assert not (deployment / "warehouse.duckdb").exists()


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_an_artifact_root_that_can_not_be_read_is_refused(deployment, capsys, arguments):
    (deployment / "artifacts" / "index.json").mkdir(parents=True)
    assert "can't be read (Is a directory); correct TIDEMARK_ARTIFACT_ROOT" in refused(capsys, arguments)


@pytest.mark.parametrize("arguments", STARTING, ids=" ".join)
@pytest.mark.parametrize("url", ["ftp://x", "s3://bucket/landing"])
def test_a_landing_url_that_nothing_installed_opens_is_refused(
    deployment, capsys, monkeypatch, url, arguments
):
    monkeypatch.setenv("TIDEMARK_LANDING_URL", url)
    assert f"TIDEMARK_LANDING_URL is {url}, which can't be opened here (ValueError); correct it" in refused(
        capsys, arguments
    )


@pytest.mark.parametrize("arguments", [*STARTING, ["init", "--from", "a.b", "--to", "new"]], ids=" ".join)
@pytest.mark.parametrize("kind", ["a text", "a folder", "a database that was cut off"])
def test_a_warehouse_that_is_no_duckdb_file_is_refused(deployment, capsys, monkeypatch, kind, arguments):
    file = deployment / "warehouse.duckdb"
    if kind == "a folder":
        file.mkdir()
    else:
        file.write_bytes(b"a,b\n1,2\n" if kind == "a text" else b"\0" * 8 + b"DUCK" + b"\0" * 2000)
    monkeypatch.chdir(deployment)
    assert f"{file} can't be opened as a DuckDB database; correct TIDEMARK_DUCKDB_PATH" in refused(
        capsys, arguments
    )
    assert not (deployment / "new").exists()


@pytest.mark.parametrize("name", ["orders.csv", "orders.json", "orders.parquet"])
def test_a_file_that_duckdb_would_open_as_its_rows_is_no_warehouse(deployment, capsys, monkeypatch, name):
    file = deployment / name
    rows = duckdb.sql("select 1 as a, 2 as b")
    {".csv": rows.write_csv, ".parquet": rows.write_parquet}.get(
        file.suffix, lambda to: file.write_text('{"a": 1}\n')
    )(str(file))
    before = file.read_bytes()
    monkeypatch.setenv("TIDEMARK_DUCKDB_PATH", str(file))
    assert f"{file} can't be opened as a DuckDB database" in refused(capsys, STARTING[0])
    assert file.read_bytes() == before


@pytest.mark.parametrize("arguments", STARTING, ids=" ".join)
@pytest.mark.parametrize("name", ["nowhere", "sources.yml"])
def test_a_scratch_folder_that_is_none_is_refused(deployment, capsys, monkeypatch, name, arguments):
    monkeypatch.setenv("TIDEMARK_SCRATCH_DIR", str(deployment / name))
    assert "which is no folder that can be written; make it, or correct" in refused(capsys, arguments)
    assert not (deployment / "warehouse.duckdb").exists()


@pytest.mark.parametrize("arguments", STARTING, ids=" ".join)
def test_a_warehouse_below_a_file_is_refused(deployment, capsys, monkeypatch, arguments):
    monkeypatch.setenv("TIDEMARK_DUCKDB_PATH", str(deployment / "dbt" / "warehouse.duckdb"))
    assert "can't be made (File exists: " in refused(capsys, arguments)


def test_a_column_that_no_file_has_is_known_when_the_file_is_read_so_the_run_has_failed(deployment, capsys):
    """A file's columns are known only once it is here and whole, which may be a long copy: so not before the
    run."""
    (deployment / "landing" / "people.csv").write_text("id,joined,country\n1,2026-01-01,DE\n")
    (deployment / "sources.yml").write_text(
        "users:\n  files: people.csv\n  columns: {user_id: id, created_at: joined, country: contry}\n"
    )
    assert main(["run", "--as-of", "2026-06-01"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("tidemark: the run failed in the stage load_sources: ")
    assert (
        f"{deployment / 'sources.yml'}, line 3: users.columns.country: " in said
        and "'contry' is not known; did you mean 'country'?" in said
    )


@pytest.mark.parametrize("arguments", READING + STARTING, ids=" ".join)
def test_a_working_folder_that_is_gone_is_refused(gone, capsys, arguments):
    assert "The folder that this process was started in does not exist any more; change to" in refused(
        capsys, arguments
    )


@pytest.fixture
def gone(deployment, monkeypatch):
    """The process is in a folder that was deleted."""
    (deployment / "gone").mkdir()
    monkeypatch.chdir(deployment / "gone")
    (deployment / "gone").rmdir()
    yield
    os.chdir(deployment)


def test_for_the_doctor_a_working_folder_that_is_gone_is_a_finding(gone, capsys):
    assert "does not exist any more" in finding(capsys, "settings")["found"]


@pytest.mark.parametrize(
    ("name", "value", "subject", "words"),
    [
        ("ARTIFACT_ROOT", "ftp://x", "artifact root", "nothing that is installed here can open"),
        ("ARTIFACT_ROOT", "file:///proc/x", "artifact root", "file:///proc/x can't be written (No such file or directory)."),
        ("DUCKDB_PATH", "/etc/passwd", "warehouse", "The file /etc/passwd can't be opened as a DuckDB database."),
        ("DUCKDB_PATH", "/tmp", "warehouse", "The file /tmp can't be opened as a DuckDB database."),
    ],
)  # fmt: skip
def test_for_the_doctor_each_is_a_finding(deployment, capsys, monkeypatch, name, value, subject, words):
    monkeypatch.setenv(f"TIDEMARK_{name}", value)
    found = finding(capsys, subject)
    assert found["state"] == "wrong" and words in found["found"]


@pytest.mark.parametrize("python", ["a folder", "no program", "nothing"])
def test_a_python_that_is_none_is_refused_by_the_launcher(tmp_path, python):
    (tmp_path / "a folder").mkdir()
    (tmp_path / "no program").touch()
    done = subprocess.run(
        [TIDEMARK, "runs"],
        env=os.environ | {"TIDEMARK_PYTHON": str(tmp_path / python)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.startswith(f"tidemark: there is no Python at {tmp_path / python}; set TIDEMARK_PYTHON")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_a_python_without_the_packages_is_refused(tmp_path):
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    done = subprocess.run(
        [TIDEMARK, "runs"],
        env=os.environ | {"TIDEMARK_PYTHON": str(bare)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert " has no " in done.stderr and "set TIDEMARK_PYTHON to" in done.stderr
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
