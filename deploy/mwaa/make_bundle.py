"""Write what MWAA takes: `dags/`, `plugins.zip`, `requirements.txt`, `startup.sh`.

`dags/` has `include/`, `dbt/` and `config/` inside: MWAA has no folder but these, and forbids PYTHONPATH. The
same input gives the same bytes: nothing in the bundle holds a time, a random id or a path of the machine that
built it.
"""

import argparse
import json
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(__file__).resolve().parent
VERSIONS = tuple(
    sorted(file.stem.removeprefix("constraints-") for file in TEMPLATES.glob("constraints-*.txt"))
)
MWAA_PYTHON = {
    "python_version": "3.12", "python_full_version": "3.12.13", "implementation_name": "cpython",
    "platform_python_implementation": "CPython", "sys_platform": "linux", "platform_system": "Linux",
    "platform_machine": "x86_64", "os_name": "posix",
}  # fmt: skip
_LEFT_OUT = {"__pycache__", "target", "logs", "dbt_packages", ".user.yml"}
_VOLATILE = {"generated_at", "invocation_started_at", "run_started_at", "invocation_id", "user_id"}
"""What dbt writes anew into the manifest's head each time."""
_TRACES = {"created_at": 0, "root_path": ""}
"""What a node says of the time and the machine of its making. Nothing reads it: Cosmos has the project's path
by itself."""
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


class BundleError(Exception):
    """The bundle can't be made; the message says what to do."""


def make_bundle(
    airflow_version: str, target: Path, settings_file: Path | None = None, config: Path = PROJECT / "config"
) -> None:
    """Write the bundle for one Airflow version to `target`, replacing what an earlier build left there.

    Args:
        settings_file: lines `NAME=value` that startup.sh exports; nothing secret, because the file goes to S3
            as it is.
        config: the deployment's folder, whose YAML files go into the bundle.

    Raises:
        BundleError: no pins are kept for this version, the manifest or the folder is missing, or a settings
            line can't be read.
    """
    if airflow_version not in VERSIONS:
        raise BundleError(f"No pins are kept for Airflow {airflow_version}; there are {', '.join(VERSIONS)}.")
    settings = _exports(settings_file)
    choices = _config_files(config)
    shutil.rmtree(target, ignore_errors=True)
    _write_dags(target / "dags", choices)
    _write_plugins(target / "plugins.zip")
    _write(target / "requirements.txt", _requirements(airflow_version))
    _write(target / "startup.sh", _startup(airflow_version, settings))
    _write(target / "CONFIGURATION.md", (TEMPLATES / "CONFIGURATION.md").read_text(encoding="utf-8"))


def _config_files(folder: Path) -> dict[str, bytes]:
    """The deployment's YAML files. Whatever else lies beside them, such as an export or a repository's
    history, stays there."""
    if not folder.is_dir():
        raise BundleError(f"{folder} is no folder; correct TIDEMARK_CONFIG_DIR or --config.")
    try:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in _files(folder)
            if path.suffix in (".yml", ".yaml")
            and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        }
    except OSError as error:
        raise BundleError(
            f"{error.filename} can't be read ({error.strerror}); correct its permissions."
        ) from None


def _write_dags(target: Path, choices: dict[str, bytes]) -> None:
    manifest = PROJECT / "dbt" / "target" / "manifest.json"
    if not manifest.exists():
        raise BundleError("The dbt manifest is missing; run `make manifest` first.")
    for file in sorted((PROJECT / "dags").glob("*.py")):
        _write(target / file.name, file.read_bytes())
    # The DAG processor would otherwise read every module and take some for DAG files.
    _write(target / ".airflowignore", "include/\ndbt/\nconfig/\n")
    for folder in ("include", "dbt"):
        for file in _files(PROJECT / folder):
            _write(target / folder / file.relative_to(PROJECT / folder), file.read_bytes())
    for name, data in choices.items():
        _write(target / "config" / name, data)
    content = _without_traces(json.loads(manifest.read_text(encoding="utf-8")))
    _write(target / "dbt" / "target" / manifest.name, json.dumps(content, sort_keys=True) + "\n")


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and not _LEFT_OUT.intersection(parts) and path.suffix != ".pyc":
            yield path


