"""Conditions of segments and audiences: SQL expressions over the feature catalogue, checked before they reach a warehouse.

`rule.<name>` stands for a rule, and `percentile(<feature>)` for the share of the others whose value is not above: 0 to 1, and 1
for the highest. A condition that holds for a percentile of p includes who is at percentile_cont(p) of all values.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sqlglot import exp, parse_one

from include.tidemark.config.documents import unknown_name
from include.tidemark.config.expressions import columns_of, parse_expression
from include.tidemark.errors import SettingsError
from include.tidemark.segmentations.catalogue import Feature, Sort

DIALECT = "duckdb"
"""What conditions are read and written in. What is allowed in them is written alike for Snowflake: a test parses it there."""

RuleValues = Mapping[str, float | int | str | bool]

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_PREDICATES = (*_COMPARISONS, exp.Between, exp.In, exp.Is, exp.Like, exp.ILike)
_FLIPPED: Mapping[type[exp.Expr], type[exp.Expr]] = {
    exp.GT: exp.LT, exp.LT: exp.GT, exp.GTE: exp.LTE, exp.LTE: exp.GTE, exp.EQ: exp.EQ, exp.NEQ: exp.NEQ,
}  # fmt: skip
_PERCENTILE = "percentile"
_RESULTS: Mapping[Sort, tuple[type[exp.Expr], ...]] = {
    "boolean": (exp.Boolean,),
    "number": (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Abs, exp.Round, exp.Ceil, exp.Floor, exp.Length),
    "text": (exp.Lower, exp.Upper, exp.Trim, exp.DPipe, exp.Left, exp.Right, exp.Substring),
}  # fmt: skip
"""What functions and operators give."""
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
    used = _used(tree, features)
    _refuse_mixed_sorts(tree, features)
    if not _is_condition(tree, features):
        raise SettingsError(
            f"'{tree.sql(DIALECT)}' is no condition; compare it with something, such as `> 0`."
        )
    return Condition(tree.transform(_windowed).sql(DIALECT), tree, used)


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
    """What stands in a file for a value or a column of another kind, as such."""
    if isinstance(node, exp.Column) and node.table.lower() == "rule":
        if node.name not in rules:
            raise SettingsError(unknown_name(f"rule.{node.name}", node.name, sorted(rules)))
        return exp.convert(rules[node.name])
    if isinstance(node, exp.Between) and _is_percentile(node.this):
        low, high = node.args["low"], node.args["high"]
        return exp.and_(exp.GTE(this=node.this, expression=low), exp.LTE(this=node.this.copy(), expression=high)).transform(
            _replaced, rules=rules
        )  # fmt: skip
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


def _used(tree: exp.Expr, features: Mapping[str, Feature]) -> tuple[str, ...]:
    used = set()
    for column in columns_of(tree):
        name = column.name.removeprefix(MARK)
        if column.name == name:
            column.set("this", exp.to_identifier(name := name.lower()))
        if name not in features:
            raise SettingsError(unknown_name(name, name, sorted(features), may_list=False))
        if column.name.startswith(MARK):
            _refuse_no_number(column, features[name])
        used.add(name)
    return tuple(name for name in features if name in used)


def _refuse_no_number(column: exp.Column, feature: Feature) -> None:
    if feature.sort != "number":
        raise SettingsError(f"percentile({feature.name}) means nothing: {feature.name} is no number.")
    above = column.parent
    if not isinstance(above, _COMPARISONS) or _number_beside(column) is None:
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
    """Exact whole numbers instead of a quotient, so that a percentile which falls on a user includes this user everywhere."""
    if not isinstance(node, _COMPARISONS):
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


def _sort_of(node: exp.Expr, features: Mapping[str, Feature]) -> Sort | None:
    """The sort of a value, where it can be told without computing it."""
    if isinstance(node, exp.Paren | exp.Neg):
        return _sort_of(node.this, features)
    if isinstance(node, exp.Column):
        return "number" if node.name.startswith(MARK) else features[node.name].sort
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "number"
    return next((sort for sort, kinds in _RESULTS.items() if isinstance(node, kinds)), None)


def _refuse_mixed_sorts(tree: exp.Expr, features: Mapping[str, Feature]) -> None:
    """Warehouses disagree on what a number is beside a text, and raise the error in the middle of a month."""
    for node in tree.find_all(*_COMPARISONS, exp.Between, exp.In):
        others = [node.args.get(name) for name in ("expression", "low", "high")] + list(node.expressions)
        one = _sort_of(node.this, features)
        for other in (each for each in others if each is not None):
            two = _sort_of(other, features)
            if "date" in (one, two) and _is_day(node.this if two == "date" else other):
                continue
            if one and two and one != two:
                raise SettingsError(f"'{node.sql(DIALECT)}' compares a {one} with a {two}.")


def _is_day(node: exp.Expr) -> bool:
    """Whether a text is a date, which both warehouses compare with dates."""
    if not isinstance(node, exp.Literal) or not node.is_string:
        return False
    try:
        return bool(datetime.date.fromisoformat(node.this).isoformat() == node.this)
    except ValueError:
        return False


def _is_condition(node: exp.Expr, features: Mapping[str, Feature]) -> bool:
    if isinstance(node, exp.And | exp.Or):
        return _is_condition(node.left, features) and _is_condition(node.right, features)
    if isinstance(node, exp.Paren | exp.Not):
        return _is_condition(node.this, features)
    if isinstance(node, exp.Coalesce | exp.Case | exp.If):
        return True
    return (
        isinstance(node, (*_COMPARISONS, exp.Between, exp.In, exp.Is, exp.Like, exp.ILike, exp.Boolean))
        or _sort_of(node, features) == "boolean"
    )
