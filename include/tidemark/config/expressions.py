"""SQL in the deployment's files: expressions over the columns of one relation, and nothing else.

They are parsed and written anew by sqlglot, so what reaches a warehouse is what was read here. Allowed is what DuckDB and
Snowflake compute alike; the lists are reviewed by hand, and whatever is not on them is refused.
"""

from collections.abc import Iterator, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from include.tidemark.config.documents import unknown_name
from include.tidemark.errors import SettingsError

FUNCTIONS: Mapping[str, type[exp.Expr]] = {
    "abs": exp.Abs, "coalesce": exp.Coalesce, "ceil": exp.Ceil, "floor": exp.Floor, "if": exp.If, "left": exp.Left,
    "length": exp.Length, "lower": exp.Lower, "md5": exp.MD5, "nullif": exp.Nullif, "replace": exp.Replace,
    "right": exp.Right, "round": exp.Round, "split_part": exp.SplitPart, "substring": exp.Substring, "trim": exp.Trim,
    "try_cast": exp.TryCast, "cast": exp.Cast, "upper": exp.Upper,
}  # fmt: skip
"""Functions that may be called. Left out on purpose, because the two warehouses disagree about nulls, zones or rounding:
concat (use `||`), greatest, least, regexp_replace, every function of dates and clocks (use `format` and `timezone`)."""

_OPERATORS: tuple[type[exp.Expr], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Case, exp.And, exp.Or, exp.Not, exp.Is,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Like, exp.ILike, exp.Escape, exp.Add, exp.Sub,
    exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe, exp.DataType, exp.DataTypeParam, exp.JSONExtractScalar,
    exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey,
)  # fmt: skip
_TYPES = frozenset(
    {
        "VARCHAR",
        "TEXT",
        "BIGINT",
        "INT",
        "DOUBLE",
        "FLOAT",
        "DECIMAL",
        "BOOLEAN",
        "DATE",
        "TIMESTAMP",
        "TIMESTAMPNTZ",
    }
)
_ALLOWED: tuple[type[exp.Expr], ...] = (*_OPERATORS, *FUNCTIONS.values())


def parse_expression(text: str, dialect: str) -> exp.Expr:
    """The expression that a text holds.

    Raises:
        SettingsError: it is no single expression, or holds something that is not allowed; the message shows the place.
    """
    if not text.strip():
        raise SettingsError("the expression is empty; write a column's name, an expression, or null.")
    _refuse_trivia(text, dialect)
    try:
        statements = sqlglot.parse(text, dialect=dialect)
    except SqlglotError as error:
        found = getattr(error, "errors", None) or [{}]
        column = found[0].get("col")
        at = f" at character {column}" if column else ""
        raise SettingsError(f"'{text}' is not one SQL expression: it can't be read{at}.") from None
    (parsed,) = statements if len(statements) == 1 else (None,)
    if parsed is None:
        raise SettingsError(f"'{text}' is not one SQL expression.")
    for node in parsed.walk():
        if complaint := _complaint(node):
            raise SettingsError(f"'{text}' can't be used: {complaint}")
    return parsed


def columns_of(expression: exp.Expr) -> Iterator[exp.Column]:
    """The columns that an expression reads."""
    yield from expression.find_all(exp.Column)


def resolve_columns(expression: exp.Expr, known: Mapping[str, str], relation: str) -> exp.Expr:
    """The expression with every column under the very name that the relation has for it, in quotes.

    A name without quotes is found whatever its case; a quoted one as it is written.

    Args:
        known: the relation's columns and their types.

    Raises:
        SettingsError: the relation has no such column, or two that differ by case alone.
    """

    def resolve(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        name = node.name
        found = [column for column in known if column == name]
        if not found and not node.this.quoted:
            found = [column for column in known if column.lower() == name.lower()]
        if len(found) > 1:
            raise SettingsError(
                f"{relation} has more than one column '{name}' ({', '.join(found)}); quote the one you mean."
            )
        if not found:
            raise SettingsError(f"{relation} has no such column: {unknown_name(name, name, sorted(known))}")
        return exp.column(exp.to_identifier(found[0], quoted=True))

    return expression.copy().transform(resolve)


def to_sql(expression: exp.Expr, dialect: str) -> str:
    """The expression as one line of SQL."""
    return expression.sql(dialect=dialect, comments=False)


def _refuse_trivia(text: str, dialect: str) -> None:
    try:
        tokens = sqlglot.Dialect.get_or_raise(dialect).tokenize(text)
    except SqlglotError:
        raise SettingsError(f"'{text}' is not one SQL expression: a quote is not closed.") from None
    for token in tokens:
        if token.comments:
            raise SettingsError(f"'{text}' holds an SQL comment; write it as a YAML comment behind #.")
        if token.token_type is sqlglot.TokenType.SEMICOLON:
            raise SettingsError(
                f"'{text}' holds a semicolon at character {token.col}; it must be one expression."
            )
    if any(mark in text for mark in ("{{", "{%", "{#")):
        raise SettingsError(f"'{text}' holds template marks, which mean nothing here; remove the braces.")


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
        name = str(node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
        return f"the function {unknown_name(name, name, sorted(FUNCTIONS))}"
    if isinstance(node, exp.Command | exp.DDL | exp.DML | exp.Drop):
        return "it is a statement; only an expression is allowed."
    if not isinstance(node, _ALLOWED):
        return f"{node.key} is not allowed in an expression."
    return ""