def _without_traces(manifest: dict[str, Any]) -> dict[str, Any]:
    head = {name: None if name in _VOLATILE else value for name, value in manifest["metadata"].items()}
    return {name: _nodes_without_traces(part) for name, part in manifest.items()} | {"metadata": head}


def _nodes_without_traces(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            key: _TRACES[key]
            if key in _TRACES and not isinstance(value, dict)
            else _nodes_without_traces(value)
            for key, value in part.items()
        }
    return [_nodes_without_traces(each) for each in part] if isinstance(part, list) else part


def _write_plugins(target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((PROJECT / "plugins").glob("*.py")):
            entry = zipfile.ZipInfo(file.name, _ZIP_TIME)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())


def _requirements(airflow_version: str) -> str:
    lock = PROJECT / "deploy" / "locks" / f"airflow-{airflow_version}.txt"
    head = (
        f"# All that the DAGs need on MWAA's Airflow {airflow_version}, so there is no --constraint file:\n"
        "# MWAA looks for that word, and forces Airflow's own list where it is missing."
    )
    return f"{head}\n--require-hashes\n{_with_hashes(lock)}\n"


def _startup(airflow_version: str, settings: str) -> str:
    pins = _with_hashes(PROJECT / "deploy" / "locks" / "dbt.txt")
    text = (TEMPLATES / "startup.sh").read_text(encoding="utf-8")
    note = f"Made for Airflow {airflow_version} from deploy/mwaa/startup.sh; edit it there."
    return text.replace("@GENERATED@", note).replace("@SETTINGS@", settings).replace("@DBT_PINS@", pins)


def _exports(settings_file: Path | None) -> str:
    if settings_file is None:
        return "# (none)"
    lines = []
    for line in settings_file.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, given, value = line.partition("=")
        if not given or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            raise BundleError(f"{settings_file}: {line!r} is not NAME=value.")
        quoted = value.replace("'", "'\\''")
        lines.append(f"export {name}='{quoted}'")
    return "\n".join(lines) or "# (none)"


def _with_hashes(lock: Path) -> str:
    """A lock file's packages for MWAA's Python, one a line."""
    return "\n".join(
        " ".join([f"{requirement.name}{requirement.specifier}", *(f"--hash={each}" for each in hashes)])
        for requirement, hashes in _locked(lock)
    )


def _locked(lock: Path) -> Iterator[tuple[Requirement, list[str]]]:
    """What a lock file names for MWAA's Python, each with its hashes."""
    lines = (line for line in lock.read_text(encoding="utf-8").splitlines() if line.lstrip()[:1] != "#")
    for entry in "\n".join(lines).replace("\\\n", " ").splitlines():
        named, *hashes = entry.split("--hash=")
        requirement = Requirement(named)
        if not requirement.marker or requirement.marker.evaluate(MWAA_PYTHON):
            yield requirement, [each.strip() for each in hashes]


def _write(target: Path, content: str | bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)
    target.chmod(0o644)


def main() -> int:
    """Read the command line, write the bundle, say where it is and how large."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--airflow", default=VERSIONS[0], help=f"one of {', '.join(VERSIONS)}")
    parser.add_argument("--out", type=Path, default=PROJECT / "dist" / "mwaa")
    parser.add_argument(
        "--settings", type=Path, help="file of NAME=value lines for startup.sh, nothing secret"
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(os.environ.get("TIDEMARK_CONFIG_DIR") or PROJECT / "config"),
        help="the deployment's folder; by default TIDEMARK_CONFIG_DIR, else config/ of the project",
    )
    chosen = parser.parse_args()
    try:
        make_bundle(chosen.airflow, chosen.out, chosen.settings, chosen.config)
    except BundleError as error:
        print(error, file=sys.stderr)
        return 1
    size = sum(file.stat().st_size for file in chosen.out.rglob("*") if file.is_file())
    print(
        f"{chosen.out}: for Airflow {chosen.airflow}, {size / 1e6:.1f} MB; what to do with it: CONFIGURATION.md there"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
