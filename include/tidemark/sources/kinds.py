"""The types of DuckDB and Snowflake, as far as the contract tells them apart."""

import re
from enum import Enum, auto


class Kind(Enum):
    """What a column of a source holds."""

    TEXT = auto()
    INTEGER = auto()
    NUMBER = auto()
    """With decimals, or floating."""
    BOOLEAN = auto()
    DATE = auto()
    TIMESTAMP = auto()
    """Without a zone."""
    ZONED = auto()
    """A time with its zone, or an instant."""
    JSON = auto()
    NOTHING = auto()
    """A column of nothing but nulls, which Parquet may give a type of its own."""
    OTHER = auto()


_KINDS = {
    Kind.TEXT: {"varchar", "text", "string", "char", "character varying", "uuid", "bpchar", "enum"},
    Kind.INTEGER: {"bigint", "integer", "int", "smallint", "tinyint", "hugeint", "uinteger", "ubigint", "usmallint", "utinyint",
                   "uhugeint"},
    Kind.NUMBER: {"double", "float", "real", "double precision"},
    Kind.BOOLEAN: {"boolean", "bool"},
    Kind.DATE: {"date"},
    Kind.TIMESTAMP: {"timestamp", "timestamp_ns", "timestamp_ms", "timestamp_s", "timestamp_ntz", "datetime",
                     "timestamp without time zone"},
    Kind.ZONED: {"timestamp with time zone", "timestamptz", "timestamptz_ns", "timestamp_tz", "timestamp_ltz",
                 "timestamp with local time zone"},
    Kind.NOTHING: {"null", '"null"'},
    Kind.JSON: {"json", "variant", "object", "array"},
}  # fmt: skip
_BY_NAME = {name: kind for kind, names in _KINDS.items() for name in names}


def _base(data_type: str) -> str:
    """A type without its precision: `decimal(18,4)` is `decimal`."""
    return re.sub(r"\(.*\)", "", data_type).strip().lower()


def is_floating(data_type: str) -> bool:
    """Whether a column of the type may hold NaN and infinity."""
    return _base(data_type) in _KINDS[Kind.NUMBER]


def kind_of(data_type: str) -> Kind:
    """The kind of a type as either warehouse writes it.

    >>> kind_of("DECIMAL(38,0)"), kind_of("NUMBER(38,2)"), kind_of("STRUCT(a INTEGER)"), kind_of("TIME")
    (<Kind.INTEGER: 2>, <Kind.NUMBER: 3>, <Kind.JSON: 8>, <Kind.OTHER: 10>)
    """
    text, base = data_type.strip().lower(), _base(data_type)
    if base in ("decimal", "numeric", "number", "fixed"):
        digits = re.search(r"\(\s*\d+\s*,\s*(\d+)\s*\)", text)
        return Kind.NUMBER if digits and int(digits[1]) > 0 else Kind.INTEGER
    if base in ("struct", "map", "union") or text.endswith("]"):
        return Kind.JSON
    return _BY_NAME.get(base, Kind.OTHER)
