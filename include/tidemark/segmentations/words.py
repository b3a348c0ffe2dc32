"""Conditions in words, for definitions and the report."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from include.tidemark.documents.sorts import DIALECT
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.conditions import MARK, Condition

_COMPARED: Mapping[type[exp.Expr], str] = {
    exp.EQ: "is {1}", exp.NEQ: "is not {1}", exp.GT: "is above {1}", exp.GTE: "is {1} or more", exp.LT: "is below {1}",
    exp.LTE: "is {1} or less",
}  # fmt: skip
_UNITS = {"percent": " %", "days": " days", "months": " months", "seconds": " s", "bps": " bps"}


def in_words(condition: Condition | None, money: Callable[[Any], str]) -> str:
    """The condition of a segment as a sentence; for the last segment, that it takes everyone else.

    Args:
        money: writes an amount.
    """
    if condition is None:
        return "Everyone to whom no segment above applies."
    text = _said(condition.tree, money)
    return f"{text[0].upper()}{text[1:]}."


def _said(node: exp.Expr, money: Callable[[Any], str]) -> str:
    if isinstance(node, exp.And | exp.Or):
        return f"{_said(node.left, money)}, {node.key} {_said(node.right, money)}"
    if isinstance(node, exp.Paren):
        return f"({_said(node.this, money)})"
    if isinstance(node, exp.Is | exp.Not):
        return _negated(node, money)
    return _compared(node, money)


def _negated(node: exp.Expr, money: Callable[[Any], str]) -> str:
    if isinstance(node, exp.Is):
        return f"{_name(node.this)} is not known"
    if isinstance(node.this, exp.Is):
        return f"{_name(node.this.this)} is known"
    return f"not {_said(node.this, money)}"


def _compared(node: exp.Expr, money: Callable[[Any], str]) -> str:
    if isinstance(node, exp.Between):
        low, high = (_value(node.args[end], node.this, money) for end in ("low", "high"))
        return f"{_name(node.this)} is from {low} to {high}"
    if isinstance(node, exp.In):
        values = " or ".join(_value(each, node.this, money) for each in node.expressions)
        return f"{_name(node.this)} is {values}"
    if type(node) in _COMPARED:
        said = _COMPARED[type(node)].replace("{1}", _value(node.expression, node.this, money))
        return f"{_name(node.this)} {said}"
    return _name(node)


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.Column):
        if node.name.startswith(MARK):
            return f"the percentile of {catalogue()[node.name.removeprefix(MARK)].words}"
        return catalogue()[node.name].words
    return node.sql(DIALECT)


def _value(node: exp.Expr, beside: exp.Expr, money: Callable[[Any], str]) -> str:
    """A value in the unit of what it is compared with."""
    known = isinstance(beside, exp.Column) and not beside.name.startswith(MARK)
    unit = catalogue()[beside.name].unit if known else None
    text = node.name if isinstance(node, exp.Literal) else _name(node)
    if isinstance(node, exp.Literal) and not node.is_string and unit == "money":
        return money(float(text))
    return (
        f"{text}{_UNITS.get(unit or '', '')}"
        if isinstance(node, exp.Literal) and not node.is_string
        else text
    )
