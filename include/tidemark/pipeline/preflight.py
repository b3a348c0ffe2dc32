"""What a run needs before it may cost anything: for those that start one from a shell and want to be told at
once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.tidemark.artifacts.access import refuse_unwritable
from include.tidemark.artifacts.user_ids import user_ids
from include.tidemark.config.folder import load_config
from include.tidemark.errors import SettingsError, SourceError, TidemarkError, code_of
from include.tidemark.families import enabled_families
from include.tidemark.paths import DEMO_KEY_FILE
from include.tidemark.pipeline.build import require_dbt
from include.tidemark.settings import Settings
from include.tidemark.sources.folders import landing_folder
from include.tidemark.warehouse import open_warehouse


def refuse_unready(settings: Settings) -> None:
    """Look at what can be seen without the data: families, configuration folder, id key, dbt, artifact root,
    scratch and landing folders, warehouse.

    Raises:
        TidemarkError: something is missing or can't be used; the message says what, and what to do.
    """
    enabled_families(settings.families)
    load_config(settings)
    user_ids(settings)
    require_dbt(settings)
    refuse_unwritable(settings)
    _refuse_no_scratch(settings)
    refuse_the_demos(settings)
    _refuse_no_landing(settings)
    refuse_unreachable(settings)


def refuse_the_demos(settings: Settings) -> None:
    """Keep own months out of the warehouse that `make demo` has filled: the default path is the same.

    Raises:
        SettingsError: the DuckDB file is the demo's, and this is not the demo.
    """
    if settings.warehouse != "duckdb" or not (file := settings.duckdb_path.parent / DEMO_KEY_FILE).exists():
        return
    key = settings.id_hash_key.get_secret_value() if settings.id_hash_key else None
    if key != file.read_text(encoding="utf-8"):
        raise SettingsError(
            f"The warehouse {settings.duckdb_path} is the one of `make demo`; set TIDEMARK_DUCKDB_PATH and TIDEMARK_ARTIFACT_ROOT"
            " to places of your own."
        )


@contextmanager
def naming_the_holder(settings: Settings) -> Iterator[None]:
    """What fails within the block because another process has taken the DuckDB file meanwhile is told with
    that process.

    Raises:
        TidemarkError: the file is held, or can't be opened any more; any other error of the block stays as it
            is.
    """
    try:
        yield
    except TidemarkError:
        raise
    except Exception:
        _refuse_held(settings)
        raise


def _refuse_held(settings: Settings) -> None:
    if settings.warehouse == "duckdb":
        from include.tidemark.warehouse.duckdb import refuse_held

        refuse_held(settings.duckdb_path)


def _refuse_no_scratch(settings: Settings) -> None:
    folder = settings.scratch_dir
    if folder is not None and not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise SettingsError(
            f"TIDEMARK_SCRATCH_DIR is {folder}, which is no folder that can be written; make it, or correct the variable."
        )


def _refuse_no_landing(settings: Settings) -> None:
    if settings.landing_url is None:
        if settings.warehouse == "duckdb" and not settings.duckdb_path.exists():
            raise SourceError(
                f"There are no tables to read: TIDEMARK_LANDING_URL is not set, and the warehouse {settings.duckdb_path} does not"
                " exist. Set the one to the folder of your files, or TIDEMARK_DUCKDB_PATH to a database with your tables."
            )
        return
    folder = settings.landing_url.removeprefix("file://")
    if "://" in folder:
        try:
            landing_folder(settings.landing_url, settings.landing_conn_id)
        except Exception as error:
            raise SourceError(
                f"TIDEMARK_LANDING_URL is {settings.landing_url}, which can't be opened here ({type(error).__name__}); correct it,"
                " install the provider of its protocol, or define the connection that TIDEMARK_LANDING_CONN_ID names."
            ) from None
    elif not Path(folder).is_dir():
        raise SourceError(
            f"TIDEMARK_LANDING_URL is {settings.landing_url}, where no folder is; correct it, or put your files there."
        )


def refuse_no_history(settings: Settings) -> None:
    """Raises:
    TidemarkError: the warehouse can't be opened from here, or there is none: to open it would make an empty
    one.
    """
    refuse_unreachable(settings)
    if settings.warehouse == "duckdb" and not settings.duckdb_path.exists():
        raise SettingsError(
            f"There is no warehouse at {settings.duckdb_path}, so no run has been made; set TIDEMARK_DUCKDB_PATH, or run a month first."
        )


def refuse_unreachable(settings: Settings) -> None:
    """Raises:
    TidemarkError: the warehouse can't be opened from here.
    """
    if settings.warehouse == "duckdb":
        _refuse_held(settings)
        return
    try:
        with open_warehouse(settings):
            return
    except Exception as error:
        # The driver's own words may hold the account's address and user, so only its code is shown.
        raise SettingsError(
            f"Snowflake can't be reached through the Airflow connection {settings.snowflake_conn_id}"
            f" ({type(error).__name__}{code_of(error)}); define it, for example as the variable"
            f" AIRFLOW_CONN_{settings.snowflake_conn_id.upper()}, and see docs/snowflake.md for its form and grants."
        ) from None
