"""Great Expectations at work: one ephemeral context, one connection to the warehouse, one query an asset."""

import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import great_expectations as gx
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.interfaces import GxDatasourceWarning
from great_expectations.expectations.core.expect_column_max_to_be_between import ExpectColumnMaxToBeBetween
from great_expectations.expectations.metadata_types import FailureSeverity
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import StaticPool

from include.tidemark.data_errors import without_values
from include.tidemark.errors import TidemarkError
from include.tidemark.settings import Settings
from include.tidemark.shared_texts import in_a_line
from include.tidemark.validation.checks import Asset, Check, CheckResult
from include.tidemark.warehouse.base import Warehouse

# This one module of theirs sets a level of its own.
logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)

_LONGEST_DETAIL = 200
"""Characters of a detail: it may hold the names that a deployment gave, or a sentence of ours on what is
likely wrong."""


@dataclass
class Gate:
    """Evaluates assets, and keeps what Great Expectations answered for the Data Docs."""

    warehouse: Warehouse
    context: Any
    data_source: Any
    run_id: RunIdentifier
    answers: list[Any] = field(default_factory=list)
    own: Callable[[str], str] = str
    """What makes of a query that of the run's own tables; by default the same query."""

    def evaluate(self, asset: Asset) -> list[CheckResult]:
        """The results of all checks of an asset; a table that it needs and that is missing is one critical
        result.

        Raises:
            TidemarkError: the warehouse refused the query, as it does when a column is missing or has an
                unusable value.
        """
        if missing := [table for table in asset.needs if not self.warehouse.columns(*table.split("."))]:
            return [_missing_table(asset, table) for table in missing]
        results = [
            CheckResult(
                asset.name, skipped.name, asset.table, skipped.column, "info", True, None, skipped.reason
            )
            for skipped in asset.not_evaluated
        ]
        answer = self._validate(asset)
        self.answers.append(answer)
        by_name = {str(result.expectation_config.kwargs["column"]): result for result in answer.results}
        return [self._result(asset, check, by_name[check.name]) for check in asset.checks] + results

    def _validate(self, asset: Asset) -> Any:
        suite = gx.ExpectationSuite(
            name=asset.name, expectations=[_expectation(check) for check in asset.checks]
        )
        data = self.data_source.add_query_asset(
            asset.name, query=without_parameters(self.own(asset.query))
        ).add_batch_definition_whole_table("run")
        definition = gx.ValidationDefinition(name=asset.name, data=data, suite=self.context.suites.add(suite))
        try:
            return self.context.validation_definitions.add(definition).run(
                result_format="BASIC", run_id=self.run_id
            )
        except OperationalError:
            raise  # a lost connection or a full disk: worth another try
        except DBAPIError as error:
            raise TidemarkError(
                f"The checks of {asset.table} could not be computed ({_reason(error)});"
                " compare its columns and types with the model or contract that declares them."
            ) from None

    def _result(self, asset: Asset, check: Check, answer: Any) -> CheckResult:
        if answer.exception_info.get("raised_exception"):
            raise TidemarkError(
                f"The check {check.name} of {asset.table} could not be computed by Great Expectations."
            )
        observed = _as_text(answer.result.get("observed_value"))
        message = check.claim
        if not answer.success:
            detail = self._detail(check.detail) if check.detail else ""
            message = check.failure.format(observed=_for_people(observed), detail=detail)
        return CheckResult(
            asset.name,
            check.name,
            asset.table,
            check.column,
            check.severity,
            bool(answer.success),
            observed,
            message,
            check.counts_rows,
        )

    def _detail(self, query: str) -> str:
        rows = self.warehouse.fetch(query)
        values = [
            in_a_line(str(value), _LONGEST_DETAIL)
            for row in rows
            for value in row.values()
            if value is not None
        ]
        return ", ".join(values) or "none"


