"""What the contract alone says about the rows of a raw table: filled, unique, finite, not of the future."""

import re
from collections.abc import Callable
from dataclasses import replace

from include.tidemark.run import Run
from include.tidemark.sources.contract import LOADED_AT, Column
from include.tidemark.sources.kinds import Kind, kind_of
from include.tidemark.sources.rows import RowFlag
from include.tidemark.sources.timestamps import timestamp_literal
from include.tidemark.sources.values import loses_decimals
from include.tidemark.validation.checks import Check, count_where, text_list, warning
from include.tidemark.validation.contract import FoundTable

_DATES = (Kind.TIMESTAMP, Kind.DATE)


def contract_checks(table: FoundTable, run: Run) -> list[Check]:
    """The checks that follow from the contract of the table's columns."""
    return [
        _row_count(table),
        *(check for column in table.contract.columns for check in _column_checks(table, column, run)),
        *(_flag_check(table, flag) for flag in table.rows.flags),
        *([_remark_check(table)] if table.rows.remarks else []),
    ]


def _row_count(table: FoundTable) -> Check:
    name = table.name
    return Check(
        name="row_count",
        measure="count(*)",
        minimum=1,
        claim=f"{name} has rows.",
        failure=f"{name} is empty; load its rows and start the run again.",
    )


def _column_checks(table: FoundTable, column: Column, run: Run) -> list[Check]:
    where = f"{table.name}.{column.name}"
    field = f"{table.contract.name}.{column.name}"
    is_date = kind_of(column.data_type) in _DATES and column.name != LOADED_AT
    build: list[tuple[bool, Callable[[], Check]]] = [
        (column.required, lambda: Check(
            name=f"null_{column.name}",
            measure=count_where(f"{field} is null"),
            maximum=0,
            column=column.name,
            claim=f"{where} is never null.",
            failure=f"{where} is null in some rows ({{observed}}); the contract requires a value: correct and reload them.",
        )),
        (column.required and column.name.endswith("_id"), lambda: _null_word_check(column, where, field)),
        (column.unique, lambda: _duplicate_check(column, where, field)),
        (table.is_double(column.name), lambda: Check(
            name=f"not_finite_{column.name}",
            # NaN counts as greater than every number in both warehouses, so it does not keep the bound either.
            measure=count_where(f"{field} is not null and not (abs({field}) < {_bound(column)})"),
            maximum=0,
            column=column.name,
            claim=f"{where} holds finite numbers only.",
            failure=f"{where} holds values that are NaN, infinite or too large ({{observed}}); correct and reload them.",
        )),
        (_may_be_rounded(column, table.types[column.name]), lambda: warning(
            f"rounded_{column.name}",
            loses_decimals(f"cast({field} as double)", column.data_type, table.types[column.name]),
            column.name,
            f"{where} has no more decimals than {column.data_type}.",
            f"{where} has values with more decimals than {column.data_type} ({{observed}}), which are rounded; round them at the source"
            " if the difference matters.",
        )),
        (is_date, lambda: _early_check(table, column, run)),
        (is_date and kind_of(column.data_type) is Kind.TIMESTAMP, lambda: Check(
            name=f"future_{column.name}",
            measure=count_where(f"{field} > {timestamp_literal(run.started_at)}"),
            maximum=0,
            column=column.name,
            severity="warning",
            claim=f"{where} is never later than the start of the run.",
            failure=f"{where} is later than the start of the run in some rows ({{observed}}); look at the source's clock and zone.",
        )),
    ]  # fmt: skip
    return [make() for applies, make in build if applies]


def _may_be_rounded(column: Column, actual: str) -> bool:
    decimals = re.search(r"\(\s*\d+\s*,\s*(\d+)\s*\)", actual)
    return (
        column.data_type.startswith("decimal")
        and kind_of(actual) is Kind.NUMBER
        and (decimals is None or int(decimals[1]) > int(column.data_type.partition(",")[2].strip(" )")))
    )


_NULL_WORDS = (
    "nan", "null", "none", "n/a", "<na>", "nat", "undefined", "nil", "#n/a", "(null)", "<null>", "[null]",
)  # fmt: skip
"""What programs write where they have no value. With `chr(92) || 'n'`, as both warehouses quote a backslash differently."""


def _null_word_check(column: Column, where: str, field: str) -> Check:
    text = f"lower(trim(cast({field} as varchar)))"
    return Check(
        name=f"null_word_{column.name}",
        measure=count_where(f"{text} in {text_list(_NULL_WORDS)} or {text} = chr(92) || 'n'"),
        maximum=0,
        column=column.name,
        claim=f"{where} never holds a word for nothing, such as NULL.",
        failure=f"{where} holds a word for nothing, such as NULL or nan, in some rows ({{observed}}), which would all be one: the source"
        " lost their ids; correct and reload them.",
    )


def _early_check(table: FoundTable, column: Column, run: Run) -> Check:
    where, years = f"{table.name}.{column.name}", run.rules.earliest_years_before_as_of
    field = f"{table.contract.name}.{column.name}"
    as_of = run.as_of_date
    earliest = as_of.replace(year=as_of.year - years, day=min(as_of.day, 28))
    return Check(
        name=f"early_{column.name}",
        measure=count_where(f"{field} < cast('{earliest}' as date)"),
        maximum=0,
        column=column.name,
        claim=f"{where} is never more than {years} years before the as-of date.",
        failure=f"{where} is before {earliest} in some rows ({{observed}}), the earliest is {{detail}}: a default, a year of two"
        f" digits, or data of more than {years} years; correct them, or raise the rule earliest_years_before_as_of.",
        detail=f"select cast(cast(min({field}) as date) as varchar) as earliest from {table.rows.rows} as {table.contract.name}",
    )


def _flag_check(table: FoundTable, flag: RowFlag) -> Check:
    where, what = f"{table.contract.name}.{flag.column}", flag.what.replace("{", "{{").replace("}", "}}")
    return Check(
        name=flag.name,
        measure=count_where(f"{table.contract.name}.{flag.name}"),
        maximum=0,
        column=flag.column,
        severity="critical" if flag.stops else "warning",
        claim=f"Every value of {table.name} for {where} can be taken as it is.",
        failure=f"{table.name} has values for {where} {what} ({{observed}}); correct them, or the mapping ({flag.place}).",
    )


def _remark_check(table: FoundTable) -> Check:
    said = " ".join(table.rows.remarks).replace("{", "{{").replace("}", "}}")
    return Check(
        name="landing_files",
        measure=f"max({len(table.rows.remarks)})",
        maximum=0,
        severity="warning",
        claim=f"The landing files of {table.name} are there as before.",
        failure=said,
    )


def _duplicate_check(column: Column, where: str, field: str) -> Check:
    check = Check(
        name=f"duplicate_{column.name}",
        measure=f"count({field}) - count(distinct {field})",
        maximum=0,
        column=column.name,
        claim=f"{where} holds no value twice.",
        failure=f"{where} holds values more than once ({{observed}} rows too many); remove the duplicate rows and reload.",
    )
    if not column.at_least_once:
        return check
    return replace(
        check,
        severity="warning",
        failure=f"{where} holds values more than once ({{observed}} rows too many): rows were delivered again, and each is counted"
        " once; look at the source's delivery when their number grows.",
    )


def _bound(column: Column) -> str:
    """The first number that the contract's type does not hold."""
    if digits := re.fullmatch(r"decimal\((\d+),\s*(\d+)\)", column.data_type):
        return f"1e{int(digits[1]) - int(digits[2])}"
    return "1.7976931348623157e308"
