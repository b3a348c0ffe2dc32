"""A run as far as a test reads of it. What `run_in_order` adds is half of a small month's time: dbt's data
tests, the gate, the account of the rows, and the published files."""

from datetime import datetime
from typing import Any
from unittest.mock import patch

from include.tidemark.enabled import families_of
from include.tidemark.history.facts import finish_build
from include.tidemark.history.ledger import record_publication
from include.tidemark.pipeline import build
from include.tidemark.pipeline.compare import compare
from include.tidemark.pipeline.estimate import estimate
from include.tidemark.pipeline.load import load
from include.tidemark.pipeline.resolve import resolve_run
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse

_environment = build.dbt_environment


def _without_data_tests(settings: Settings) -> dict[str, str]:
    return _environment(settings) | {"DBT_EXCLUDE_RESOURCE_TYPES": "unit_test test"}


def built(settings: Settings, parameters: dict[str, Any], started_at: datetime) -> Run:
    """A run whose models are built, and no more."""
    resolved = resolve_run(
        settings, parameters=parameters, dag_run_id="shell", run_after=started_at, started_at=started_at
    )
    run = resolved.with_sources(load(resolved, settings))
    with patch.object(build, "dbt_environment", _without_data_tests):
        build.build_models(run, settings)
    with open_warehouse(settings) as warehouse:
        finish_build(warehouse, run)  # which the gate says of the models that it was shown
    return run


def estimated(settings: Settings, parameters: dict[str, Any], started_at: datetime) -> Run:
    """A run with its statistics and its changes since the months that are published."""
    run = built(settings, parameters, started_at)
    for family in families_of(run):
        for question in family.questions:
            estimate(run, settings, family.name, question)
    compare(run, settings)
    return run


def shown(settings: Settings, parameters: dict[str, Any], started_at: datetime) -> Run:
    """A run that is in the ledger without its files: views show it, and later months are compared with it."""
    run = estimated(settings, parameters, started_at)
    with open_warehouse(settings) as warehouse:
        record_publication(warehouse, run, manifest_uri="", manifest_sha256="")
    return run
