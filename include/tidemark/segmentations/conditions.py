"""Conditions of segments and audiences: SQL expressions over the feature catalogue, checked before they reach
a warehouse.

`rule.<name>` stands for a rule, and `percentile(<feature>)` for the share of the others whose value is not
above: 0 to 1, and 1 for the highest. A condition that holds for a percentile of p includes who is at
percentile_cont(p) of all values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sqlglot import exp, parse_one

from include.tidemark.documents.document import unknown_name
from include.tidemark.documents.expressions import parse_expression
from include.tidemark.documents.sorts import (
    COMPARISONS,
    DIALECT,
    Sort,
    name_columns,
    refuse_mixed_sorts,
    refuse_no_condition,
)
from include.tidemark.errors import SettingsError
from include.tidemark.segmentations.catalogue import Feature

RuleValues = Mapping[str, float | int | str | bool] | Mapping[str, exp.Expr]

_FLIPPED: Mapping[type[exp.Expr], type[exp.Expr]] = {
    exp.GT: exp.LT, exp.LT: exp.GT, exp.GTE: exp.LTE, exp.LTE: exp.GTE, exp.EQ: exp.EQ, exp.NEQ: exp.NEQ,
}  # fmt: skip
_PERCENTILE = "percentile"
MARK = "percentile of "
"""Starts the name of the column that stands for a percentile while the rest of the condition is checked."""


@dataclass(frozen=True)
class Condition:
    """A condition as it is computed."""

    sql: str
    """Over one row of `user_features` and, where it asks for a percentile, all rows of the population."""
    tree: exp.Expr
    """The same before percentiles became windows, for words."""
    features: tuple[str, ...]
    """The features that it looks at, in the order of the catalogue."""


def compile_condition(text: str, features: Mapping[str, Feature], rules: RuleValues) -> Condition:
    """A condition that a file holds.

    Raises:
        SettingsError: it is no condition over the features; the message is a sentence without the place.
    """
    tree = parse_expression(text, DIALECT, replace=partial(_replaced, rules=rules))
    sorts: dict[str, Sort] = {name: feature.sort for name, feature in features.items()}
    sorts |= {MARK + name: "number" for name in features}
    for column in tree.find_all(exp.Column):
        if column.name.startswith(MARK):
            _refuse_no_number(column, features)
    used = {name.removeprefix(MARK) for name in name_columns(tree, sorts)}
    refuse_mixed_sorts(tree, sorts)
    refuse_no_condition(tree, sorts)
    return Condition(
        tree.transform(_windowed).sql(DIALECT), tree, tuple(name for name in features if name in used)
    )


def compile_value(text: str, features: Mapping[str, Feature]) -> str:
    """SQL of a value that is made of features.

    Raises:
        SettingsError: it is no expression over the features.
    """
    tree = parse_expression(text, DIALECT)
    name_columns(tree, {name: feature.sort for name, feature in features.items()})
    return tree.sql(DIALECT)


def rules_in(text: str) -> tuple[str, ...]:
    """The rules that an expression names, each once."""
    columns = parse_one(text, dialect=DIALECT).find_all(exp.Column, bfs=False) if text else ()
    return tuple(dict.fromkeys(column.name for column in columns if column.table.lower() == "rule"))


def compile_order(text: str, features: Mapping[str, Feature]) -> str:
    """An order such as `lifetime_value desc, platform`; nulls come last.

    Raises:
        SettingsError: a part of it is no feature with a direction.
    """
    parts = []
    for part in text.split(","):
        name, _, direction = " ".join(part.lower().split()).partition(" ")
        if name not in features:
            raise SettingsError(unknown_name(name, name, sorted(features), may_list=False))
        if direction not in ("", "asc", "desc"):
            raise SettingsError(f"'{part.strip()}' is no order; write a feature's name, then asc or desc.")
        parts.append(f"{name} {direction or 'asc'} nulls last")
    return ", ".join(parts)


def _replaced(node: exp.Expr, rules: RuleValues) -> exp.Expr:
    """What is in a file for a value or a column of another kind, as such."""
    if isinstance(node, exp.Column) and node.table.lower() == "rule":
        if node.name not in rules:
            raise SettingsError(unknown_name(f"rule.{node.name}", node.name, sorted(rules)))
        return exp.convert(rules[node.name])
    if isinstance(node, exp.Between) and _is_percentile(node.this):
        low, high = node.args["low"], node.args["high"]
        return exp.and_(
            exp.GTE(this=node.this, expression=low), exp.LTE(this=node.this.copy(), expression=high)
        ).transform(_replaced, rules=rules)
    if isinstance(node, exp.Anonymous) and node.name.lower() == _PERCENTILE:
        (argument, *others) = node.expressions or [None]
        if others or not isinstance(argument, exp.Column) or argument.table:
            raise SettingsError(
                "percentile takes the name of one feature, such as percentile(lifetime_value)."
            )
        return exp.column(MARK + argument.name.lower(), quoted=True)
    return node


def _is_percentile(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.lower() == _PERCENTILE


def _refuse_no_number(column: exp.Column, features: Mapping[str, Feature]) -> None:
    name = column.name.removeprefix(MARK)
    if name not in features:
        raise SettingsError(unknown_name(name, name, sorted(features), may_list=False))
    feature = features[name]
    if feature.sort != "number":
        raise SettingsError(f"percentile({feature.name}) means nothing: {feature.name} is no number.")
    above = column.parent
    if not isinstance(above, COMPARISONS) or _number_beside(column) is None:
        raise SettingsError(
            f"percentile({feature.name}) has to be compared with a number from 0 to 1, such as percentile({feature.name}) >= 0.9."
        )


def _number_beside(column: exp.Expr) -> str | None:
    """The number that a percentile is compared with."""
    above = column.parent
    other = above.args["expression" if column.arg_key == "this" else "this"] if above else None
    if not isinstance(other, exp.Literal) or other.is_string or not 0 <= float(other.this) <= 1:
        return None
    return str(other.this)


def _windowed(node: exp.Expr) -> exp.Expr:
    """Exact whole numbers instead of a quotient, so that a percentile which falls on a user includes this
    user everywhere."""
    if not isinstance(node, COMPARISONS):
        return node
    for side, comparison in (("this", type(node)), ("expression", _FLIPPED[type(node)])):
        column = node.args[side]
        if isinstance(column, exp.Column) and column.name.startswith(MARK):
            name, number = column.name.removeprefix(MARK), _number_beside(column)
            not_above = (
                f"count({name}) over (order by {name} range between unbounded preceding and current row)"
            )
            rank = f"case when {name} is not null then {not_above} - 1 end"
            bound = f"cast({number} as decimal(9, 6)) * (count({name}) over () - 1)"
            return _compared(comparison, rank, bound)
    return node


def _compared(comparison: type[exp.Expr], left: str, right: str) -> exp.Expr:
    return comparison(
        this=exp.paren(parse_one(left, dialect=DIALECT)),
        expression=exp.paren(parse_one(right, dialect=DIALECT)),
    )
