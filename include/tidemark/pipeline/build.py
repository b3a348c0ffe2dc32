"""The models stage from a shell: the same dbt build that Cosmos starts, without Airflow."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from include.tidemark.errors import TidemarkError
from include.tidemark.families import dbt_selectors
from include.tidemark.paths import DBT_DIR
from include.tidemark.run import Run
from include.tidemark.settings import Settings


class BuildError(TidemarkError):
    """dbt could not build the candidate."""


def dbt_environment(settings: Settings) -> dict[str, str]:
    """What dbt's profile reads from the environment, and how dbt behaves in a run."""
    return {
        "TIDEMARK_DUCKDB_PATH": str(settings.duckdb_path),
        "TIDEMARK_DBT_THREADS": str(settings.dbt_threads),
        # Unit tests prove the rules before a deployment; in a run they would only cost time.
        "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
        # A test that also looks at a family which is not enabled would find no table. Not "cautious": where each model is
        # tested by a process of its own, that leaves out every test which compares the model with what it reads.
        "DBT_INDIRECT_SELECTION": "buildable",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def build_command(
    run: Run, settings: Settings, target: Path, select: Sequence[str] | None = None
) -> list[str]:
    """The command line of the one dbt process that builds and tests the enabled families' models.

    Args:
        select: of dbt's nodes, instead of all that the families need.
    """
    profiles = target if settings.warehouse == "snowflake" else DBT_DIR
    return [
        str(settings.dbt_executable), "build", "--project-dir", str(DBT_DIR), "--profiles-dir", str(profiles),
        "--target", settings.warehouse, "--target-path", str(target), "--log-path", str(target),
        "--vars", json.dumps(run.dbt_vars()),
        "--select", *(select or dbt_selectors(run.families)),
        *(["--full-refresh"] if run.options.full_refresh else []),
    ]  # fmt: skip


def build_models(run: Run, settings: Settings, select: Sequence[str] | None = None) -> Path:
    """Build and test the models; returns dbt's run_results.json, in a temporary folder that is kept.

    Args:
        select: as in `build_command`.

    Raises:
        BuildError: dbt failed; the message holds its last lines.
    """
    target = Path(tempfile.mkdtemp(prefix="tidemark-dbt-", dir=settings.scratch_dir))
    done = subprocess.run(
        build_command(run, settings, target, select),
        env=os.environ | dbt_environment(settings) | _write_profile(settings, target),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        tail = " | ".join(line.strip() for line in done.stdout.splitlines()[-12:] if line.strip())
        raise BuildError(f"dbt failed for run {run.run_key} (its log is in {target}): {tail}")
    return target / "run_results.json"


def _write_profile(settings: Settings, folder: Path) -> dict[str, str]:
    """Write the profile that Cosmos would, where the project's own is not used; returns the secrets that it names."""
    if settings.warehouse != "snowflake":
        return {}
    from include.tidemark.warehouse.snowflake_profile import PROFILE, TARGET, snowflake_profile

    mapping = snowflake_profile(settings)
    (folder / "profiles.yml").write_text(mapping.get_profile_file_contents(PROFILE, TARGET), encoding="utf-8")
    return mapping.env_vars
