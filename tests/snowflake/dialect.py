"""What SQL must keep to mean on Snowflake what it means on DuckDB, looked up in its tokens and in its typed
syntax tree."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema
from sqlglot.tokens import TokenType  # type: ignore[attr-defined]

# Each was compared in both warehouses' references: same name, same arguments, same result for the types it is
# used with. greatest and least differ where an argument is null: the emulator follows Snowflake there, and
# its rows equal DuckDB's.
REVIEWED = frozenset(
    """abs avg cast ceil chr coalesce convert_timezone count dateadd datediff date_trunc extract greatest lead least left
    length ln lower lpad max max_by median min nullif parse_json rank round row_number sum to_varchar trim upper""".split()  # noqa: SIM905 - words to read
)
_BEFORE_A_PARENTHESIS = frozenset(
    """and array as by decimal distinct exists from in into join not number numeric on or over select set then union using
    values varchar when where with""".split()  # noqa: SIM905 - words to read
)

# https://docs.snowflake.com/en/sql-reference/reserved-keywords: words that can't name a column, a table or an
# alias.
RESERVED = frozenset(
    """account all alter and any as between by case cast check column connect connection constraint create cross current
    current_date current_time current_timestamp current_user database delete distinct drop else exists false following
    for from full grant group gscluster having ilike in increment inner insert intersect into is issue join lateral left
    like localtime localtimestamp minus natural not null of on or order organization qualify regexp revoke right rlike
    row rows sample schema select set some start table tablesample then to trigger true try_cast union unique update
    using values view when whenever where with""".split()  # noqa: SIM905 - words to read
)

_DUCKDB_ONLY: dict[type[exp.Expression], str] = {
    exp.Filter: "an aggregate with a filter",
    exp.Lambda: "a lambda",
    exp.Array: "a list literal",
    exp.Bracket: "an index into a list or a struct",
    exp.Struct: "a struct literal",
    exp.AtTimeZone: "at time zone",
    exp.RegexpLike: "a regular expression",
    exp.SimilarTo: "similar to",
    exp.PercentileCont: "an interpolated percentile, whose type differs",
    exp.Unnest: "unnest",
    exp.Columns: "columns()",
    exp.Command: "something that the parser does not know",
}
# The ledger's columns are declared not null where its table is made.
_NEVER_NULL = frozenset({"publication_id", "run_key"})
_DYNAMIC = {"has": "boolean", "cnt_days": "integer", "cnt": "bigint"}


@cache
def trees(sql: str) -> tuple[exp.Expression, ...]:
    """The statements of a text as Snowflake's dialect reads them, to be looked at only; a syntax error is
    raised."""
    parsed = sqlglot.parse(sql, read="snowflake", error_level=sqlglot.ErrorLevel.RAISE)
    return tuple(tree for tree in parsed if tree is not None)


def functions(sql: str) -> set[str]:
    """Names of functions as they are written; the parser would take a DuckDB name for Snowflake's."""
    tokens = Snowflake().tokenize(sql)
    names = {
        token.text.lower()
        for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False)
        if after is not None
        and after.token_type == TokenType.L_PAREN
        and token.text.isidentifier()
        and token.token_type not in (TokenType.STRING, TokenType.IDENTIFIER)
        and not _names_a_relation(before)
    }
    return names - _BEFORE_A_PARENTHESIS


def _names_a_relation(before: Any) -> bool:
    """Whether what follows is a table, as in `insert into t (a)`."""
    return before is not None and (
        before.token_type in (TokenType.INTO, TokenType.DOT, TokenType.TABLE) or before.text.lower() == "view"
    )


@cache
def misfits(sql: str) -> tuple[str, ...]:
    """Sentences on what Snowflake would refuse or take for something else, without knowing any type."""
    return tuple(_misfits(sql))


