"""SQL in the deployment's files: expressions over the columns of one relation, and nothing else.

They are parsed and written anew by sqlglot, so what reaches a warehouse is what was read here. Allowed is
what DuckDB and Snowflake compute alike; the lists are reviewed by hand, and whatever is not on them is
refused.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from include.tidemark.documents.document import unknown_name
from include.tidemark.errors import SettingsError
from include.tidemark.shared_texts import in_a_line

FUNCTIONS: Mapping[str, type[exp.Expr]] = {
    "abs": exp.Abs, "coalesce": exp.Coalesce, "ceil": exp.Ceil, "floor": exp.Floor, "if": exp.If, "left": exp.Left,
    "length": exp.Length, "lower": exp.Lower, "md5": exp.MD5, "nullif": exp.Nullif, "replace": exp.Replace,
    "right": exp.Right, "round": exp.Round, "split_part": exp.SplitPart, "substring": exp.Substring, "trim": exp.Trim,
    "try_cast": exp.TryCast, "cast": exp.Cast, "upper": exp.Upper,
}  # fmt: skip
"""Functions that may be called. Left out on purpose, because the two warehouses disagree about nulls, zones
or rounding: concat (use `||`), greatest, least, regexp_replace, every function of dates and clocks (use
`format` and `timezone`)."""

_OPERATORS: tuple[type[exp.Expr], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Case, exp.And, exp.Or, exp.Not, exp.Is,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Like, exp.ILike, exp.Escape, exp.Add, exp.Sub,
    exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe, exp.DataType, exp.DataTypeParam, exp.JSONExtractScalar,
    exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey,
)  # fmt: skip
_TYPES = frozenset(
    {"VARCHAR", "TEXT", "BIGINT", "INT", "DOUBLE", "DECIMAL", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMPNTZ"}
)  # fmt: skip
TEMPLATE_MARKS = ("{{", "{%", "{#")
"""What a template engine on the way to the warehouse would take for its own."""
_LONGEST, _LONGEST_SHOWN = 10_000, 200
_ALLOWED: tuple[type[exp.Expr], ...] = (*_OPERATORS, *FUNCTIONS.values())


def parse_expression(
    text: str, dialect: str, replace: Callable[[exp.Expr], exp.Expr] | None = None
) -> exp.Expr:
    """The expression that a text holds, as it reads once written anew: what is parsed later is this very
    tree.

    Args:
        replace: what stands for a node of it, before anything is refused; given each node, it returns one.

    Raises:
        SettingsError: it is no single expression, or holds something that is not allowed; the message shows
            the place.
    """
    if not text.strip():
        raise SettingsError("the expression is empty; write a column's name, an expression, or null.")
    if len(text) > _LONGEST:
        raise SettingsError(
            f"an expression of {len(text):,} characters is too long (at most {_LONGEST:,}); make a view of it."
        )
    _refuse_trivia(text, dialect)
    try:
        parsed = _single(text, dialect)
        parsed = parsed.transform(replace) if replace else parsed
        _refuse_other_nodes(parsed, text)
        written = to_sql(parsed, dialect)
        again = _single(written, dialect)
        _refuse_other_nodes(again, text)
        stable = to_sql(again, dialect) == written
    except RecursionError:
        raise SettingsError(
            f"{_shown(text)} is nested too deeply; write it with fewer parentheses and operators, or make a view of it."
        ) from None
    if not stable:
        raise SettingsError(
            f"{_shown(text)} can't be written for the warehouse as it is; write it another way."
        )
    return again


def _single(text: str, dialect: str) -> exp.Expr:
    """A tree of the caller's own; the same few conditions are asked for by many tables and checks of a
    run."""
    return _parsed(text, dialect).copy()


@lru_cache(maxsize=1024)
def _parsed(text: str, dialect: str) -> exp.Expr:
    try:
        statements = sqlglot.parse(text, dialect=dialect)
    except SqlglotError as error:
        found = getattr(error, "errors", None) or [{}]
        column = found[0].get("col")
        at = f": it can't be read at character {column}" if column else ""
        raise SettingsError(f"{_shown(text)} is not one SQL expression{at}.") from None
    (parsed,) = statements if len(statements) == 1 else (None,)
    if parsed is None:
        raise SettingsError(f"{_shown(text)} is not one SQL expression.")
    return parsed


def _refuse_other_nodes(parsed: exp.Expr, text: str) -> None:
    for node in parsed.walk():
        if complaint := _complaint(node):
            raise SettingsError(f"{_shown(text)} can't be used: {complaint}")


def _shown(text: str) -> str:
    return f"'{in_a_line(' '.join(text.split()), _LONGEST_SHOWN)}'"


def columns_of(expression: exp.Expr) -> Iterator[exp.Column]:
    """The columns that an expression reads."""
    yield from expression.find_all(exp.Column)


def resolve_columns(
    expression: exp.Expr, known: Mapping[str, str], relation: str, *, may_list: bool = True
) -> exp.Expr:
    """The expression with every column under the very name that the relation has for it, in quotes.

    A name without quotes is found whatever its case; a quoted one as it is written.

    Args:
        known: the relation's columns and their types.
        may_list: whether a message may name all of them.

    Raises:
        SettingsError: the relation has no such column, or two that differ by case alone.
    """

    def resolve(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        name = node.name
        found = [
            column
            for column in known
            if column == name or (not node.this.quoted and column.lower() == name.lower())
        ]
        if len(found) > 1:
            raise SettingsError(
                f"{relation} has more than one column '{name}' ({', '.join(found)}); quote the one you mean."
            )
        if not found:
            unknown = unknown_name(name, name, sorted(known), may_list=may_list)
            raise SettingsError(f"{relation} has no such column: {unknown}{_case_hint(node, known)}")
        return exp.column(exp.to_identifier(found[0], quoted=True))

    return expression.copy().transform(resolve)


def to_sql(expression: exp.Expr, dialect: str) -> str:
    """The expression as one line of SQL. A quote within a text is doubled, which both warehouses read; a
    backslash is in none."""
    return expression.sql(dialect=dialect, comments=False).replace("\\'", "''")


def _case_hint(column: exp.Column, known: Mapping[str, str]) -> str:
    near = [name for name in known if name.lower() == column.name.lower()]
    return f" In quotes it is taken as it is written: it is {near[0]} there." if near else ""


def _refuse_trivia(text: str, dialect: str) -> None:
    try:
        tokens = sqlglot.Dialect.get_or_raise(dialect).tokenize(text)
    except SqlglotError:
        raise SettingsError(
            f"{_shown(text)} is not one SQL expression: a quote is not closed, or a sign is not SQL's."
        ) from None
    for token in tokens:
        if token.comments:
            raise SettingsError(f"{_shown(text)} holds an SQL comment; write it as a YAML comment behind #.")
        if token.token_type is sqlglot.TokenType.SEMICOLON:
            raise SettingsError(
                f"{_shown(text)} holds a semicolon at character {token.col}; it must be one expression."
            )
    kinds = [token.token_type for token in tokens]
    for place in range(1, len(tokens)):
        is_type = kinds[place - 1] in (sqlglot.TokenType.ALIAS, sqlglot.TokenType.DCOLON)
        has_digits = kinds[place + 1 : place + 2] == [sqlglot.TokenType.L_PAREN]
        if is_type and has_digits and kinds[place] in (sqlglot.TokenType.VARCHAR, sqlglot.TokenType.TEXT):
            raise SettingsError(
                f"{_shown(text)} can't be used: one warehouse ignores the length of a text; cut it by left(..., n)."
            )
        if is_type and kinds[place] is sqlglot.TokenType.DECIMAL and not has_digits:
            raise SettingsError(
                f"{_shown(text)} can't be used: {tokens[place].text} has other digits in each warehouse; say them, such as"
                " decimal(18, 4)."
            )
    if any(mark in text for mark in TEMPLATE_MARKS):
        raise SettingsError(
            f"{_shown(text)} holds template marks, which mean nothing here; remove the braces."
        )


def _complaint(node: exp.Expr) -> str:  # noqa: PLR0911 - one return per reason
    if isinstance(node, exp.Query | exp.Subquery):
        return "it holds a query; only expressions over the columns of the one relation are allowed."
    if isinstance(node, exp.AggFunc | exp.Window):
        return f"{node.key} looks at several rows; only expressions over the columns of one row are allowed."
    if isinstance(node, exp.Column) and (node.table or isinstance(node.this, exp.Star)):
        return "name columns of the relation plainly, without the relation's name."
    if isinstance(node, exp.DataType) and node.this.name not in _TYPES:
        return f"the type {node.sql()} is not among {', '.join(sorted(_TYPES)).lower()}."
    if isinstance(node, exp.Anonymous | exp.Func) and not isinstance(node, _ALLOWED):
        name = str(node.name if isinstance(node, exp.Anonymous) else node.meta.get("name") or node.sql_name())
        return f"the function {unknown_name(name.lower(), name.lower(), sorted(FUNCTIONS))}"
    if isinstance(node, exp.Command | exp.DDL | exp.DML | exp.Drop):
        return "it is a statement; only an expression is allowed."
    if not isinstance(node, _ALLOWED):
        return f"{node.key} is not allowed in an expression."
    return _other_meaning(node) or _other_result(node)


def _other_result(node: exp.Expr) -> str:
    """What the two warehouses would compute otherwise."""
    if isinstance(node, exp.Div | exp.Mod) and not _never_zero(node.expression):
        return "a division by 0 is an error in one warehouse and null in the other; divide by a number, or by nullif(..., 0)."
    if (
        isinstance(node, exp.Substring)
        and isinstance(node.args.get("start"), exp.Literal)
        and node.args["start"].this == "0"
    ):
        return "the first character of a text is 1."
    return ""


def _never_zero(divisor: exp.Expr) -> bool:
    """Whether a divisor is a number, or null in place of 0."""
    while isinstance(divisor, exp.Paren):
        divisor = divisor.this
    if isinstance(divisor, exp.Nullif):
        return isinstance(divisor.expression, exp.Literal) and divisor.expression.this.strip("0.") == ""
    return isinstance(divisor, exp.Literal) and not divisor.is_string and divisor.this.strip("0.") != ""


def _other_meaning(node: exp.Expr) -> str:
    """What would be read in two ways, or written otherwise than it is meant."""
    if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null):
        return "after `is` only null and not null are allowed; write coalesce(..., false) for `is true`."
    if isinstance(node, exp.In) and not node.expressions and not node.args.get("query"):
        return "after `in` name the values, such as ('a', 'b')."
    if isinstance(node, exp.Literal | exp.Identifier) and any(
        ord(sign) < 32 or sign == "\\" for sign in node.name
    ):
        return "a text or name holds a backslash, a line break or a control character, which warehouses read differently."
    if isinstance(node, exp.JSONPathKey) and "$" in str(node.this):
        return "name a key of JSON without $, such as properties ->> 'plan'."
    return ""
