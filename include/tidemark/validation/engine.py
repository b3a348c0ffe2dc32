"""Great Expectations at work: one ephemeral context, and per asset one query, whose one row of measures it
validates."""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.core.expect_column_max_to_be_between import ExpectColumnMaxToBeBetween
from great_expectations.expectations.metadata_types import FailureSeverity

from include.tidemark.errors import TidemarkError
from include.tidemark.shared_texts import in_a_line
from include.tidemark.validation.checks import Asset, Check, CheckResult
from include.tidemark.warehouse.base import Row, Warehouse, WarehouseRefusedError

# This one module of theirs sets a level of its own.
logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)

_LONGEST_DETAIL = 200
"""Characters of a detail: it may hold the names that a deployment gave, or a sentence of ours on what is
likely wrong."""


@dataclass
class Gate:
    """Evaluates assets, and keeps what Great Expectations answered for the Data Docs."""

    warehouse: Warehouse
    rows_of_measures: Any
    run_id: RunIdentifier
    answers: list[Any] = field(default_factory=list)

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
        answer = self._validate(asset, self._measures(asset))
        self.answers.append(answer)
        by_name = {str(result.expectation_config.kwargs["column"]): result for result in answer.results}
        return [self._result(asset, check, by_name[check.name]) for check in asset.checks] + results

    def _measures(self, asset: Asset) -> Row:
        try:
            return self.warehouse.probe(asset.query)
        except WarehouseRefusedError as error:
            raise TidemarkError(
                f"The checks of {asset.table} could not be computed ({self._named(asset.query) or error});"
                " compare its columns and types with the model or contract that declares them."
            ) from None

    def _named(self, query: str) -> str | None:
        """What a query names that is not there, in the warehouse's words."""
        try:
            self.warehouse.describe(query)
        except WarehouseRefusedError as error:
            return str(error)
        return None

    def _validate(self, asset: Asset, measures: Row) -> Any:
        """What Great Expectations says of the row of measures."""
        # As objects: its pages can't show numpy's numbers.
        frame = pd.DataFrame(
            {check.name: [measures[check.name.lower()]] for check in asset.checks}, dtype=object
        )
        suite = gx.ExpectationSuite(
            name=asset.name, expectations=[_expectation(check) for check in asset.checks]
        )
        # Not a validation definition of the context's: to keep suites and answers in its stores, which nobody
        # reads, takes half of the time (525 checks: 2.4 s instead of 1.1 s of CPU time).
        answer = self.rows_of_measures.get_batch({"dataframe": frame}).validate(suite, result_format="BASIC")
        answer.meta["run_id"] = self.run_id
        return answer

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


def open_gate(warehouse: Warehouse, run_key: str, started_at: datetime) -> Gate:
    """A gate over an open warehouse."""
    context: Any = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    measures = context.data_sources.add_pandas("warehouse").add_dataframe_asset("measures")
    rows_of_measures = measures.add_batch_definition_whole_dataframe("run")
    return Gate(warehouse, rows_of_measures, RunIdentifier(run_name=run_key, run_time=started_at))


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
        asset.name,
        "table_exists",
        table,
        None,
        "critical",
        False,
        None,
        f"The table {table} does not exist, so {asset.name} could not be checked; build or load it and start the run again.",
    )


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