def _misfits(sql: str) -> Iterator[str]:
    for name in sorted(functions(sql) - REVIEWED):
        yield f"calls {name}(), which is not in the reviewed list"
    if "//" in re.sub(r"--[^\n]*|/\*.*?\*/|'[^']*'", "", sql, flags=re.DOTALL):
        yield "has //, which begins a comment"
    words = [token.text.lower() for token in Snowflake().tokenize(sql)]
    if any(word == "from" and before in ("(", ";", "") for before, word in pairwise(["", *words])):
        yield "begins a query with from"
    for tree in trees(sql):
        for kind, name in _DUCKDB_ONLY.items():
            if found := tree.find(kind):
                yield f"has {name}: {found.sql('snowflake')[:80]}"
        for join in tree.find_all(exp.Join):
            if join.kind in ("SEMI", "ANTI") or join.method in ("POSITIONAL",):
                yield f"has a {join.kind or join.method} join"
        for identifier in tree.find_all(exp.Identifier):
            if identifier.name.lower() in RESERVED and not identifier.quoted:
                yield f"uses the reserved word {identifier.name} as a name"
        for interval in tree.find_all(exp.Interval):
            if not isinstance(interval.this, exp.Literal):
                yield f"computes an interval: {interval.sql('snowflake')}"
        for order in tree.find_all(exp.Ordered):
            explicit = order.args.get("nulls_first") is not order.args.get("desc")
            if order.args.get("desc") and not explicit and order.this.name.lower() not in _NEVER_NULL:
                yield f"orders by {order.this.sql('snowflake')} descending, where the nulls' place differs"


def type_misfits(sql: str, schema: MappingSchema) -> Iterator[str]:
    """Sentences on what the two warehouses compute differently for the types at hand."""
    (tree,) = trees(sql)
    tree = qualify(tree.copy(), schema=schema, dialect="snowflake", quote_identifiers=False)
    for literal in tree.find_all(exp.Literal):
        if not literal.is_string and not literal.is_int:
            literal.replace(exp.cast(literal.copy(), "decimal(18, 6)", dialect="snowflake"))
    tree = annotate_types(tree, schema=schema, dialect="snowflake")
    for scope in traverse_scope(tree):
        if scope.is_correlated_subquery:
            yield f"has a correlated subquery: {scope.expression.sql('snowflake')[:80]}"
    for aggregate in tree.find_all(exp.AggFunc):
        argument = aggregate.this
        if isinstance(argument, exp.Expression) and argument.is_type("boolean"):
            if not isinstance(aggregate, exp.Count):
                yield f"aggregates booleans: {aggregate.sql('snowflake')}"
        elif isinstance(aggregate, exp.Avg) and not argument.is_type("double"):
            yield f"takes an average in whole numbers: {aggregate.sql('snowflake')}"
    for division in tree.find_all(exp.Div):
        if not (division.left.is_type("double") or division.right.is_type("double")):
            yield f"divides numbers of which none is a double: {division.sql('snowflake')}"
    for cast in tree.find_all(exp.Cast):
        inner = cast.this
        if cast.is_type("varchar") and inner.is_type(
            "date", "timestamp", "timestampntz", "double", "boolean"
        ):
            yield f"makes text as the session's format has it: {cast.sql('snowflake')}"
        rounded = isinstance(inner, exp.Literal) or inner.find(exp.Round, exp.Ceil) is not None
        if cast.is_type("int", "bigint", "decimal") and inner.is_type("double") and not rounded:
            yield f"leaves rounding to a cast: {cast.sql('snowflake')}"


def schema_of(manifest: Mapping[str, Any], events: list[str]) -> MappingSchema:
    """Types of the columns of sources, seeds and models, as their contracts declare them.

    Args:
        events: column parts of the events that give a model columns of its own (family early_engagement).
    """
    tables: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
    for node in [*manifest["nodes"].values(), *manifest["sources"].values()]:
        if node["resource_type"] not in ("model", "seed", "source"):
            continue
        columns = dict(node["config"].get("column_types") or {})
        columns |= {column["name"]: column["data_type"] or "varchar" for column in node["columns"].values()}
        if node["name"].startswith("dim_user_early_engagement"):
            columns |= {
                f"{start}_{event}_{'events_' * (start == 'cnt')}f7d": kind
                for start, kind in _DYNAMIC.items()
                for event in events
            }
        if columns:
            name = node.get("alias") or node.get("identifier") or node["name"]
            tables.setdefault(node["database"].lower(), {}).setdefault(node["schema"].lower(), {})[name] = (
                columns
            )
    return MappingSchema(tables, dialect="snowflake")
