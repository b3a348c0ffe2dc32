"""The gate between the stages of a run: what does not hold is written down, and a critical failure stops the
run."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from include.tidemark.accounting.account import record_account
from include.tidemark.accounting.suite import account_assets
from include.tidemark.artifacts.store import RunFolder
from include.tidemark.enabled import families_of
from include.tidemark.erasure.rows import user_tables
from include.tidemark.errors import GateError
from include.tidemark.history.erasures import erased_since_publication
from include.tidemark.history.facts import finish_build
from include.tidemark.history.ledger import refuse_published
from include.tidemark.own_checks.assets import own_assets, with_own_severities
from include.tidemark.pipeline.opened import open_for_run
from include.tidemark.run import Run
from include.tidemark.scratch import scratch_folder
from include.tidemark.settings import Settings
from include.tidemark.sources.contract import source_tables
from include.tidemark.validation.changes import changes_assets
from include.tidemark.validation.checks import Asset, CheckResult, GateReport, Stage
from include.tidemark.validation.column_profile import profile_before, record_profile
from include.tidemark.validation.contract import FoundTable, contract_asset, found_table
from include.tidemark.validation.identities import earlier_runs, vanished_users_asset
from include.tidemark.validation.newest_month import arrived, newest_month_asset
from include.tidemark.validation.optional_sources import no_rows_asset
from include.tidemark.validation.sources import ARRIVALS, table_asset
from include.tidemark.validation.suite_part import SUITE
from include.tidemark.validation.vanished import vanished_asset
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.control import replace_run_rows
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)

_NAMED_FAILURES = 3
"""How many critical failures the error names; the others are in the log, the Data Docs and
control.gate_results."""


def check_stage(stage: Stage, run: Run, settings: Settings) -> dict[str, Any]:
    """Check one stage; write its results to `control.gate_results` and its Data Docs to the run's folder,
    then decide.

    Returns:
        JSON data: the stage, the counts by severity, the sentences of the warnings, and where the Data Docs
        are.

    Raises:
        GateError: a critical check failed. Results and Data Docs have been written by then.
        RunIdentityError: the run has been published.
    """
    # Great Expectations takes seconds to import, and the DAG file imports this module.
    from include.tidemark.validation.engine import open_gate

    with open_for_run(run, settings, QueryTag(run.run_key, f"check_{stage}")) as warehouse:
        refuse_published(warehouse, run.run_key)
        if stage == "models":
            finish_build(warehouse, run)
            record_account(run, warehouse)
        gate = open_gate(warehouse, run.run_key, run.started_at)
        assets = _source_assets(run, warehouse) if stage == "sources" else _family_assets(stage, run)
        results = [result for asset in assets for result in gate.evaluate(with_own_severities(asset, run))]
        report = GateReport(stage, tuple(results))
        identity = {"as_of_date": run.as_of_date, "run_key": run.run_key}
        replace_run_rows(
            warehouse, "control.gate_results", run.run_key, report.rows(identity), {"stage": [stage]}
        )
        docs_uri = _publish_docs(gate.answers, report, run, settings)
    for result in report.results:
        if not result.success:
            log.log(_LEVELS[result.severity], "%s: %s", result.severity, result.message)
    if critical := report.failed("critical"):
        raise GateError(_explain(stage, critical, docs_uri))
    return {
        "stage": stage,
        **report.counts,
        "warnings": [result.message for result in report.failed("warning")],
        "data_docs": docs_uri,
    }


_LEVELS = {"critical": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}


def _source_assets(run: Run, warehouse: Warehouse) -> Iterator[Asset]:
    read = {name: run.rows_of(name) for family in families_of(run) for name in family.all_sources}
    tables = {
        name: found_table(source_tables()[name], rows, warehouse)
        for name, rows in read.items()
        if rows.lack != "nowhere"
    }
    yield contract_asset(list(tables.values()))
    sound = {name: table for name, table in tables.items() if table.is_sound}
    for name, rows in read.items():
        if rows.lack:
            yield no_rows_asset(run, rows, _rows_seen_before(run, warehouse, name))
    for name, table in sound.items():
        if read[name].lack:
            continue
        yield table_asset(table, run, sound.get("users"), _rows_seen_before(run, warehouse, name))
        yield _columns_asset(run, warehouse, table)
        if arrivals := ARRIVALS.get(table.contract.name):
            newest, *before = arrived(run, warehouse, table.rows, arrivals.moment, arrivals.counts)
            yield newest_month_asset(run, table.rows, newest, before)
    yield _users_asset(run, warehouse, sound)
    # Where the contract is broken, which stops the run, an own check has nothing that it can be about.
    if len(sound) == len(tables):
        yield from own_assets(run, "sources")


def _users_asset(run: Run, warehouse: Warehouse, sound: Mapping[str, FoundTable]) -> Asset:
    """The users of the last publication, against every source table that has users: also those that no
    enabled family needs."""
    tables = source_tables().values()
    holds_users = [table for table in tables if any(column.name == "user_id" for column in table.columns)]
    found = [
        found_table(table, run.rows_of(table.name), warehouse)
        for table in holds_users
        if table.name in run.sources or table.name in sound
    ]
    before = [
        (table.name, column)
        for table in (user_tables(warehouse) if run.previous else [])
        if table.schema == "runs" and table.has_runs
        for column in table.columns
    ]
    return vanished_users_asset(run, before, [table.rows for table in found if table.is_sound])


def _columns_asset(run: Run, warehouse: Warehouse, table: FoundTable) -> Asset:
    name = table.contract.name
    before = profile_before(run, warehouse, name)
    now = record_profile(run, warehouse, table.contract, table.rows, before[0] if before else {})
    erased = [erased_since_publication(warehouse, each.run_key, name) for each in earlier_runs(run)]
    return vanished_asset(run, table.contract, table.rows, now, before, max(erased, default=0))


def _rows_seen_before(run: Run, warehouse: Warehouse, table: str) -> int | None:
    """The rows of a growing table that the previous publication saw, as its own gate counted them, but for
    erased ones."""
    if run.previous is None:
        return None
    rows = warehouse.fetch(
        "select observed from control.gate_results"
        " where run_key = ? and stage = 'sources' and expectation = 'rows_before_as_of' and suite = ?",
        (run.previous.run_key, f"sources.{table}"),
    )
    if not rows or not rows[0]["observed"]:
        return None
    erased = erased_since_publication(warehouse, run.previous.run_key, table)
    return max(int(rows[0]["observed"]) - erased, 0)


def _family_assets(stage: Stage, run: Run) -> Iterator[Asset]:
    if stage == "models":
        yield from account_assets(run)
    if stage == "statistics":
        yield from changes_assets(run)
    for family in families_of(run):
        suite = family.part(SUITE)
        yield from suite.candidate(run) if stage == "models" else suite.statistics(run)
    yield from own_assets(run, stage)


def _publish_docs(answers: list[Any], report: GateReport, run: Run, settings: Settings) -> str:
    from include.tidemark.validation.docs import write_data_docs

    folder = RunFolder(settings, run.as_of_date, run.run_key)
    relative = f"validation/{report.stage}"
    with scratch_folder(settings, "validation", run.run_key) as scratch:
        write_data_docs(answers, report, run.as_of_date, run.run_key, scratch)
        folder.upload_tree(scratch, relative)
    return f"{folder.uri}/{relative}/index.html"


def _explain(stage: Stage, critical: list[CheckResult], docs_uri: str) -> str:
    named = " ".join(result.sentence for result in critical[:_NAMED_FAILURES])
    more = f" ({len(critical) - _NAMED_FAILURES} more)" if len(critical) > _NAMED_FAILURES else ""
    return (
        f"The gate '{stage}' stopped this run: {named}{more} Nothing was published; all results: {docs_uri}"
    )
