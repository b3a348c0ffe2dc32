"""What the contract alone says about the rows of a raw table: filled, unique, finite, not of the future."""

import re
from typing import Any

from include.tidemark.run import Run
from include.tidemark.sources.contract import LOADED_AT, Column
from include.tidemark.sources.kinds import Kind, kind_of
from include.tidemark.sources.rows import RowFlag
from include.tidemark.sources.timestamps import timestamp_literal
from include.tidemark.sources.values import loses_decimals
from include.tidemark.validation.checks import Check, count_where
from include.tidemark.validation.contract import FoundTable


def column_values(table: FoundTable, column: Column, run: Run) -> dict[str, Any]:
    """What the checks of a column name, and, as lists that are empty or not, which of them apply to it."""
    field, actual = f"{table.contract.name}.{column.name}", table.types[column.name]
    as_of = run.as_of_date
    earliest_year = as_of.year - run.rules.earliest_years_before_as_of
    # What a run loads or maps is null where it is blank; in a table that others fill it is as they wrote it.
    may_be_blank = column.data_type == "varchar" and not table.rows.landed and table.rows.sql is None
    is_date = kind_of(column.data_type) in (Kind.TIMESTAMP, Kind.DATE) and column.name != LOADED_AT
    is_timestamp = is_date and kind_of(column.data_type) is Kind.TIMESTAMP
    applies = {
        "required": column.required,
        "id": column.name.endswith("_id"),
        "unique": column.unique and not column.at_least_once,
        "redelivered": column.unique and column.at_least_once,
        "double": table.is_double(column.name),
        "rounded": _may_be_rounded(column, actual),
        "date": is_date,
        "timestamp": is_timestamp,
        "timestamp_of_the_west": is_timestamp
        and run.as_of_instant.date() == as_of
        and run.as_of_instant.hour > 0,
    }
    return {
        "column": column.name,
        "field": field,
        "where": f"{table.name}.{column.name}",
        "type": column.data_type,
        "text": f"lower(trim(cast({field} as varchar)))",
        "missing": f"coalesce(trim(cast({field} as varchar)), '') = ''" if may_be_blank else f"{field} is null",
        "or_blank": " or blank" if may_be_blank else "",
        "bound": _bound(column),
        "loses_decimals": loses_decimals(f"cast({field} as double)", column.data_type, actual) if applies["rounded"] else "",
        "earliest": as_of.replace(year=earliest_year, day=min(as_of.day, 28)),
        "started": timestamp_literal(run.started_at),
        **{f"if_{name}": [{}] if holds else [] for name, holds in applies.items()},
    }  # fmt: skip


def found_checks(table: FoundTable) -> list[Check]:
    """What was found while the rows were read. Its words may be the deployment's own, which no text of a file
    may take up."""
    checks = [_flag_check(table, flag) for flag in table.rows.flags]
    return [*checks, _remark_check(table)] if table.rows.remarks else checks


def _may_be_rounded(column: Column, actual: str) -> bool:
    decimals = re.search(r"\(\s*\d+\s*,\s*(\d+)\s*\)", actual)
    return (
        column.data_type.startswith("decimal")
        and kind_of(actual) is Kind.NUMBER
        and (decimals is None or int(decimals[1]) > int(column.data_type.partition(",")[2].strip(" )")))
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


def _bound(column: Column) -> str:
    """The first number that the contract's type does not hold."""
    if digits := re.fullmatch(r"decimal\((\d+),\s*(\d+)\)", column.data_type):
        return f"1e{int(digits[1]) - int(digits[2])}"
    return "1.7976931348623157e308"
