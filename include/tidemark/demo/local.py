"""What the local set-up adds to the defaults: where a data set's state is, its configuration and families,
and the id key."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from include.tidemark.demo import airflow_stack
from include.tidemark.demo.airflow_stack import Stack
from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.demo.dataset import Dataset
from include.tidemark.errors import SettingsError
from include.tidemark.paths import DEMO_KEY_FILE, LOCAL_STATE

_KEY = "TIDEMARK_ID_HASH_KEY"
_FOREIGN = ("TIDEMARK_RULES_FILE", "TIDEMARK_LANDING_CONN_ID", "TIDEMARK_ARTIFACT_CONN_ID")
"""Settings that no data set has, and that would send its runs elsewhere."""


def settings_environment(state: Path, dataset: Dataset = COMPLETE_JOURNEY) -> dict[str, str]:
    """The `TIDEMARK_*` variables of the local set-up."""
    return {**_without_key(state, dataset), _KEY: _id_hash_key(state)}


def _without_key(state: Path, dataset: Dataset) -> dict[str, str]:
    return {
        "TIDEMARK_WAREHOUSE": "duckdb",
        "TIDEMARK_DUCKDB_PATH": str(state / "warehouse.duckdb"),
        "TIDEMARK_LANDING_URL": (state / "landing").as_uri(),
        "TIDEMARK_ARTIFACT_ROOT": (state / "artifacts").as_uri(),
        "TIDEMARK_CONFIG_DIR": str(dataset.config_dir),
        "TIDEMARK_FAMILIES": ",".join(dataset.families),
        "TIDEMARK_SCHEDULE_END": dataset.schedule_end.isoformat(),
    }


def refuse_exported(
    state: Path, dataset: Dataset = COMPLETE_JOURNEY, environ: Mapping[str, str] = os.environ
) -> None:
    """Keep a shell's own settings from being replaced without a word.

    Raises:
        SettingsError: the shell exports settings that are not the data set's.
    """
    key = state / DEMO_KEY_FILE
    theirs = _without_key(state, dataset) | {_KEY: key.read_text(encoding="utf-8") if key.exists() else ""}
    exported = [
        name for name in (*theirs, *_FOREIGN) if environ.get(name) and environ[name] != theirs.get(name)
    ]
    if exported:
        raise SettingsError(
            f"This shell exports {', '.join(exported)}, which the data set {dataset.name} would replace: `unset"
            f" {' '.join(exported)}`, or run your own data with DATASET=own."
        )


def refuse_own_months(state: Path, dataset: Dataset = COMPLETE_JOURNEY) -> None:
    """Keep a data set out of the warehouse that `tidemark run` has filled: without settings it is the same
    file.

    Raises:
        SettingsError: a warehouse is in the data set's folder, and no data set was ever there.
    """
    warehouse = state / "warehouse.duckdb"
    if warehouse.exists() and not (state / DEMO_KEY_FILE).exists():
        raise SettingsError(
            f"{warehouse} holds months of your own, and the data set {dataset.name} would go among them; move"
            f" {state} elsewhere, and say where in TIDEMARK_DUCKDB_PATH and TIDEMARK_ARTIFACT_ROOT, or remove it by `make clean`."
        )


def up(state: Path, dataset: Dataset = COMPLETE_JOURNEY, *, stays: bool = False) -> Stack:
    """Landing files and a running Airflow; both are kept where they are there already.

    Args:
        stays: as in `airflow_stack.start`.
    """
    dataset.write_landing_files(state / "landing")
    return airflow_stack.start(state / "airflow", settings_environment(state, dataset), stays=stays)


def down(state: Path) -> int:
    """Stop the Airflow of this state; returns how many processes there were."""
    return airflow_stack.stop(state / "airflow")


def down_all(root: Path = LOCAL_STATE) -> int:
    """Stop the Airflow of every data set's state; returns how many processes there were."""
    return sum(
        down(file.parents[1])
        for file in [*root.glob("airflow/stack.json"), *root.glob("*/airflow/stack.json")]
    )


def _id_hash_key(state: Path) -> str:
    """A key made once for this machine, readable by its owner alone."""
    file = state / DEMO_KEY_FILE
    if not file.exists():
        state.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32), encoding="utf-8")
    return file.read_text(encoding="utf-8")
