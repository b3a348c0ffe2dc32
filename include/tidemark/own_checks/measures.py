"""Measures and conditions over the columns of one table, checked before they reach a warehouse.

A measure is a number made of aggregates: `count(*)`, `count(column)`, `count(distinct column)`,
`count_if(condition)`, and `sum`, `avg`, `min` and `max` of numbers. Within an aggregate stands an expression
over one row, around them one over their numbers; a query stands nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp, parse_one

from include.tidemark.documents.expressions import parse_expression, to_sql
from include.tidemark.documents.sorts import (
    DIALECT,
    Sort,
    name_columns,
    refuse_mixed_sorts,
    refuse_no_condition,
    sort_of,
)
from include.tidemark.errors import SettingsError

AGGREGATES: Mapping[type[exp.Expr], str] = {
    exp.Count: "count", exp.CountIf: "count_if", exp.Sum: "sum", exp.Avg: "avg", exp.Min: "min", exp.Max: "max",
}  # fmt: skip
"""What may look at several rows: what DuckDB and Snowflake compute alike, with nulls left out."""

_MARK = "aggregate "
"""Starts the name of the column that stands for an aggregate while what is around it is checked."""


@dataclass(frozen=True)
class Measure:
    """A measure as it is computed."""

    sql: str
    shows_a_row: bool
    """Whether it may be the value of one row: a least or a greatest one."""


def compile_rows_where(text: str, columns: Mapping[str, Sort]) -> str:
    """SQL of the condition that a file holds.

    Raises:
        SettingsError: it is no condition over the columns; the message is a sentence without the place.
    """
    return _row_expression(text, columns, is_condition=True)


def compile_measure(text: str, columns: Mapping[str, Sort]) -> Measure:
    """A measure that a file holds.

    Raises:
        SettingsError: it is no number made of aggregates of the columns; the message is a sentence without
            the place.
    """
    found: dict[str, exp.Expr] = {}

    def stand_in(node: exp.Expr) -> exp.Expr:
        if type(node) not in AGGREGATES:
            return node
        name = f"{_MARK}{len(found)}"
        found[name] = node
        return exp.column(name, quoted=True)

    tree = parse_expression(text, DIALECT, replace=stand_in)
    aggregates = {name: _aggregate(node, columns) for name, node in found.items()}
    for column in tree.find_all(exp.Column):
        if column.name not in aggregates:
            raise SettingsError(
                f"'{column.name}' stands outside of {', '.join(AGGREGATES.values())}; a measure is one number for all rows, such as"
                f" sum({column.name})."
            )
    if not aggregates:
        raise SettingsError(
            f"'{text}' looks at no row; a measure is made of {', '.join(AGGREGATES.values())}."
        )
    sorts: dict[str, Sort] = dict.fromkeys(aggregates, "number")
    refuse_mixed_sorts(tree, sorts)
    if sort_of(tree, sorts) in ("text", "boolean"):
        raise SettingsError(f"'{text}' is a {sort_of(tree, sorts)}; a measure is a number.")

    def written(node: exp.Expr) -> exp.Expr:
        return parse_one(aggregates[node.name], dialect=DIALECT) if isinstance(node, exp.Column) else node

    return Measure(
        to_sql(tree.transform(written), DIALECT),
        any(isinstance(node, exp.Min | exp.Max) for node in found.values()),
    )


def _aggregate(node: exp.Expr, columns: Mapping[str, Sort]) -> str:
    """SQL of one aggregate, whose argument is written anew."""
    name, argument = AGGREGATES[type(node)], node.this
    if node.expressions or node.args.get("count"):
        raise SettingsError(f"{name} takes one value.")
    if isinstance(argument, exp.Star) and name == "count":
        return "count(*)"
    distinct = ""
    if isinstance(argument, exp.Distinct) and name == "count" and len(argument.expressions) == 1:
        argument, distinct = argument.expressions[0], "distinct "
    if argument is None or isinstance(argument, exp.Star | exp.Distinct):
        raise SettingsError(f"{name} takes one value, such as {name}(column); distinct goes with count only.")
    inner = argument.sql(DIALECT)
    if name == "count_if":
        return f"coalesce(count_if({_row_expression(inner, columns, is_condition=True)}), 0)"
    return f"{name}({distinct}{_row_expression(inner, columns, is_number=name != 'count')})"


def _row_expression(
    text: str, columns: Mapping[str, Sort], *, is_condition: bool = False, is_number: bool = False
) -> str:
    tree = parse_expression(text, DIALECT)
    name_columns(tree, columns)
    refuse_mixed_sorts(tree, columns)
    if is_condition:
        refuse_no_condition(tree, columns)
    if is_number and sort_of(tree, columns) in ("text", "date", "boolean"):
        raise SettingsError(
            f"'{text}' is a {sort_of(tree, columns)}; sum, avg, min and max take numbers: count it, or the rows in which it is so."
        )
    return to_sql(tree, DIALECT)
