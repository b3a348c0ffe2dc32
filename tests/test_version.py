"""One version of the product, wherever it is shown."""

import re
import tomllib

import pytest

from include.tidemark.artifacts.manifest import manifest_schema
from include.tidemark.cli.main import main
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.version import __version__


def test_the_command_prints_the_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert (stopped.value.code, capsys.readouterr().out) == (0, f"tidemark {__version__}\n")


def test_packaging_takes_the_version_from_the_code():
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {
        "attr": "include.tidemark.version.__version__"
    }


def test_the_manifest_admits_the_version():
    assert re.fullmatch(manifest_schema()["properties"]["product_version"]["pattern"], __version__)


def test_the_newest_entry_of_the_changelog_is_this_version():
    versions = re.findall(
        r"^## \[([^\]]+)\]", (PROJECT_ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert next(version for version in versions if version != "Unreleased") == __version__


def test_the_readme_says_which_versions_are_supported():
    locks = PROJECT_ROOT / "deploy" / "locks"
    *airflow, newest = (file.stem.removeprefix("airflow-") for file in sorted(locks.glob("airflow-*.txt")))
    pinned = dict(re.findall(r"(?m)^([a-z-]+)==(\d+\.\d+)", (locks / "dbt.txt").read_text(encoding="utf-8")))
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest, beyond = re.findall(r"\d+\.(\d+)", project["requires-python"])
    text = " ".join((PROJECT_ROOT / "README.md").read_text(encoding="utf-8").split())
    assert (
        f"Supported: Python 3.{oldest} to 3.{int(beyond) - 1} (3.12 is the reference), Airflow {', '.join(airflow)} and {newest},"
        f" dbt {pinned['dbt-core']}, DuckDB {pinned['duckdb']}."
    ) in text
