"""How one value may be written: forms that mean the same, and forms that nobody may guess at."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

Write = Callable[[Any], str]

TIMES = {"created_at", "transaction_at"}
NUMBERS = {"amount_usd", "fee_usd"}
IDS = {"user_id", "transaction_id"}
REQUIRED = {*TIMES, *IDS, "amount_usd"}


def kind_of(column: str) -> str:
    """Which of the forms below fit a column."""
    if column in TIMES or column in NUMBERS or column in IDS:
        return "time" if column in TIMES else "number" if column in NUMBERS else "id"
    return {"is_test_user": "flag", "status": "word", "category": "word"}.get(column, "text")


def _offset(hours: float, mark: str) -> Write:
    return lambda t: f"{(t + timedelta(hours=hours)).isoformat(' ')}{mark}"


def _zone(name: str) -> Write:
    def write(t: datetime) -> str:
        return f"{t.replace(tzinfo=UTC).astimezone(ZoneInfo(name)).replace(tzinfo=None)} {name}"

    return write


def _always(word: str) -> Write:
    return lambda value: word


def plain(value: Any) -> str:
    """A value as the contract writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else str(value)


SAME: Mapping[str, tuple[Write, ...]] = {
    "time": (
        plain, lambda t: f"{t.isoformat()}Z", _offset(-5, "-05:00"), _offset(5.5, "+0530"), _offset(2, "+02"), _offset(2, " +02:00"),
        _offset(0, " UTC"), _offset(0, " GMT"), _offset(-5, " EST"), _zone("America/New_York"), _zone("Europe/Berlin"),
        lambda t: f" {plain(t)} ", lambda t: f"{t.year}-{t.month}-{t.day} {t:%H:%M:%S.%f}",
    ),
    "number": (
        str, lambda v: f"{v}00", lambda v: f"{v:+}", lambda v: f"  {v} ", lambda v: f"{v:e}", lambda v: f"{'-' * (v < 0)}00{abs(v)}",
        lambda v: f"{v}000000",
    ),
    "flag": (plain, str, lambda v: str(v).upper(), lambda v: "ft"[v], lambda v: "01"[v], lambda v: "ny"[v], lambda v: ["No", "Yes"][v]),
    "id": (str, lambda v: f"{v} ", lambda v: f"  {v}"),
    "word": (str, str.upper, lambda v: f" {v} ", str.title),
    "text": (str,),
}  # fmt: skip
"""By kind of column, forms that mean what `plain` writes."""

STAND_INS = {"number": Decimal("0.10"), "flag": False}
"""What a damaged form is made of where there is no value."""

NULLS = ("", "   ", "\u00a0")
"""What stands for no value."""

WORDS_FOR_NULL = ("nan", "NULL", "\\N", "None", "NaN", "null", "N/A", "<NA>")

OTHER: Mapping[str, tuple[Write, ...]] = {
    "time": (
        lambda t: f"{t:%Y-%m-%d %I:%M:%S} PM", lambda t: f"{t:%Y-%m-%d %I:%M:%S %p}", lambda t: f"{plain(t)} markedbanana",
        lambda t: f"{plain(t)} CET", lambda t: f"{plain(t)}+25:00", lambda t: f"{plain(t)} Marked/Nowhere", lambda t: f"{t:%d/%m/%Y %H:%M}",
        lambda t: str(int(t.timestamp())), lambda t: str(int(t.timestamp() * 1000)), lambda t: f"{t:%y-%m-%d %H:%M:%S}",
        lambda t: f"{t:%Y%m%d}", lambda t: "epoch", lambda t: "infinity", lambda t: "now", lambda t: "2026-02-30 10:00:00",
        lambda t: f"{t:%Y-%m-%d} 25:00:00", lambda t: f"{t:%Y-%m-%d} 10:61", lambda t: f"{t:%H:%M:%S}", lambda t: f"{t:%Y-%m}",
        lambda t: f"{plain(t)}-05:00 -05:00", lambda t: "0001-01-01 00:00:00", lambda t: "1970-01-01 00:00:00",
        lambda t: "1899-12-30 00:00:00", lambda t: f"{plain(t)} (BC)",
    ),
    "number": (
        lambda v: "1_000", lambda v: f"${v}", lambda v: f"{v} USD", lambda v: f"{abs(v)}-", lambda v: f"({abs(v)})", lambda v: "nan",
        lambda v: "Infinity", lambda v: "0x1F", lambda v: "1e400", lambda v: "12,34", lambda v: "1,234.50", lambda v: "1 234.50",
        lambda v: "markedamount", lambda v: "\u0661\u0662", lambda v: "1.2.3", lambda v: "--5", lambda v: "-", lambda v: "5%",
        lambda v: "99999999999999999.5", lambda v: "true",
    ),
    "flag": (lambda v: "markedmaybe", lambda v: "2", lambda v: "-1", lambda v: "0.5"),
    "id": tuple(map(_always, ("", " ", *WORDS_FOR_NULL))),
}  # fmt: skip
"""By kind of column, texts of which a part would be ignored, guessed or taken for something else: each stops
the month."""


