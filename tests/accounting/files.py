"""A table as the files that land: sound ones of every format, and ones that are damaged on the way."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.accounting.forms import NULLS, SAME, SAME_TYPES, STAND_INS, Column, Write, kind_of
from tests.accounting.truth import Purchase, User

Files = dict[str, bytes]


@dataclass(frozen=True)
class Written:
    """How a table's values are written."""

    table: str
    rows: Sequence[Any]
    seed: int
    """Chooses among the forms that mean the same: another one in each row."""
    texts: Mapping[str, tuple[Write, Callable[[int], bool]]] = field(default_factory=dict)
    """By column, another form and the positions of the rows that have it."""
    types: Mapping[str, Column] = field(default_factory=dict)
    """By column, another type in Parquet."""

    @property
    def columns(self) -> list[str]:
        return list((User if self.table == "users" else Purchase).__dataclass_fields__)

    def column(self, name: str) -> list[str]:
        """A column as texts."""
        forms, found = SAME[kind_of(name)], []
        other, is_other = self.texts.get(name, (None, None))
        for position, row in enumerate(self.rows):
            value, turn = getattr(row, name), position * self.seed + len(name)
            if other and is_other and is_other(position):
                found.append(other(STAND_INS[kind_of(name)] if value is None else value))
            else:
                found.append(NULLS[turn % 3] if value is None else forms[turn % len(forms)](value))
        return found

    def typed(self, name: str) -> pa.Array:
        """A column as Parquet has it: of its own type, or as text."""
        if name in self.types:
            return self.types[name]([getattr(row, name) for row in self.rows])
        types = SAME_TYPES[kind_of(name)]
        choice = (self.seed + len(name)) % (len(types) + 1)
        if name in self.texts or choice == len(types):
            return pa.array(self.column(name), pa.string())
        return types[choice]([getattr(row, name) for row in self.rows])


def to_csv(written: Written, **options: Any) -> bytes:
    """CSV as the contract has it, but for the options of Python's writer."""
    columns = written.columns
    return _csv(columns, zip(*map(written.column, columns), strict=True), **options)


def _csv(header: Sequence[str], lines: Any, **options: Any) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, **{"lineterminator": "\n", **options})
    writer.writerow(header)
    writer.writerows(lines)
    return out.getvalue().encode()


def to_parquet(written: Written, rows: slice = slice(None), **options: Any) -> bytes:
    out = io.BytesIO()
    table = pa.table({name: written.typed(name)[rows] for name in written.columns})
    pq.write_table(table, out, **options)
    return out.getvalue()


def _ndjson(written: Written) -> bytes:
    columns = [(name, written.column(name)) for name in written.columns]
    lines = (json.dumps({name: cells[i] for name, cells in columns}) for i in range(len(written.rows)))
    return "\n".join(lines).encode() + b"\n"


@dataclass(frozen=True)
class Landing:
    """What lands for one table, and what `sources.yml` says of it."""

    files: Files
    source: dict[str, Any] | None = None


def _contract(suffix: str, content: Callable[[Written], bytes]) -> Callable[[Written], Landing]:
    return lambda w: Landing({f"{w.table}.{suffix}": content(w)})


def _mapped(suffix: str, content: Callable[[Written], bytes], **source: Any) -> Callable[[Written], Landing]:
    return lambda w: Landing({f"{w.table}.{suffix}": content(w)}, {"files": f"{w.table}.{suffix}", **source})


def _with_manifest(promise: Callable[[bytes, int], dict[str, Any]]) -> Callable[[Written], Landing]:
    def write(w: Written) -> Landing:
        content = to_csv(w)
        said = json.dumps(promise(content, len(w.rows))).encode()
        return Landing({f"{w.table}.csv": content, f"{w.table}.csv.manifest": said})

    return write


def _digest(content: bytes, rows: int) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "rows": rows, "sender": "x"}


def _spark(*extra: str) -> Callable[[Written], Landing]:
    def write(w: Written) -> Landing:
        middle = len(w.rows) // 2
        parts = {
            f"part-0000{i}-a.snappy.parquet": to_parquet(w, s)
            for i, s in enumerate((slice(middle), slice(middle, None)))
        }
        files = {
            f"{w.table}.parquet/{name}": content
            for name, content in {**parts, **dict.fromkeys(extra, b"")}.items()
        }
        return Landing(files, {"files": f"{w.table}.parquet"})

    return write