@contextmanager
def open_gate(
    settings: Settings,
    warehouse: Warehouse,
    run_key: str,
    started_at: datetime,
    own: Callable[[str], str] = str,
) -> Iterator[Gate]:
    """A gate over the warehouse that the settings name; its connection is closed at the end of the block.

    Args:
        own: what makes of a query that of the run's own tables, where it has some.
    """
    context: Any = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    url, connect = _duckdb(settings) if settings.warehouse == "duckdb" else _snowflake(settings)
    opened: list[Any] = []

    def creator() -> Any:
        opened.append(connect())
        return opened[-1]

    # The connection is made by us and not from the URL, so Great Expectations never holds a secret. Each
    # engine has one (StaticPool), because the one row of measures of an asset is kept in a temporary table,
    # and so its table is read once.
    with warnings.catch_warnings():
        # It would rather see its Snowflake class, which wants the secret in the URL.
        warnings.simplefilter("ignore", GxDatasourceWarning)
        data_source = context.data_sources.add_sql(
            "warehouse",
            connection_string=url,
            create_temp_table=True,
            kwargs={"creator": creator, "poolclass": StaticPool},
        )
    try:
        yield Gate(
            warehouse, context, data_source, RunIdentifier(run_name=run_key, run_time=started_at), own=own
        )
    finally:
        # Great Expectations opens several engines and closes none: DuckDB's file would stay locked for the
        # dbt process.
        for connection in opened:
            connection.close()


def _duckdb(settings: Settings) -> tuple[str, Callable[[], Any]]:
    import duckdb
    from duckdb_engine import ConnectionWrapper

    from include.tidemark.validation import duckdb_dialect

    def connect() -> ConnectionWrapper:
        # Without any option, as everywhere else: DuckDB refuses a second configuration of a file that is
        # open.
        connection = duckdb.connect(str(settings.duckdb_path))
        connection.execute("set timezone = 'UTC'")
        return ConnectionWrapper(connection)

    return f"{duckdb_dialect.NAME}://", connect


def _snowflake(settings: Settings) -> tuple[str, Callable[[], Any]]:
    from include.tidemark.warehouse.snowflake import connect_to_snowflake

    def connect() -> Any:
        connection = connect_to_snowflake(settings)
        with connection.cursor() as cursor:
            cursor.execute("use schema control")  # where the temporary tables of measures live
        return connection

    return "snowflake://", connect


def without_parameters(query: str) -> str:
    """The query with chr(58) for each colon of a text that Great Expectations would take for the begin of a
    parameter's name.

    >>> without_parameters("select ':x', ' :x', '10:30', 'it''s :x'")
    "select ('' || chr(58) || 'x'), (' ' || chr(58) || 'x'), '10:30', ('it''s ' || chr(58) || 'x')"
    """

    def rewrite(token: re.Match[str]) -> str:
        text = token[0]
        if text.startswith('"') or not re.search(r"(?<![:\w]):(?=\w)", text):
            return text
        return "(" + text.replace(":", "' || chr(58) || '") + ")"

    return re.sub(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""", rewrite, query)


def _expectation(check: Check) -> ExpectColumnMaxToBeBetween:
    return ExpectColumnMaxToBeBetween(
        column=check.name,
        min_value=check.minimum,
        max_value=check.maximum,
        severity=FailureSeverity(check.severity),
        description=f"{check.severity.capitalize()}: {check.claim}",
    )


def _missing_table(asset: Asset, table: str) -> CheckResult:
    return CheckResult(
        asset.name, "table_exists", table, None, "critical", False, None,
        f"The table {table} does not exist, so {asset.name} could not be checked; build or load it and start the run again.",
    )  # fmt: skip


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    number = float(value)
    return str(int(number)) if number.is_integer() else f"{number:.6g}"


def _for_people(observed: str | None) -> str:
    """A number as a sentence says it: whole, or with two decimals, or with three digits where that would hide
    it."""
    if observed is None:
        return "nothing"
    number = float(observed)
    if number.is_integer():
        return observed
    return f"{number:.2f}" if abs(number) >= 0.1 else f"{number:.3g}"


def _reason(error: DBAPIError) -> str:
    """The warehouse's own words without quoted text, which may be a value out of a row."""
    first_line = without_values(str(error.orig).strip()).splitlines()[0]
    return re.sub(r"'[^']*'|\"[^\"]*\"", "…", first_line)[:200]
