"""The container file for an editor names what the project has."""

import json
import re
import tomllib

from include.tidemark.paths import PROJECT_ROOT

CONTAINER = json.loads((PROJECT_ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
MAKEFILE = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")


def test_its_targets_are_those_of_the_makefile():
    make, *targets = CONTAINER["postCreateCommand"].split()
    assert make == "make" and targets
    for target in targets:
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


def test_its_python_is_one_that_the_project_runs_on():
    python = CONTAINER["image"].rpartition(":")[2]
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups()
    assert int(low) <= int(python.removeprefix("3.")) < int(high)


def test_its_interpreter_is_that_of_the_environment_that_setup_makes():
    (version,) = re.findall(r"^AIRFLOW_VERSION := (\S+)$", MAKEFILE, re.MULTILINE)
    interpreter = CONTAINER["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert interpreter == f"${{workspaceFolder}}/.venv/airflow-{version}/bin/python"
