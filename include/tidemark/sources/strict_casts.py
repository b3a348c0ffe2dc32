"""Casts of texts in the deployment's expressions, which take a text only if nothing of it is lost.

By themselves the engines drop what follows a time (an offset, PM, any word), take 1_000 for a thousand, and
round 5.7 to 6.
"""

import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp

from include.tidemark.errors import SourceError
from include.tidemark.sources.dialects import ISO_DATE, ISO_TIME, ZERO_TIME, Dialect
from include.tidemark.sources.kinds import Kind, kind_of

_DECIMALS = re.compile(r"DECIMAL\(\d+, *(\d+)\)")
_PATTERNS = {
    "TIMESTAMP": f"{ISO_DATE}({ISO_TIME})?",
    "TIMESTAMPNTZ": f"{ISO_DATE}({ISO_TIME})?",
    "DATE": f"{ISO_DATE}{ZERO_TIME}",
    "BIGINT": "[+-]?[0-9]+([.]0*)?",
    "INT": "[+-]?[0-9]+([.]0*)?",
    "DOUBLE": "[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?",
}
_UNREADABLE = "this text is refused"
"""No engine casts it to anything."""


def strict(expression: exp.Expr, type_of: Callable[[str], str], dialect: Dialect) -> exp.Expr:
    """The expression with each cast of a text held to what the type keeps whole; `try_cast` gives null for
    the rest.

    Args:
        type_of: the type of an expression in SQL.

    Raises:
        SourceError: a text is compared with a number, which would compare it with the number that it is
            rounded to.
    """

    def is_text(node: exp.Expr) -> bool:
        return kind_of(type_of(node.sql(dialect=dialect.name))) is Kind.TEXT

    def held(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.EQ | exp.NEQ | exp.In | exp.Nullif | exp.Case):
            _refuse_rounding(node, is_text)
        if not isinstance(node, exp.Cast):
            return node
        pattern = _pattern(node.to)
        if pattern is None or _keeps(node.this, pattern) or not is_text(node.this):
            return node
        text = node.this.sql(dialect=dialect.name)
        whole = dialect.matches(f"trim({text})", pattern)
        held_text = f"case when {text} is null or {whole} then {text} else '{_UNREADABLE}' end"
        kept = node.copy()
        kept.set("this", sqlglot.parse_one(held_text, dialect=dialect.name))
        return kept

    return _bottom_up(expression.copy(), held)


def _keeps(operand: exp.Expr, pattern: str) -> bool:
    """Whether the operand is a text of the expression's own, such as in date '2026-01-31', that keeps the
    pattern."""
    return isinstance(operand, exp.Literal) and re.fullmatch(pattern, operand.name.strip()) is not None


def _bottom_up(node: exp.Expr, change: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """Unlike sqlglot's own transform it does not look into what it has just made."""
    for child in list(node.iter_expressions()):
        changed = _bottom_up(child, change)
        if changed is not child:
            child.replace(changed)
    return change(node)


def _pattern(data_type: exp.Expr) -> str | None:
    """What a text must be to keep all of it as this type; None where every cast does."""
    if found := _DECIMALS.fullmatch(data_type.sql()):
        places = found[1]
        return f"[+-]?([0-9]+([.][0-9]{{0,{places}}}0*)?|[.][0-9]{{1,{max(int(places), 1)}}}0*)"
    return _PATTERNS.get(data_type.sql().partition("(")[0])


def _refuse_rounding(node: exp.Expr, is_text: Callable[[exp.Expr], bool]) -> None:
    if isinstance(node, exp.Case):
        compared = [each.this for each in node.args["ifs"]] if node.this is not None else []
    else:
        compared = node.expressions if isinstance(node, exp.In) else [node.expression]
    sides = [node.this, *compared]
    if any(map(_is_number, sides)) and any(not _is_number(side) and is_text(side) for side in sides if side):
        raise SourceError(
            "it compares a text with a number, and the text would be rounded to it; write the number in quotes, or cast the text."
        )


def _is_number(node: exp.Expr | None) -> bool:
    while isinstance(node, exp.Neg | exp.Paren):
        node = node.this
    return isinstance(node, exp.Literal) and not node.is_string
