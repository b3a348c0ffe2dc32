"""Sorts of values: whether what a file compares can be compared, before a warehouse says so in the middle of
a month."""

import datetime
from collections.abc import Mapping
from typing import Literal

from sqlglot import exp

from include.tidemark.documents.document import unknown_name
from include.tidemark.documents.expressions import columns_of
from include.tidemark.errors import SettingsError

DIALECT = "duckdb"
"""What expressions over our own columns are read and written in. What is allowed in them is written alike for
Snowflake."""

Sort = Literal["text", "date", "boolean", "number"]
"""What a value can be compared with: another of its sort."""

COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_RESULTS: Mapping[Sort, tuple[type[exp.Expr], ...]] = {
    "boolean": (*COMPARISONS, exp.Between, exp.In, exp.Is, exp.Like, exp.ILike, exp.And, exp.Or, exp.Not, exp.Boolean),
    "number": (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Abs, exp.Round, exp.Ceil, exp.Floor, exp.Length),
    "text": (exp.Lower, exp.Upper, exp.Trim, exp.DPipe, exp.Left, exp.Right, exp.Substring),
}  # fmt: skip
"""What functions and operators give."""


def name_columns(tree: exp.Expr, known: Mapping[str, Sort]) -> set[str]:
    """Write each column of an expression as it is called, in lower case without quotes.

    Returns:
        The columns that it reads.

    Raises:
        SettingsError: one of them is not known.
    """
    used = set()
    for column in columns_of(tree):
        name = column.name if column.name in known else column.name.lower()
        if name not in known:
            raise SettingsError(unknown_name(name, name, sorted(known), may_list=False))
        if name.isidentifier():
            column.set("this", exp.to_identifier(name))
        used.add(name)
    return used


def sort_of(node: exp.Expr, known: Mapping[str, Sort]) -> Sort | None:
    """The sort of a value, where it can be told without computing it."""
    if isinstance(node, exp.Paren | exp.Neg):
        return sort_of(node.this, known)
    if isinstance(node, exp.Column):
        return known[node.name]
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "number"
    return next((sort for sort, kinds in _RESULTS.items() if isinstance(node, kinds)), None)


def refuse_mixed_sorts(tree: exp.Expr, known: Mapping[str, Sort]) -> None:
    """Warehouses disagree on what a number is beside a text.

    Raises:
        SettingsError: something is compared with another sort of value.
    """
    for node in tree.find_all(*COMPARISONS, exp.Between, exp.In):
        others = [node.args.get(name) for name in ("expression", "low", "high")] + list(node.expressions)
        one = sort_of(node.this, known)
        for other in (each for each in others if each is not None):
            two = sort_of(other, known)
            if "date" in (one, two) and _is_day(node.this if two == "date" else other):
                continue
            if one and two and one != two:
                raise SettingsError(f"'{node.sql(DIALECT)}' compares a {one} with a {two}.")


def refuse_no_condition(node: exp.Expr, known: Mapping[str, Sort]) -> None:
    """Refuse a value that is neither true nor false."""
    if not _is_condition(node, known):
        raise SettingsError(
            f"'{node.sql(DIALECT)}' is no condition; compare it with something, such as `> 0`."
        )


def _is_condition(node: exp.Expr, known: Mapping[str, Sort]) -> bool:
    if isinstance(node, exp.And | exp.Or):
        return _is_condition(node.left, known) and _is_condition(node.right, known)
    if isinstance(node, exp.Paren | exp.Not):
        return _is_condition(node.this, known)
    if isinstance(node, exp.Coalesce | exp.Case | exp.If):
        return True
    return sort_of(node, known) == "boolean"


def _is_day(node: exp.Expr) -> bool:
    """Whether a text is a date, which both warehouses compare with dates."""
    if not isinstance(node, exp.Literal) or not node.is_string:
        return False
    try:
        return bool(datetime.date.fromisoformat(node.this).isoformat() == node.this)
    except ValueError:
        return False
