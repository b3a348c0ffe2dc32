"""The feature catalogue of a published month as a query: the dbt model, compiled for that month and not
built."""

import json
import subprocess
from datetime import date

from include.tidemark.config.folder import load_config
from include.tidemark.data_errors import without_values
from include.tidemark.errors import TidemarkError
from include.tidemark.paths import DBT_DIR
from include.tidemark.pipeline.build import dbt_profile, require_dbt
from include.tidemark.pipeline.dbt_variables import as_environment
from include.tidemark.scratch import scratch_folder
from include.tidemark.settings import Settings

_MODEL = "user_features"


def features_query(settings: Settings, as_of_date: date, run_key: str, families: list[str]) -> str:
    """SQL of the rows that `runs.user_features` has, or would have, for a run whose families are in the
    warehouse.

    Raises:
        SettingsError: dbt is not where the settings say, or the configuration folder can't be used.
        TidemarkError: dbt could not compile the model.
    """
    require_dbt(settings)
    variables = {"families": families, **load_config(settings).rules.model_dump(mode="json")}
    identity = as_environment({"as_of_date": as_of_date.isoformat(), "run_key": run_key})
    with scratch_folder(settings, "dbt", run_key) as target:
        profiles, environment = dbt_profile(settings, target)
        command = [
            str(settings.dbt_executable), "--quiet", "compile", "--project-dir", str(DBT_DIR), "--profiles-dir", str(profiles),
            "--target", settings.warehouse, "--target-path", str(target), "--log-path", str(target),
            "--vars", json.dumps(variables), "--select", _MODEL, "--no-introspect",
        ]  # fmt: skip
        done = subprocess.run(
            command, env=environment | identity, capture_output=True, text=True, check=False, errors="replace"
        )
        found = list(target.rglob(f"compiled/**/{_MODEL}.sql"))
        if done.returncode or not found:
            said = " | ".join(without_values(done.stdout).split("\n")[:6])
            raise TidemarkError(f"dbt could not compile the model {_MODEL}: {said}")
        return found[0].read_text(encoding="utf-8")
