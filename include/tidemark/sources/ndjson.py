"""Newline-delimited JSON: one object per line, its keys as text columns."""

import json
from collections.abc import Mapping
from pathlib import Path

import duckdb

from include.tidemark.errors import SourceError
from include.tidemark.sources.json_kinds import keep_kinds
from include.tidemark.sources.staged_view import count_rows, literal, make_view
from include.tidemark.sources.text import Text, check_utf8, to_utf8


def stage_ndjson(
    engine: duckdb.DuckDBPyConnection, text: Text, partitions: Mapping[str, str | None], scratch: Path
) -> int:
    """Make the view `landing` over the objects of a file; the columns are the keys of all of them.

    Raises:
        SourceError: a line is no object, or a key is in one twice.
    """
    check_utf8(text, "")
    lines, has_mark = _count_lines(text)
    if has_mark:
        text = to_utf8(text, "utf-8-sig", scratch / "landing.utf8.ndjson")
    options = f"format = 'newline_delimited', compression = '{text.compression}', hive_partitioning = false"
    names = _keys(engine, text, options)
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    relation = f"read_json({literal(str(text.path))}, columns = {{{types}}}, auto_detect = false, {options})"
    make_view(
        engine,
        text.uri,
        [name.strip() for name in names],
        [True] * len(names),
        relation,
        partitions,
        reader=names,
    )
    keep_kinds(engine, str(text.path), names, options)
    count = count_rows(engine)
    if count != lines:
        raise SourceError(
            f"The landing file {text.uri} holds {lines} lines, but {count} rows were read; write one object per line."
        )
    return count


def _count_lines(text: Text) -> tuple[int, bool]:
    lines, has_mark, first = 0, False, True
    with text.bytes() as stream:
        for line in stream:
            if first:
                has_mark = line.startswith(b"\xef\xbb\xbf")
                if line.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"[":
                    raise SourceError(
                        f"The landing file {text.uri} is one JSON array; write it as newline-delimited JSON, one object per line."
                    )
                first = False
            lines += not line.isspace()
    return lines, has_mark


def _keys(engine: duckdb.DuckDBPyConnection, text: Text, options: str) -> list[str]:
    try:
        found = engine.execute(
            "select distinct json_type(json) as kind, json_keys(json) as names"
            f" from read_ndjson_objects({literal(str(text.path))}, {options})"
        ).fetchall()
    except duckdb.InvalidInputException:
        found = None
    if found is None or any(kind != "OBJECT" for kind, _ in found):
        line = _first_malformed(text)
        raise SourceError(
            f"Line {line} of the landing file {text.uri} is no whole JSON object; write one object per line, and upload the file"
            " again, whole."
            if line
            else f"The landing file {text.uri} can't be read as newline-delimited JSON: an object is longer than 16 MB, or holds"
            " half of a character pair; correct it."
        )
    for _, names in found:
        if len(set(names)) != len(names):
            raise SourceError(
                f"An object in the landing file {text.uri} has a key twice ({_repeated(names)}); name each once."
            )
    names = list(dict.fromkeys(name for _, keys in sorted(found, key=lambda row: row[1]) for name in keys))
    if not names:
        raise SourceError(f"The landing file {text.uri} holds no key of any object; upload it again, whole.")
    if any(not name.strip() for name in names):
        raise SourceError(
            f"An object in the landing file {text.uri} has a key without a name; name it, or remove it."
        )
    return names


def _repeated(names: list[str]) -> str:
    return next(name for name in names if names.count(name) > 1)


def _first_malformed(text: Text) -> int | None:
    with text.lines() as lines:
        for number, line in enumerate(lines, start=1):
            try:
                if line.strip() and not isinstance(json.loads(line), dict):
                    return number
            except (ValueError, RecursionError):
                return number
    return None
