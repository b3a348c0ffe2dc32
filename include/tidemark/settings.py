"""What a deployment sets through `TIDEMARK_*` environment variables: where things are, never how segments are
defined.

Definitions (thresholds, time zone, categories) are rules; see `rules.py`.
"""

import os
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from include.tidemark.errors import SettingsError
from include.tidemark.paths import LOCAL_STATE, PROJECT_ROOT

WAREHOUSE_POOL = "tidemark_warehouse"
"""Airflow pool of every task that opens the warehouse: one slot on DuckDB, wide on Snowflake."""
MONTHS_AT_ONCE = 8
"""How many months Snowflake may compute at once; a DuckDB file serves one process at a time."""

_NO_FOLDER = "The folder that this process was started in does not exist any more; change to another one with cd, and try again."


def _default_dbt_executable() -> Path:
    """The dbt environment of the local set-up where it exists, else the one that the image or start-up script
    makes."""
    local = PROJECT_ROOT / ".venv" / "dbt" / "bin" / "dbt"
    if local.exists():
        return local
    return Path(os.environ.get("AIRFLOW_HOME", "/usr/local/airflow")) / "dbt_venv" / "bin" / "dbt"


_PASSWORD = re.compile(r"[A-Za-z0-9+.-]+://[^/@]*:[^/]*@.*", re.DOTALL)


_AZURE_ACCOUNT = re.compile(r"[a-z]+://[^/@]+@[^/]+\.core\.windows\.net(/.*)?", re.DOTALL | re.IGNORECASE)


def usable_address(url: str | None) -> str | None:
    """A URL as it is: it would be in logs, in the warehouse and in published files.

    Raises:
        ValueError: it holds a password, or is Azure's own form, of which Airflow would take the container for
            a connection and the prefix for the container.
    """
    if url is not None and _PASSWORD.fullmatch(url):
        raise ValueError(
            "it holds a user and a password before the @, and it is shown in logs and files; name an Airflow connection there"
        )
    if url is not None and _AZURE_ACCOUNT.fullmatch(url):
        raise ValueError(
            "it names a storage account behind the @, and Airflow takes what is before it for a connection; write"
            " abfs://<container>/<prefix>, and name the account in the connection"
        )
    return url


def _split_commas(value: object) -> object:
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


class Settings(BaseSettings):
    """The deployment's settings, read once per process from the environment."""

    model_config = SettingsConfigDict(
        env_prefix="TIDEMARK_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    warehouse: Literal["duckdb", "snowflake"] = "duckdb"
    duckdb_path: Path = LOCAL_STATE / "warehouse.duckdb"
    snowflake_conn_id: str = "snowflake_default"
    snowflake_role: str | None = None
    """Role, warehouse and database instead of the connection's own; the connection may be shared with
    others."""
    snowflake_warehouse: str | None = None
    snowflake_database: str | None = None

    landing_url: Annotated[str | None, AfterValidator(usable_address)] = None
    """Folder of `<table>.parquet` or `<table>.csv` files; none means that the raw tables are already in the
    warehouse."""
    landing_conn_id: str | None = None
    artifact_root: Annotated[str, AfterValidator(usable_address)] = (LOCAL_STATE / "artifacts").as_uri()
    artifact_conn_id: str | None = None
    scratch_dir: Path | None = None
    """Where files are staged on the way to or from object storage; the system's temporary folder by
    default."""

    config_dir: Path = PROJECT_ROOT / "config"
    """Folder of what differs between two deployments: `sources.yml` (own tables) and `rules.yml`
    (thresholds)."""
    rules_file: Path | None = None
    """Deprecated: the rules belong into `rules.yml` of the configuration folder."""
    families: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)] = ("customer_segments",)

    dbt_executable: Path = Field(default_factory=_default_dbt_executable)
    dbt_threads: int = Field(default=4, ge=1, le=64)
    dbt_execution: Literal["watcher", "local"] = "watcher"
    """`local` gives every model a dbt process of its own and needs no triggerer; slower, and needed where
    Python calls `dag.test()`."""

    schedule_end: date | None = None
    """No run is scheduled for intervals after this day; for data that ends in the past."""

    user_ids: Literal["hashed", "plain"] = "hashed"
    id_hash_key: SecretStr | None = None
    """Key of the user id hash in published files: at least 16 characters, the same every month."""

    alerts_conn_id: str = "tidemark_alerts"
    notify_success: bool = False
    """Whether the summary of every publication is posted to the connection of the alerts, too."""
    deadline_hours: float | None = Field(default=None, gt=0, le=8_760)
    """After that many hours in the queue and at work a run is late, which is posted there; none by
    default."""
    keep_unpublished_runs: int = Field(default=3, ge=0)
    """How many unpublished runs of one as-of date are kept; published runs are always kept."""


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: a variable has a value that can't be used; the message names the variable and the
            reason.
    """
    if not _stands_somewhere():
        raise SettingsError(_NO_FOLDER)
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(_sentences(error)[0]) from None


def wrong_settings() -> list[str]:
    """Everything in the environment that `load_settings` refuses, each in a sentence."""
    gone = [] if _stands_somewhere() else [_NO_FOLDER]
    try:
        Settings()
    except ValidationError as error:
        return gone + _sentences(error)
    return gone


def _stands_somewhere() -> bool:
    """Whether the folder that relative paths and dbt start from exists."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _sentences(error: ValidationError) -> list[str]:
    found = error.errors(include_url=False, include_input=False)
    names = ["TIDEMARK_" + "_".join(str(part) for part in each["loc"]).upper() for each in found]
    return [
        f"The environment variable {name} can't be used: {each['msg'].removeprefix('Value error, ')}. Correct or unset it."
        for name, each in zip(names, found, strict=True)
    ]
