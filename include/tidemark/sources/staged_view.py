"""The view `landing` over what a reader gives: names of the file, blank as null, partitions; and what its
errors mean."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from include.tidemark.errors import SourceError
from include.tidemark.sql_names import identifier

_OWN_TROUBLE = (
    duckdb.OutOfMemoryException,
    duckdb.InternalException,
    duckdb.FatalException,
    duckdb.InterruptException,
    duckdb.ConnectionException,
)
_LINE = re.compile(r"\b[Ll]ine:? (\d+)")


def literal(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"


def make_view(  # noqa: PLR0917 - a view is all of these
    engine: duckdb.DuckDBPyConnection,
    uri: str,
    names: Sequence[str],
    texts: Sequence[bool],
    relation: str,
    partitions: Mapping[str, str | None],
    reader: Sequence[str] | None = None,
    null_words: Sequence[str] = (),
) -> None:
    """Make the view `landing`.

    Args:
        names: of the columns, in order.
        texts: which of them are text, whose blank cells become null.
        relation: SQL of the reader.
        reader: the reader's own names; c0, c1, ... by default.
        null_words: texts that mean null besides blank ones, with or without blanks around them. (DuckDB's own
            option takes no word with a quote sign.)

    Raises:
        SourceError: a name is repeated, as it also is when it differs in case alone.
    """
    _refuse_repeated(uri, names, partitions, named=reader is not None)
    columns = []
    for position, (name, is_text) in enumerate(zip(names, texts, strict=True)):
        own = identifier(reader[position] if reader else f"c{position}")
        value = _blank_as_null(own, null_words) if is_text else own
        columns.append(f"{value} as {identifier(name)}")
    for name, text in partitions.items():
        columns.append(f"cast({'null' if text is None else literal(text)} as varchar) as {identifier(name)}")
    engine.execute(f"create or replace view landing as select {', '.join(columns)} from {relation}")


def _blank_as_null(column: str, null_words: Sequence[str]) -> str:
    words = ", ".join(literal(word.strip()) for word in null_words)
    words = f"when trim({column}) in ({words}) then null " if words else ""
    # Most values begin with a visible ASCII sign: to ask this first takes a third of the time.
    return (
        f"case {words}when {column} between '!' and e'\\x7f' then {column}"
        f" when regexp_matches({column}, '[^\\s\\pZ]') then {column} end"
    )


def _refuse_repeated(
    uri: str, names: Sequence[str], partitions: Mapping[str, str | None], *, named: bool
) -> None:
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if (first := seen.setdefault(name.lower(), position)) != position:
            # Where a CSV file has no header, its "names" are a person's data.
            shown = f" {name}" if named else ""
            raise SourceError(
                f"The landing file {uri} has a column{shown} twice (columns {first} and {position}; case and blanks around a name"
                " make no difference); rename or remove one."
            )
    for name in partitions:
        if name.lower() in seen:
            raise SourceError(
                f"The landing file {uri} has a column {name}, and partitions asks for its folder {name}=..., too; remove"
                f" {name} from partitions."
            )


def count_rows(engine: duckdb.DuckDBPyConnection) -> int:
    """The number of rows of the view."""
    return int((engine.execute("select count(*) from landing").fetchone() or (0,))[0])


def refuse_zero_bytes(engine: duckdb.DuckDBPyConnection, uri: str) -> None:
    """Hold every text of the view to what a CSV file is held to as a whole.

    Raises:
        SourceError: a text holds a zero byte; the message names the column and the first such row.
    """
    described = engine.execute("describe landing").fetchall()
    texts = [name for name, kind, *_ in described if kind == "VARCHAR"]
    conditions = [f"contains({identifier(name)}, chr(0))" for name in texts]
    if not texts:
        return
    found = engine.execute(
        f"select {', '.join(f'bool_or({one})' for one in conditions)} from landing"
    ).fetchone()
    column = next((number for number, damaged in enumerate(found or ()) if damaged), None)
    if column is None:
        return
    numbered = f"select row_number() over () as row, {conditions[column]} as damaged from landing"
    row = in_file_order(engine, f"select min(row) from ({numbered}) where damaged")
    raise SourceError(
        f"The landing file {uri} holds a zero byte in column {texts[column]} of data row {row[0] if row else '?'}, which no text"
        " has; it may be damaged: write and upload it again."
    )


def in_file_order(engine: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...] | None:
    """The one row of a query whose row numbers are those of the file.

    To keep the order takes memory and time, so it is kept for this query alone.
    """
    (before,) = engine.execute("select current_setting('preserve_insertion_order')").fetchone() or (False,)
    engine.execute("set preserve_insertion_order = true")
    try:
        return engine.execute(query).fetchone()
    finally:
        engine.execute(f"set preserve_insertion_order = {before}")


def explained(error: duckdb.Error, uri: str) -> Exception:
    """What to raise for an error of DuckDB's while it reads a landing file.

    Returns:
        The error itself where this machine lacks memory or disk space, so that the task is retried; else a
        SourceError without DuckDB's own words, which quote the line that it could not read.
    """
    if isinstance(error, _OWN_TROUBLE) or (
        isinstance(error, duckdb.IOException) and not _about_content(error)
    ):
        return error
    line = _LINE.search(str(error).splitlines()[0] if str(error) else "")
    place = f", near line {line.group(1)}" if line else ""
    return SourceError(
        f"The landing file {uri} can't be read ({type(error).__name__}{place}); it may be damaged: write and upload it again."
    )


def _about_content(error: duckdb.IOException) -> bool:
    return "GZIP" in str(error) or "frame descriptor" in str(error)
