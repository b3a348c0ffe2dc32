"""The Astro image without Docker: the Dockerfile's own steps in a clean folder, then the DAG, as the image's
user.

The image has Airflow with requirements.txt on top, the project below AIRFLOW_HOME (copied by ONBUILD as
.dockerignore allows), PYTHONPATH set to it, and a user without root who owns it. Not replayed here: OS
packages; Celery and PostgreSQL are in tests/parts.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest
import yaml

from tests.deploy.conftest import AS_OF, ID_KEY
from tests.deploy.container import PROJECT, Container, empty_home, hand_over, is_root, python_of

AIRFLOW_HOME = "/usr/local/airflow"
SERVICES = {"postgres", "db-migration", "scheduler", "dag-processor", "api-server", "triggerer"}
"""Of Astro's own compose file."""


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined, comments left out."""
    text = "\n".join(
        line for line in (PROJECT / "Dockerfile").read_text().splitlines() if not line.startswith("#")
    )
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines if line.strip()]


def ignored(path: PurePosixPath, patterns: list[str]) -> bool:
    """Whether .dockerignore leaves a path out: a pattern is anchored at the top, `**/` lets it stand
    anywhere."""
    tails = [PurePosixPath(*path.parts[start:]) for start in range(len(path.parts))]
    for pattern in patterns:
        deep, rest = pattern.startswith("**/"), pattern.removeprefix("**/")
        for candidate in tails if deep else [path]:
            heads = [str(PurePosixPath(*candidate.parts[: n + 1])) for n in range(len(candidate.parts))]
            if any(fnmatch(head, rest) for head in heads):
                return True
    return False


def copied_files() -> list[PurePosixPath]:
    """What `COPY . .` would take from this checkout."""
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    patterns = [line.strip("/ ") for line in lines if line.strip() and not line.startswith("#")]
    found = []
    for folder, names, files in os.walk(PROJECT):
        here = PurePosixPath(Path(folder).relative_to(PROJECT).as_posix())
        names[:] = [name for name in names if not ignored(here / name, patterns)]
        found += [here / name for name in files if not ignored(here / name, patterns)]
    return sorted(found)


def copy_project(home: Path) -> None:
    for file in copied_files():
        target = home / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / file, target)
    hand_over(home)


def replay(container: Container) -> None:
    """Run every ENV and RUN step as the image's user, in the image's home."""
    for name, argument in instructions():
        step = argument.replace(AIRFLOW_HOME, str(container.home))
        if name == "ENV":
            container.environment |= dict(part.split("=", 1) for part in shlex.split(step))
        elif name == "RUN":
            done = container.run("bash", "-o", "pipefail", "-c", step)
            assert done.returncode == 0, f"{step}\n{done.stdout}{done.stderr}"
        else:
            assert name == "FROM", f"the replay does not know {name}"


@pytest.fixture(scope="module")
def image(setpriv):
    with empty_home() as home:
        copy_project(home)
        container = Container(
            home, python_of("airflow-3.3.2"), {"PYTHONPATH": str(home), "ASTRONOMER_ENVIRONMENT": "cloud"}
        )
        replay(container)
        yield container


def test_the_image_is_the_newest_runtime_with_a_python_that_dbt_runs_on():
    assert instructions()[0] == ("FROM", "astrocrpublic.azurecr.io/runtime:3.3-8-python-3.12")


def test_the_copy_takes_what_the_image_needs_and_no_secret_test_or_local_state():
    files = {str(file) for file in copied_files()}
    assert {
        "dags/monthly_segmentation.py",
        "include/tidemark/run.py",
        "plugins/tidemark_reports.py",
        "dbt/dbt_project.yml",
        "dbt/profiles.yml",
        "deploy/locks/dbt.txt",
        "requirements.txt",
        "packages.txt",
    } <= files
    tops = {file.split("/")[0] for file in files}
    assert (
        tops
        & {
            ".git",
            ".venv",
            ".local",
            ".env",
            "tests",
            "dist",
            "airflow_settings.yaml",
            ".mypy_cache",
            ".ruff_cache",
            ".hypothesis",
            "logs",
        }
        == set()
    )
    assert not [file for file in files if file.endswith(".pyc") or "/target/" in file]


def test_requirements_are_what_the_simulated_image_has():
    uv = PROJECT / ".venv" / "uv" / "bin" / "uv"
    done = subprocess.run(
        [
            str(uv),
            "pip",
            "install",
            "--dry-run",
            "--offline",
            "--python",
            str(python_of("airflow-3.3.2")),
            "-r",
            "requirements.txt",
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Would make no changes" in done.stderr


@pytest.mark.timeout(600)
def test_the_build_makes_the_manifest_and_no_partial_parse(image):
    target = image.home / "dbt" / "target"
    assert (target / "manifest.json").exists()
    assert not (target / "partial_parse.msgpack").exists()
    if is_root():
        assert (target / "manifest.json").stat().st_uid == (image.home / ".local").stat().st_uid == 65534


@pytest.mark.timeout(600)
def test_astro_dev_parse_passes_in_the_image(image):
    done = image.run(
        str(image.python),
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        ".astro/test_dag_integrity_default.py",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{image.home}/tmp/parse.db",
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "1 passed" in done.stdout


@pytest.mark.timeout(900)
def test_the_monthly_dag_succeeds_in_the_image(image, landing_files):
    image.environment |= {
        "TIDEMARK_LANDING_URL": landing_files.as_uri(),
        "TIDEMARK_ID_HASH_KEY": ID_KEY,
        "TIDEMARK_SCHEDULE_END": AS_OF,  # unpausing the DAG starts no run of its own
        "AIRFLOW__CORE__DAGS_FOLDER": str(image.home / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(image.home / "plugins"),
    }
    try:
        api = image.start()
        states = image.succeed(api, {"as_of_date": AS_OF})
        assert AS_OF in image.reports(api)
    finally:
        image.stop()
    assert set(states.values()) == {"success"}
    latest = json.loads((image.home / ".local" / "artifacts" / "latest.json").read_text())
    assert latest["as_of_date"] == AS_OF


def test_the_local_compose_file_mounts_dbt_and_keeps_state_for_every_service_that_needs_them():
    override = yaml.safe_load((PROJECT / "docker-compose.override.yml").read_text())
    assert set(override["services"]) <= SERVICES
    for name in ("scheduler", "dag-processor", "triggerer", "api-server"):
        volumes = dict(volume.split(":") for volume in override["services"][name]["volumes"])
        assert volumes == {
            "./dbt": f"{AIRFLOW_HOME}/dbt",
            "./config": f"{AIRFLOW_HOME}/config",
            "local": f"{AIRFLOW_HOME}/.local",
        }
    assert "local" in override["volumes"]


def test_the_local_settings_have_astro_s_shape_the_pool_and_no_secret():
    settings = yaml.safe_load((PROJECT / "airflow_settings.yaml").read_text())["airflow"]
    assert set(settings) == {"connections", "pools", "variables"}
    (pool,) = settings["pools"]
    assert set(pool) == {"pool_name", "pool_slot", "pool_description"}
    assert (pool["pool_name"], pool["pool_slot"]) == ("tidemark_warehouse", 1)
    assert settings["connections"] == [] and settings["variables"] == []


def test_astro_s_project_file_names_the_project_and_packages_are_comments_only():
    assert yaml.safe_load((PROJECT / ".astro" / "config.yaml").read_text()) == {
        "project": {"name": "tidemark"}
    }
    assert all(line.startswith("#") for line in (PROJECT / "packages.txt").read_text().splitlines())