def _reversed_columns(w: Written) -> bytes:
    columns = w.columns[::-1]
    return _csv(columns, zip(*map(w.column, columns), strict=True))


def _one_more_column(w: Written) -> bytes:
    columns = w.columns
    return _csv(["extra", *columns], zip(["markedextra"] * len(w.rows), *map(w.column, columns), strict=True))


def _id_twice(w: Written) -> bytes:
    columns = [*w.columns, "user_id"]
    return _csv(columns, zip(*map(w.column, columns), strict=True))


def _header(change: Callable[[str], str]) -> Callable[[Written], bytes]:
    def write(w: Written) -> bytes:
        header, _, lines = to_csv(w).decode().partition("\n")
        return f"{change(header)}\n{lines}".encode()

    return write


_TRAILER = {"trailer": "TRAILER,*,{rows}"}

SOUND: dict[str, Callable[[Written], Landing]] = {
    "CSV": _contract("csv", to_csv),
    "CSV with CR LF": _contract("csv", lambda w: to_csv(w, lineterminator="\r\n")),
    "CSV with all cells quoted": _contract("csv", lambda w: to_csv(w, quoting=csv.QUOTE_ALL)),
    "CSV with a byte order mark": _contract("csv", lambda w: b"\xef\xbb\xbf" + to_csv(w)),
    "CSV with a blank line at its end": _contract("csv", lambda w: to_csv(w) + b"\n"),
    "CSV with columns in another order": _contract("csv", _reversed_columns),
    "CSV with one more column": _contract("csv", _one_more_column),
    "CSV with names in capitals": _contract("csv", _header(str.upper)),
    "CSV with blanks around names": _contract("csv", _header(lambda h: h.replace(",", " , "))),
    "CSV with its digest and number of rows": _with_manifest(_digest),
    "CSV with a trailer that sources.yml tells of": _mapped(
        "csv", lambda w: to_csv(w) + f"TRAILER,20261001,{len(w.rows):09}\n".encode(), csv=_TRAILER
    ),
    "CSV with gzip": _mapped("csv.gz", lambda w: gzip.compress(to_csv(w), 1)),
    "CSV with semicolons that sources.yml tells of": _mapped(
        "csv", lambda w: to_csv(w, delimiter=";"), csv={"delimiter": ";"}
    ),
    "CSV in UTF-16 that sources.yml tells of": _mapped(
        "csv", lambda w: to_csv(w).decode().encode("utf-16"), csv={"encoding": "utf-16"}
    ),
    "Parquet": _contract("parquet", to_parquet),
    "Parquet of Spark, old times": _contract(
        "parquet", lambda w: to_parquet(w, use_deprecated_int96_timestamps=True)
    ),
    "Parquet in small groups": _contract(
        "parquet", lambda w: to_parquet(w, row_group_size=50, compression="zstd")
    ),
    "newline-delimited JSON": _mapped("ndjson", _ndjson),
    "a folder of Spark's": _spark("_SUCCESS", "._SUCCESS.crc"),
}
"""Files that mean the rows."""


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Written], Landing]:
    return _contract("csv", lambda w: change(to_csv(w)))


def _elsewhere(name: str) -> Callable[[Written], Landing]:
    return lambda w: Landing({name.format(w.table): to_csv(w)})


def _both(w: Written) -> Landing:
    return Landing({f"{w.table}.csv": to_csv(w), f"{w.table}.parquet": to_parquet(w)})


def _lines(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Written], Landing]:
    return _bytes(lambda content: b"".join(change(content.splitlines(keepends=True))))


def _not_utf8(content: bytes) -> bytes:
    return content.replace(b",US,", b",\xe9,", 1).replace(b"posted", b"post\xe9", 1)


