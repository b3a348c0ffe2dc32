"""What the optional columns of a source table hold, kept for each run, so that the next month can tell what
vanished."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from include.tidemark.run import Run
from include.tidemark.shared_texts import SHARED_BY_USERS
from include.tidemark.sources.contract import LOADED_AT, MOMENTS, Column, SourceTable
from include.tidemark.sources.rows import SourceRows
from include.tidemark.sources.timestamps import begin_literal
from include.tidemark.warehouse.base import Row, Warehouse
from include.tidemark.warehouse.control import replace_run_rows

TABLE = "control.source_columns"
SHARED_VALUES = {
    "users": ("platform", "country", "is_test_user"),
    "events": ("event_name",),
    "transactions": ("category", "status"),
}
"""Columns with few values, by table: a value that is gone is told of."""

NOT_ZERO = "any number but 0"
"""The value that is counted of a column of numbers: a source that no longer knows them may send 0 instead of
nothing."""
_NUMBERS = ("decimal", "double", "bigint", "integer")

_RECENT = timedelta(days=30)
"""Of a table that grows, a change at the source shows in its new rows first."""
_LONGEST = 40
_FOLDED = frozenset({"category", "status"})
"""Columns whose case does not matter to staging."""

Scope = Literal["all", "recent"]
SCOPES: tuple[Scope, ...] = ("all", "recent")


@dataclass(frozen=True)
class ColumnProfile:
    """One column in one scope: all rows before the as-of date, or those of the last 30 days before it."""

    rows: int
    nulls: int
    """Rows without a value, blank texts among them."""
    values: Mapping[str, int]
    """Rows of each value that many users have, or had before, or that is true or false, of columns in
    `SHARED_VALUES`; of a column of numbers those other than 0."""
    kept: frozenset[str] = frozenset()
    """Those of them that many users have, or that are true or false: the others are kept nowhere."""

    @property
    def filled(self) -> int:
        """Rows with a value."""
        return self.rows - self.nulls

    @property
    def null_pct(self) -> float:
        """Rows without a value, in per cent."""
        return 100 * self.nulls / self.rows if self.rows else 0.0


Profile = Mapping[tuple[str, Scope], ColumnProfile]
"""By column and scope."""


def optional_columns(table: SourceTable) -> list[Column]:
    """The columns that may be null."""
    return [column for column in table.columns if not column.required and column.name != LOADED_AT]


def number_columns(table: SourceTable) -> list[str]:
    """The columns of numbers among them."""
    return [column.name for column in optional_columns(table) if column.data_type.startswith(_NUMBERS)]


def record_profile(
    run: Run, warehouse: Warehouse, table: SourceTable, rows: SourceRows, before: Profile
) -> Profile:
    """Count the values of a table's optional columns, and keep the counts as those of this run.

    Args:
        before: counts of the last publication; its values are counted even where few users still have them.
    """
    profile = _count(run, warehouse, table, rows, before)
    lines = [
        {
            "as_of_date": run.as_of_date,
            "run_key": run.run_key,
            "table_name": table.name,
            "column_name": column,
            "scope": scope,
            "value": value,
            "row_count": count,
            "total_count": found.rows,
        }
        for (column, scope), found in profile.items()
        for value, count in [
            (None, found.nulls),
            *((v, n) for v, n in found.values.items() if v in found.kept),
        ]
    ]
    replace_run_rows(warehouse, TABLE, run.run_key, lines, {"table_name": [table.name]})
    return profile


def profile_before(run: Run, warehouse: Warehouse, table: str) -> tuple[Profile, str] | None:
    """The counts of the newest publication before this run that has the table, and its as-of date; None where
    there is none."""
    earlier = {run.previous, *run.previous_by_family.values()} - {None}
    keys = ", ".join(f"'{published.run_key}'" for published in earlier if published)
    if not keys:
        return None
    lines = warehouse.fetch(
        f"select as_of_date, run_key, column_name, scope, value, row_count, total_count from {TABLE}"
        f" where table_name = ? and run_key in ({keys}) order by as_of_date desc, run_key, column_name, scope",
        (table,),
    )
    lines = [line for line in lines if line["run_key"] == lines[0]["run_key"]]
    nulls = {(str(x["column_name"]), x["scope"]): x for x in lines if x["value"] is None}
    profile: Profile = {
        place: ColumnProfile(
            rows=int(line["total_count"]),
            nulls=int(line["row_count"]),
            values={
                str(x["value"]): int(x["row_count"])
                for x in lines
                if x["value"] is not None and (x["column_name"], x["scope"]) == place
            },
        )
        for place, line in nulls.items()
    }
    return (profile, str(lines[0]["as_of_date"])) if lines else None


def _count(run: Run, warehouse: Warehouse, table: SourceTable, rows: SourceRows, before: Profile) -> Profile:
    shared = SHARED_VALUES.get(table.name, ())
    names = list(dict.fromkeys([*(column.name for column in optional_columns(table)), *shared]))
    conditions = _conditions(run, table)
    numbers = number_columns(table)
    marks = {
        **{name: _is_null(table.column(name)) for name in names},
        **{f"{name}_not_zero": f"{name} <> 0" for name in numbers},
    }
    # Each mark is made once per row, and only of rows that count: within the aggregates it took ten times the
    # CPU time.
    marked = ", ".join(
        [f"{conditions['recent']} as is_recent", *(f"{sql} as {name}_mark" for name, sql in marks.items())]
    )
    counts = ", ".join(
        f"coalesce(count_if({condition}), 0) as {scope}_{name}"
        for name in marks
        for scope, condition in (("all", f"{name}_mark"), ("recent", f"is_recent and {name}_mark"))
    )
    (found,) = warehouse.fetch(
        f"select count(*) as all_rows, coalesce(count_if(is_recent), 0) as recent_rows, {counts}"
        f" from (select {marked} from {rows.rows} as counted where {conditions['all']}) as marked"
    )
    not_zero = {
        (name, scope): {NOT_ZERO: int(n)}
        for name in numbers
        for scope in SCOPES
        if (n := found[f"{scope}_{name}_not_zero"])
    }
    looked_for = {
        name: sorted({v for scope in SCOPES if (name, scope) in before for v in before[name, scope].values})
        for name in shared
    }
    values = {
        name: _values(warehouse, rows, table.column(name), conditions, looked_for[name]) for name in shared
    }
    return {
        (name, scope): ColumnProfile(
            rows=int(found[f"{scope}_rows"]),
            nulls=int(found[f"{scope}_{name}"]),
            values=not_zero.get((name, scope))
            or {str(row["value"]): n for row in values.get(name, []) if (n := int(row[f"{scope}_rows"]))},
            kept=frozenset(
                {
                    *not_zero.get((name, scope), ()),
                    *(str(r["value"]) for r in values.get(name, []) if r["is_shared"]),
                }
            ),
        )
        for scope in SCOPES
        for name in names
    }


def _values(
    warehouse: Warehouse, rows: SourceRows, column: Column, conditions: Mapping[Scope, str], before: list[str]
) -> list[Row]:
    text = _text(column.name)
    counts = ", ".join(f"count_if({condition}) as {scope}_rows" for scope, condition in conditions.items())
    # True or false tells nothing of a person, and a deployment may have three testers.
    is_shared = (
        "true" if column.data_type == "boolean" else f"approx_count_distinct(user_id) >= {SHARED_BY_USERS}"
    )
    marks = ", ".join(["''", *("?" for _ in before)])
    return warehouse.fetch(
        f"select left({text}, {_LONGEST}) as value, {is_shared} as is_shared, {counts} from {rows.rows} as counted"
        f" where {text} is not null and {conditions['all']}"
        f" group by 1 having {is_shared} or left({text}, {_LONGEST}) in ({marks})",
        before,
    )


def _is_null(column: Column) -> str:
    """Whether a column has no value; only a text can be blank."""
    return f"{_text(column.name) if column.data_type == 'varchar' else column.name} is null"


def _text(name: str) -> str:
    text = f"nullif(trim(cast({name} as varchar)), '')"
    return f"lower({text})" if name in _FOLDED else text


def _conditions(run: Run, table: SourceTable) -> dict[Scope, str]:
    moment = MOMENTS[table.name]
    before, recent = (
        begin_literal(table.column(moment), run.as_of_date - back, run.as_of_instant - back)
        for back in (timedelta(), _RECENT)
    )
    return {"all": f"{moment} < {before}", "recent": f"({moment} >= {recent} and {moment} < {before})"}