def _floats(values: list[Any]) -> pa.Array:
    return pa.array([None if v is None else float(v) for v in values], pa.float64())


def _decimals(digits: int, scale: int) -> Callable[[list[Any]], pa.Array]:
    def write(values: list[Any]) -> pa.Array:
        numbers = [None if v is None else Decimal(v) for v in values]
        needed = max(
            (-int(number.as_tuple().exponent) for number in numbers if number is not None), default=0
        )
        return pa.array(numbers, pa.decimal128(digits, max(scale, needed)))

    return write


def _times(unit: str, zone: str | None = None) -> Callable[[list[Any]], pa.Array]:
    def write(values: list[Any]) -> pa.Array:
        return pa.array(values, pa.timestamp("us")).cast(pa.timestamp(unit, zone), safe=False)

    return write


Column = Callable[[list[Any]], pa.Array]
SAME_TYPES: Mapping[str, tuple[Column, ...]] = {
    "time": (_times("us"), _times("ns"), _times("ms"), _times("us", "UTC"), _times("ns", "America/New_York")),
    "number": (_decimals(18, 2), _decimals(38, 18), _decimals(24, 4), _floats),
    "flag": (lambda v: pa.array(v, pa.bool_()), lambda v: pa.array([x if x is None else int(x) for x in v], pa.int8())),
    "id": (lambda v: pa.array(v, pa.large_string()), lambda v: pa.array(v, pa.string()).dictionary_encode()),
    "word": (lambda v: pa.array(v, pa.string()), lambda v: pa.array(v, pa.string()).dictionary_encode()),
    "text": (lambda v: pa.array(v, pa.string()),),
}  # fmt: skip
"""By kind of column, types of Parquet that hold the same."""

OTHER_TYPES: Mapping[str, tuple[Column, ...]] = {
    "time": (
        lambda v: pa.array([int(t.timestamp()) for t in v], pa.int64()), lambda v: pa.array([t.timestamp() for t in v], pa.float64()),
        lambda v: pa.array([t - datetime(2026, 1, 1) for t in v], pa.duration("us")), lambda v: pa.array([t.time() for t in v]),
        lambda v: pa.array([{"at": t} for t in v]),
    ),
    "number": (
        lambda v: pa.array([float("nan"), *_floats(v).to_pylist()[1:]]), lambda v: pa.array([float("inf"), *_floats(v).to_pylist()[1:]]),
        lambda v: pa.array([[x and float(x)] for x in v]), lambda v: pa.array([str(x).encode() for x in v]),
        lambda v: pa.array([True for x in v]), lambda v: pa.array([1e15, *_floats(v).to_pylist()[1:]]),
    ),
    "flag": (lambda v: pa.array([x and float(x) for x in v], pa.float64()), lambda v: pa.array([2] * len(v), pa.int64())),
    "id": (
        lambda v: pa.array([float(x.removeprefix("markedtx")) for x in v]), lambda v: pa.array([x.encode() for x in v]),
        lambda v: _decimals(38, 10)([x.removeprefix("markedtx") for x in v]),
    ),
}  # fmt: skip
"""By kind of column, types that the contract's can't be made of."""