DAMAGED: dict[str, Callable[[Written], Landing]] = {
    "nothing": lambda w: Landing({}),
    "only a file of another name": _elsewhere("{}_2026_10.csv"),
    "only a file without a suffix": _elsewhere("{}"),
    "only a file in another letter case": _elsewhere("{}.CSV.gz"),
    "a folder in place of the file": lambda w: Landing(
        {f"{w.table}.csv/part-00000.csv": to_csv(w), f"{w.table}.csv/_SUCCESS": b""}
    ),
    "two files": _both,
    "an empty file": _bytes(lambda c: b""),
    "the header alone": _bytes(lambda c: c.partition(b"\n")[0] + b"\n"),
    "no header": _bytes(lambda c: c.partition(b"\n")[2]),
    "UTF-16": _bytes(lambda c: c.decode().encode("utf-16")),
    "UTF-16 without a mark": _bytes(lambda c: c.decode().encode("utf-16-le")),
    "a byte that is not UTF-8": _bytes(_not_utf8),
    "a zero byte": _bytes(lambda c: c[:500] + b"\0" + c[500:]),
    "a zero byte in JSON": _mapped("ndjson", lambda w: _ndjson(w).replace(b'": "', b'": "\\u0000', 1)),
    "a footer": _bytes(lambda c: c + b"(1081 rows, markedfooter)\n"),
    "a footer with as many columns": _bytes(lambda c: c + b"markedtotal,,,,,,\n"),
    "a title": _bytes(lambda c: b"Export of markedtitle\n" + c),
    "a hint for Excel": _bytes(lambda c: b"sep=,\n" + c),
    "semicolons": _contract("csv", lambda w: to_csv(w, delimiter=";")),
    "tabs": _contract("csv", lambda w: to_csv(w, delimiter="\t")),
    "a column twice": _contract("csv", _id_twice),
    "a column twice in another letter case": _contract(
        "csv", _header(lambda h: h.replace("platform", "USER_ID").replace("category", "Status"))
    ),
    "a column too few": _contract(
        "csv", _header(lambda h: h.replace("country", "region").replace("status", "state"))
    ),
    "the file twice in one": _bytes(lambda c: c + c),
    "the rows twice in one": _bytes(lambda c: c + c.partition(b"\n")[2]),
    "no last line break, as if it were cut off": _bytes(lambda c: c[:-1]),
    "cut off within a line": _bytes(lambda c: c[: c.rindex(b",")]),
    "a line in two": _lines(lambda lines: [*lines[:-1], lines[-1][:20], b"\n", lines[-1][20:]]),
    "a cell too many": _lines(lambda lines: [*lines[:-1], lines[-1][:-1] + b",markedcell\n"]),
    "a quote that is not closed": _lines(lambda lines: [*lines[:-1], b'"' + lines[-1]]),
    "gzip under the name of CSV": _bytes(lambda c: gzip.compress(c, 1)),
    "gzip cut off": _mapped("csv.gz", lambda w: gzip.compress(to_csv(w), 1)[:-40]),
    "no gzip under its name": _mapped("csv.gz", to_csv),
    "Parquet under the name of CSV": _contract("csv", to_parquet),
    "CSV under the name of Parquet": _contract("parquet", to_csv),
    "Parquet cut off": _contract("parquet", lambda w: to_parquet(w)[:-100]),
    "a wrong number of rows beside it": _with_manifest(lambda c, rows: {"rows": rows + 1}),
    "a wrong digest beside it": _with_manifest(lambda c, rows: {"sha256": "0" * 64}),
    "a wrong number of rows in its trailer": _mapped(
        "csv", lambda w: to_csv(w) + f"TRAILER,20261001,{len(w.rows) + 1}\n".encode(), csv=_TRAILER
    ),
    "cut off before its trailer": _mapped("csv", to_csv, csv=_TRAILER),
    "a manifest that says nothing": _with_manifest(lambda c, rows: {"lines": rows}),
    "a manifest alone": lambda w: Landing({f"{w.table}.csv.manifest": b'{"rows": 3}'}),
    "a folder of Spark's half written": _spark("_temporary/0/x"),
    "a folder of Spark's without its end": _spark(),
    "newline-delimited JSON cut off": _mapped("ndjson", lambda w: _ndjson(w)[:-30]),
    "one JSON array": _mapped("ndjson", lambda w: b"[" + _ndjson(w).replace(b"\n", b",") + b"{}]"),
}
"""Files that can't be told to mean the rows: each stops the month."""
