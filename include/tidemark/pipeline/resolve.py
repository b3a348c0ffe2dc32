"""First stage: make the run's identity, once."""

import logging
import os
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from include.tidemark.artifacts.parts import refuse_same_paths
from include.tidemark.artifacts.user_ids import user_ids
from include.tidemark.as_of import refuse_unseen, resolve_as_of_date
from include.tidemark.code_version import code_version
from include.tidemark.config.folder import load_config
from include.tidemark.enabled import families_in
from include.tidemark.errors import RunIdentityError, SettingsError
from include.tidemark.families import enabled_families
from include.tidemark.history.facts import start_build
from include.tidemark.history.ledger import comparison_runs, refuse_published, refuse_scheduled_again
from include.tidemark.history.reason import checked_reason
from include.tidemark.history.run_inputs import record_inputs
from include.tidemark.run import Run, RunOptions, make_run_key
from include.tidemark.segmentations.changes import record_declared, same_rules
from include.tidemark.settings import Settings
from include.tidemark.shared_texts import shown
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)


def resolve_run(
    settings: Settings,
    *,
    parameters: dict[str, Any],
    dag_run_id: str,
    run_after: datetime,
    started_at: datetime,
    data_interval_end: datetime | None = None,
    clear_number: int = 0,
    only: str | None = None,
    started_by: str | None = None,
) -> Run:
    """The run's identity, from what started it and from what is published already.

    Args:
        parameters: as the DAG declares them: `as_of_date` (text or None), `lookback_days` (None takes the
            rules' values), `full_refresh`, `allow_missing`, `known_at`, `publish`, `n_resamples`,
            `confidence_level`, `reason`.
        started_at: when the run started; the same for every try of its tasks.
        started_by: who or what started the run, for the ledger.
        only: the one family that the run computes, whatever is enabled.
        clear_number: how often the run was cleared; part of the key, so that a cleared run never writes a
            published run's rows.

    Raises:
        SettingsError: a setting or rule can't be used.
        RunIdentityError: the as-of date or an option can't be used.
        NothingToDoError: the schedule has published the month already.
    """
    families = enabled_families((only,)) if only else families_in(settings)
    config = load_config(settings)
    rules = config.rules
    user_ids(settings)  # a missing key stops the run here rather than after the models
    as_of_date = resolve_as_of_date(
        parameters.get("as_of_date"), data_interval_end, run_after, rules.business_timezone
    )
    options = _options(parameters, os.environ.get("RUN_HASH") or None)
    refuse_unseen(options.known_at, started_at)
    run = Run(
        as_of_date=as_of_date,
        run_key=make_run_key(as_of_date, started_at, dag_run_id, clear_number, options.known_at),
        started_at=started_at,
        dag_run_id=dag_run_id,
        started_by=started_by,
        reason=checked_reason(parameters.get("reason")),
        families=tuple(family.name for family in families),
        rules=rules,
        rules_hash=rules.digest(),
        config=dict(config.documents),
        config_hash=config.digest,
        source_places=dict(config.places),
        code_version=code_version(),
        options=options,
    )
    refuse_same_paths(run)
    with open_warehouse(settings, QueryTag(run.run_key, "resolve_run")) as warehouse:
        ensure_control_tables(warehouse)
        refuse_published(warehouse, run.run_key)
        refuse_scheduled_again(warehouse, as_of_date, dag_run_id)
        compared = comparison_runs(warehouse, as_of_date, run.known_at)
        rebuild = start_build(warehouse, run)
        run = run.model_copy(update={**compared._asdict(), "rebuild_facts": rebuild})
        record_inputs(run, warehouse)
        declared = {
            "redeclared": record_declared(run, warehouse),
            "same_rules_by_family": same_rules(run, warehouse),
        }
        run = run.model_copy(update=declared)
    if run.known_at:
        log.info(
            "The run sees what had been loaded by %s UTC, loads no file, and is not published.",
            f"{run.known_at:%Y-%m-%d %H:%M:%S}",
        )
    if rebuild:
        log.info(
            "The time zone, the mapping or the families are not those of the daily facts, so all their days are built again."
        )
    log.info(
        "Run %s: as of %s, windows [%s, %s) and [%s, %s), compared with %s, backtest %s, rules %s, configuration %s,"
        " code %s, label %s",
        run.run_key,
        run.as_of_date,
        run.window_start,
        run.as_of_date,
        run.prior_window_start,
        run.window_start,
        _compared_with(run),
        run.backtest.run_key if run.backtest else run.backtest_reason,
        run.rules_hash[:12],
        run.config_hash[:12],
        run.code_version,
        run.options.run_hash or "none",
    )
    return run


def _compared_with(run: Run) -> str:
    """The publication that each family is compared with, in words."""
    compared = {family: run.previous_of(family) for family in run.families}
    return ", ".join(
        f"{family}: {previous.run_key if previous else 'nothing published'}"
        for family, previous in compared.items()
    )


def _options(parameters: dict[str, Any], run_hash: str | None) -> RunOptions:
    try:
        return RunOptions.model_validate({**parameters, "run_hash": run_hash})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["loc"][0] == "run_hash":
            raise SettingsError(
                f"The environment variable RUN_HASH can't be used as the run's label: it must be 1 to 32 letters, digits, _ or -"
                f" (found {shown(run_hash)}). Correct or unset it."
            ) from None
        raise RunIdentityError(
            f"The parameter {first['loc'][0]} can't be used: {first['msg'].removeprefix('Value error, ')} (found {shown(first['input'])})."
        ) from None
