"""What the local set-up adds to the defaults: where its state is, the demo's rules, and the id key."""

import secrets
from pathlib import Path

from include.tidemark.demo import airflow_stack
from include.tidemark.demo.airflow_stack import Stack
from include.tidemark.demo.completejourney import write_landing_files
from include.tidemark.paths import LOCAL_STATE, PROJECT_ROOT

DATA_PACKAGE = PROJECT_ROOT / ".venv" / "demo-data"
RULES_FILE = Path(__file__).with_name("rules.yml")
SCHEDULE_END = "2018-01-31"
"""The data end with 2017, so no month after that is scheduled."""


def settings_environment(state: Path = LOCAL_STATE) -> dict[str, str]:
    """The `TIDEMARK_*` variables of the local set-up."""
    return {
        "TIDEMARK_DUCKDB_PATH": str(state / "warehouse.duckdb"),
        "TIDEMARK_LANDING_URL": (state / "landing").as_uri(),
        "TIDEMARK_ARTIFACT_ROOT": (state / "artifacts").as_uri(),
        "TIDEMARK_RULES_FILE": str(RULES_FILE),
        "TIDEMARK_SCHEDULE_END": SCHEDULE_END,
        "TIDEMARK_ID_HASH_KEY": _id_hash_key(state),
    }


def up(state: Path = LOCAL_STATE) -> Stack:
    """Landing files and a running Airflow; both are kept where they are there already."""
    write_landing_files(DATA_PACKAGE, state / "landing")
    return airflow_stack.start(state / "airflow", settings_environment(state))


def down(state: Path = LOCAL_STATE) -> int:
    """Stop Airflow; returns how many processes there were."""
    return airflow_stack.stop(state / "airflow")


def _id_hash_key(state: Path) -> str:
    """A key made once for this machine, readable by its owner alone."""
    file = state / "id_hash_key"
    if not file.exists():
        state.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32), encoding="utf-8")
    return file.read_text(encoding="utf-8")
