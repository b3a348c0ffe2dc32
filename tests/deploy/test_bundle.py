"""What `make mwaa` writes, without running it."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from include.tidemark.code_version import code_version
from tests.deploy.container import PROJECT, python_of

VERSIONS = ("3.2.1", "3.3.1")
MAKER = PROJECT / "deploy" / "mwaa" / "make_bundle.py"


def load_maker():
    spec = importlib.util.spec_from_file_location("make_bundle", MAKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_bundle = load_maker()


def make(target: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(MAKER), "--out", str(target), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def content(bundle: Path) -> dict[str, bytes]:
    return {str(file.relative_to(bundle)): file.read_bytes() for file in bundle.rglob("*") if file.is_file()}


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([a-z0-9._-]+)==([^\s;\\]+)", text))


@pytest.fixture(scope="module", params=VERSIONS)
def bundle(request, tmp_path_factory, manifest):
    folder = tmp_path_factory.mktemp("bundle") / "mwaa"
    done = make(folder, "--airflow", request.param)
    assert done.returncode == 0, done.stderr
    return request.param, folder


@pytest.fixture(scope="module")
def requirements(bundle) -> list[str]:
    _, folder = bundle
    return (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()


def test_the_same_input_gives_the_same_bytes(bundle, tmp_path):
    version, folder = bundle
    again = tmp_path / "again"
    assert make(again, "--airflow", version, PYTHONHASHSEED="7", TZ="Asia/Tokyo").returncode == 0
    assert content(again) == content(folder)


def test_a_manifest_that_was_made_at_another_time_gives_the_same_bytes(manifest):
    first = json.loads(manifest.read_text(encoding="utf-8"))
    later = json.loads(manifest.read_text(encoding="utf-8"))
    later["metadata"] |= {
        "generated_at": "2030-01-01T00:00:00Z",
        "invocation_id": "another",
        "run_started_at": "x",
    }
    for node in later["nodes"].values():
        node["created_at"] = 1.5
    assert later != first
    assert make_bundle._without_traces(later) == make_bundle._without_traces(first)


def test_holds_dags_with_the_project_inside_and_nothing_that_only_a_checkout_has(bundle):
    _, folder = bundle
    names = set(content(folder))
    assert {name for name in names if "/" not in name} == {
        "plugins.zip",
        "requirements.txt",
        "startup.sh",
        "CONFIGURATION.md",
    }
    for needed in (
        "dags/monthly_segmentation.py",
        "dags/rollback_publication.py",
        "dags/forget_users.py",
        "dags/segmentation_maintenance.py",
        "dags/.airflowignore",
        "dags/include/tidemark/paths.py",
        "dags/dbt/dbt_project.yml",
        "dags/dbt/profiles.yml",
        "dags/dbt/target/manifest.json",
    ):
        assert needed in names
    assert [name for name in names if "/target/" in name] == ["dags/dbt/target/manifest.json"]
    assert not [
        name
        for name in names
        if re.search(r"__pycache__|\.pyc$|partial_parse|/logs/|\.env$|\.user\.yml", name)
    ]


def test_holds_no_path_of_the_machine_that_built_it(bundle):
    _, folder = bundle
    for name, data in content(folder).items():
        assert str(PROJECT).encode() not in data, name


def test_is_far_below_mwaa_s_limits(bundle):
    _, folder = bundle
    assert (folder / "plugins.zip").stat().st_size < 1_000_000  # MWAA: below 1 GB
    assert sum(len(data) for data in content(folder).values()) < 20_000_000


def test_mwaa_finds_the_word_constraint_so_it_does_not_force_its_own(requirements):
    assert [line for line in requirements if re.search(r"-c |--constraint ", line)] == requirements[:1]
    assert requirements[0].startswith("#")


def test_the_requirements_are_all_of_the_lock_by_their_hashes(bundle, requirements):
    version, _ = bundle
    assert requirements[2] == "--require-hashes"
    lock = (PROJECT / "deploy" / "locks" / f"airflow-{version}.txt").read_text(encoding="utf-8")
    for line in requirements[3:]:
        pin, *hashes = line.split(" --hash=sha256:")
        assert hashes and f"{pin} " in lock and all(f"--hash=sha256:{each}" in lock for each in hashes), pin


def test_the_requirements_agree_with_what_mwaa_s_image_pins(bundle, requirements):
    version, _ = bundle
    required = pins("\n".join(requirements))
    published = pins((PROJECT / "deploy" / "mwaa" / f"constraints-{version}.txt").read_text())
    assert len(published) > 150
    assert {name: required[name] for name in published} == published
    assert required["apache-airflow"] == version


def installed(version: str) -> dict[str, tuple[str, int]]:
    """Version and bytes of each package in the simulation's environment."""
    listed = subprocess.run(
        [
            str(python_of(f"airflow-{version}")),
            "-c",
            "import importlib.metadata as m, json, re; print(json.dumps({re.sub(r'[-_.]+', '-', d.name).lower():"
            " (d.version, sum(file.size or 0 for file in d.files)) for d in m.distributions()}))",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {name: (found, size) for name, (found, size) in json.loads(listed).items()}


def test_the_simulation_has_exactly_what_mwaa_would_install_and_that_is_below_1_gb(bundle, requirements):
    version, _ = bundle
    required = pins("\n".join(requirements))
    there = installed(version)
    assert {name: there.get(name, ("missing", 0))[0] for name in required} == required
    # MWAA recommends this for what is added to its image; here it is all, the image's own part included.
    assert 100_000_000 < sum(there[name][1] for name in required) < 1_000_000_000


def test_the_documentation_names_the_number_of_packages(bundle, requirements):
    version, _ = bundle
    documentation = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert f"{len(requirements[3:])} packages for {version}" in documentation


def test_pip_finds_all_of_the_requirements_in_mwaa_s_environment(bundle):
    version, folder = bundle
    # MWAA gives a list of constraints without hashes, and names packages of its image beside ours.
    pip = [
        str(PROJECT / ".venv/uv/bin/python"),
        "-m",
        "pip",
        "--isolated",
        "--python",
        str(python_of(f"airflow-{version}")),
    ]
    constraints = PROJECT / "deploy" / "mwaa" / f"constraints-{version}.txt"
    done = subprocess.run(
        [
            *pip,
            "install",
            "--dry-run",
            "--no-index",
            "--constraint",
            str(constraints),
            "apache-airflow-providers-amazon[aiobotocore]",
            "-r",
            str(folder / "requirements.txt"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Would install" not in done.stdout


def test_dbt_s_pins_are_complete_and_are_those_of_its_lock(bundle):
    _, folder = bundle
    script = (folder / "startup.sh").read_text()
    assert "PIP_USER" not in script and "@" not in script.split("PINS")[1]
    assert not [line for line in script.splitlines() if re.match(r"\s*(exit\b|set -)", line)]
    text = script.split("<<'PINS'\n")[1].split("\nPINS\n")[0]
    assert all("--hash=sha256:" in line for line in text.splitlines()) and "--require-hashes" in script
    listed = pins(text)
    assert listed.items() <= pins((PROJECT / "deploy/locks/dbt.txt").read_text()).items()
    assert {"dbt-core", "dbt-snowflake", "dbt-duckdb", "duckdb"} <= listed.keys()


def test_the_code_s_version_is_the_same_as_in_the_checkout(bundle):
    _, folder = bundle
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "from include.tidemark.code_version import code_version; print(code_version())",
        ],
        cwd=folder / "dags",
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    code_version.cache_clear()
    assert found == code_version()


def test_a_settings_file_is_exported_as_it_is_written(tmp_path, manifest):
    settings = tmp_path / "settings.env"
    settings.write_text("# ours\nTIDEMARK_FAMILIES=customer_segments\nTIDEMARK_QUOTED=it's $HOME `here`\n\n")
    assert make(tmp_path / "bundle", "--settings", str(settings)).returncode == 0
    shown = subprocess.run(
        [
            "bash",
            "-c",
            'source "$1"; printf "%s|%s" "$TIDEMARK_FAMILIES" "$TIDEMARK_QUOTED"',
            "-",
            str(tmp_path / "bundle" / "startup.sh"),
        ],
        env={"PATH": os.environ["PATH"], "MWAA_AIRFLOW_COMPONENT": "scheduler"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown == "customer_segments|it's $HOME `here`"


def test_holds_the_yaml_files_of_the_deployment_s_folder_where_the_code_looks_for_them(tmp_path, manifest):
    config = tmp_path / "ours"
    for name in ("rules.yml", "segmentations/own.yml", "customers.csv", ".git/config.yml"):
        (config / name).parent.mkdir(parents=True, exist_ok=True)
        (config / name).write_text("business_timezone: Europe/Berlin\n")
    assert make(tmp_path / "bundle", TIDEMARK_CONFIG_DIR=str(config)).returncode == 0
    dags = tmp_path / "bundle" / "dags"
    found = sorted(
        file.relative_to(dags).as_posix() for file in (dags / "config").rglob("*") if file.is_file()
    )
    assert found == ["config/rules.yml", "config/segmentations/own.yml"]
    assert "config/" in (dags / ".airflowignore").read_text().splitlines()
    shown = subprocess.run(
        [
            sys.executable,
            "-c",
            "from include.tidemark.settings import load_settings; print(load_settings().config_dir)",
        ],
        cwd=dags,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert shown == str(dags / "config")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--airflow", "2.10.3"], "No pins are kept for Airflow 2.10.3"),
        (["--settings", "bad.env"], "is not NAME=value"),
        (["--config", "nowhere"], "nowhere is no folder; correct TIDEMARK_CONFIG_DIR or --config."),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_sentence(tmp_path, monkeypatch, arguments, words):
    (tmp_path / "bad.env").write_text("not a setting\n")
    monkeypatch.chdir(tmp_path)
    done = make(tmp_path / "bundle", *arguments)
    assert done.returncode == 1 and words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "bundle").exists()
