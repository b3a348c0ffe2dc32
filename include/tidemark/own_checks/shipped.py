"""The files of checks against what this deployment runs: the tables that are built, and the shipped checks
whose severity they say."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from include.tidemark.accounting.suite import account_assets
from include.tidemark.documents.document import Document, unknown_name
from include.tidemark.documents.nearest import nearest
from include.tidemark.enabled import families_in, families_of
from include.tidemark.errors import SettingsError
from include.tidemark.families import known_families
from include.tidemark.own_checks.declaration import load_checks
from include.tidemark.rules import Rules
from include.tidemark.run import PublishedRun, Run, RunOptions, make_run_key
from include.tidemark.settings import Settings
from include.tidemark.sources.contract import SourceTable, source_tables
from include.tidemark.sources.rows import RowFlag, SourceRows, no_rows
from include.tidemark.validation.changes import changes_assets
from include.tidemark.validation.checks import Asset
from include.tidemark.validation.column_profile import SCOPES, ColumnProfile, optional_columns
from include.tidemark.validation.contract import FoundTable, contract_asset
from include.tidemark.validation.identities import vanished_users_asset
from include.tidemark.validation.newest_month import Month, newest_month_asset
from include.tidemark.validation.optional_sources import no_rows_asset
from include.tidemark.validation.sources import ARRIVALS, table_asset
from include.tidemark.validation.suite_part import SUITE
from include.tidemark.validation.vanished import vanished_asset

_DAY, _BEFORE = date(2026, 11, 1), date(2026, 10, 1)
"""Of two runs that nobody starts: names of checks do not depend on the day."""


def load_own_checks(
    documents: Mapping[str, Document], config: Mapping[str, dict[str, Any]], rules: Rules, settings: Settings
) -> None:
    """Check the files of checks: each of its own, and the severities against the checks that a run of this
    deployment can have.

    Args:
        documents: the files below `checks/`.
        config: the content of the whole folder.

    Raises:
        SettingsError: something in them can't be used; the message names file, line and the nearest name.
    """
    enabled = families_in(settings)
    is_built = {name: name in settings.families for name in known_families()}
    is_built["segmentations"] = len(enabled) > len(settings.families)
    needed = {name for family in enabled for name in family.all_sources}
    is_built |= {table.qualified_name: table.name in needed for table in source_tables().values()}
    files = load_checks(documents, is_built)
    if not any(file.severity for file in files):
        return
    known = shipped_checks(rules, tuple(family.name for family in enabled), config)
    for document, file in zip(documents.values(), files, strict=True):
        for name in file.severity:
            if name not in known:
                where = document.where(("severity", name))
                hint = "" if nearest(name, known) else " Data Docs name each suite and its checks."
                raise SettingsError(
                    f"{where}: the check {unknown_name(name, name, known, may_list=False)}{hint}"
                )


def shipped_checks(
    rules: Rules, families: tuple[str, ...], config: Mapping[str, dict[str, Any]]
) -> list[str]:
    """`<suite>.<check>` of every check that a run of these families can have, be it the first or a later
    one."""
    names: set[str] = set()
    for previous in (None, PublishedRun(as_of_date=_BEFORE, run_key=_key(_BEFORE))):
        run = Run(
            as_of_date=_DAY,
            run_key=_key(_DAY),
            started_at=_instant(_DAY),
            dag_run_id="names",
            families=families,
            rules=rules,
            rules_hash="",
            config=dict(config),
            code_version="",
            options=RunOptions(),
            previous=previous,
            previous_by_family=dict.fromkeys(families, previous) if previous else {},
        )
        names |= {f"{asset.name}.{check.name}" for asset in _assets(run) for check in asset.checks}
    return sorted(names)


def _assets(run: Run) -> Iterator[Asset]:
    yield from account_assets(run)
    yield from changes_assets(run)
    for family in families_of(run):
        suite = family.part(SUITE)
        yield from suite.candidate(run)
        yield from suite.statistics(run)
    families = families_of(run)
    tables = [source_tables()[name] for name in dict.fromkeys(n for f in families for n in f.all_sources)]
    found = {
        (table.name, is_floating): _found(table, is_floating=is_floating)
        for table in tables
        for is_floating in (False, True)
    }
    yield contract_asset([found[table.name, False] for table in tables])
    for (_, is_floating), each in found.items():
        yield table_asset(each, run, found.get(("users", is_floating)), 1)
    for name in dict.fromkeys(name for family in families for name in family.optional_sources):
        yield no_rows_asset(run, no_rows(source_tables()[name]), None)
    for table in tables:
        columns = {column.name for column in optional_columns(table)} | {"status", "category", "event_name"}
        profile = {(name, scope): ColumnProfile(0, 0, {}) for name in columns for scope in SCOPES}
        before = (profile, str(_BEFORE)) if run.previous else None
        yield vanished_asset(run, table, found[table.name, False].rows, profile, before)
        if table.name in ARRIVALS:
            month = Month(_BEFORE, {_BEFORE: 1_000}, {0: 1_000})
            yield newest_month_asset(run, found[table.name, False].rows, month, [month])
    yield vanished_users_asset(run, [("runs.users", "user_id")], [found[tables[0].name, False].rows])


def _found(table: SourceTable, *, is_floating: bool) -> FoundTable:
    """A table as it may stand: with the contract's types, or with every number floating and each value
    flagged."""
    types = {
        column.name: "double" if is_floating and column.data_type.startswith("decimal") else column.data_type
        for column in table.columns
    }
    kinds = ("unreadable", "rounded", "foreign_currency") if is_floating else ()
    names = [(f"{kind}_{column.name}", column.name) for column in table.columns for kind in kinds]
    flags = [
        RowFlag(
            name=name.replace("foreign_currency_amount_usd", "foreign_currency"), column=column, what="wrong"
        )
        for name, column in names
    ]
    rows = SourceRows(table=table.name, relation=table.qualified_name, flags=tuple(flags), remarks=("One.",))
    return FoundTable(table, rows, types)


def _key(day: date) -> str:
    return make_run_key(day, _instant(day), "names", 0)


def _instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
