"""`sources.yml`: where the rows of each table of the contract are, and how its columns are made of theirs."""

import re
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    create_model,
    field_validator,
    model_validator,
)

from include.tidemark.currency import is_currency
from include.tidemark.documents.nearest import did_you_mean
from include.tidemark.errors import ContradictionError
from include.tidemark.sources.contract import SourceTable, source_tables
from include.tidemark.sources.encodings import known_encoding
from include.tidemark.zones import known_zone

EPOCH_FORMATS = ("epoch_seconds", "epoch_milliseconds")
"""Formats of moments that are numbers: seconds or milliseconds since 1970-01-01 in UTC."""

FileFormat = Literal["csv", "parquet", "ndjson"]

DIRECTIVES = frozenset("dmYyHIMSfpbBjz%")
"""Directives of a format that both warehouses can be told."""
_SAY_THE_SAME = ("Yy", "mbB", "HI", "d", "j", "M", "S", "f", "p", "z")
_CODE = re.compile(r"[A-Z]{3}")

Text = Annotated[StrictStr, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnMapping(_Part):
    """How one column is made, where a column's name or an expression alone does not say it."""

    from_: Text = Field(
        alias="from",
        description="A column's name, or an SQL expression over the columns of one row.",
    )
    format: Text | None = Field(
        default=None,
        description="How a date or time is written, such as %d.%m.%Y %H:%M, or epoch_seconds or epoch_milliseconds.",
    )
    timezone: Text | None = Field(
        default=None,
        description="IANA zone that a time without an offset is in, such as Europe/Berlin; UTC unless it is said.",
    )
    date: StrictBool = Field(
        default=False,
        description="Whether it is a date although it is written as a time, each at midnight of UTC, such as 2026-11-01T00:00:00Z;"
        " timezone then says whose day it is.",
    )
    currency: Text | None = Field(
        default=None,
        description="ISO 4217 code of the amounts, or the column or expression that holds the code of each row.",
    )
    values: dict[StrictStr, StrictStr | StrictBool] | None = Field(
        default=None,
        description="What the source's values are called here; a value that is not named stays as it is.",
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        return None if value is None else known_zone(value)

    @field_validator("currency")
    @classmethod
    def _written_in_capitals(cls, value: str | None) -> str | None:
        if (
            value
            and re.fullmatch(r"[A-Za-z]{3}", value)
            and not value.isupper()
            and is_currency(value.upper())
        ):
            raise ValueError(
                f"write the code of a currency in capitals: {value.upper()}; a column of that name in double quotes"
            )
        return value

    @field_validator("format")
    @classmethod
    def _known_directives(cls, value: str | None) -> str | None:
        if value is None or value in EPOCH_FORMATS:
            return value
        directives = re.findall(r"%(.?)", value)
        if unknown := [each for each in directives if each not in DIRECTIVES]:
            raise ValueError(
                f"the format has %{unknown[0]}, which is not among {', '.join(f'%{each}' for each in sorted(DIRECTIVES))}"
            )
        if not directives:
            raise ValueError(
                f"{value!r} is no format: write it with directives such as %d.%m.%Y, or {' or '.join(EPOCH_FORMATS)}"
                f"{did_you_mean(value, EPOCH_FORMATS)}"
            )
        said = set(directives)
        if not said & {"Y", "y"} or not ("j" in said or ("d" in said and said & {"m", "b", "B"})):
            raise ValueError(
                f"the format {value} does not say year, month and day, so a day would be guessed"
            )
        if ("I" in said) != ("p" in said):
            raise ValueError(
                f"the format {value} must say %I and %p together, else half of the day would be guessed; hours to 23 are %H"
            )
        for alike in _SAY_THE_SAME:
            if len(twice := [each for each in directives if each in alike]) > 1:
                raise ValueError(
                    f"the format {value} says the same twice (%{twice[0]} and %{twice[1]}), so one of them would be ignored"
                )
        if "j" in said and (other := next((each for each in directives if each in "dmbB"), "")):
            raise ValueError(
                f"the format {value} says the day twice (%j and %{other}), so one of them would be ignored"
            )
        return value

    @field_validator("values")
    @classmethod
    def _plain_values(cls, value: dict[str, str | bool] | None) -> dict[str, str | bool] | None:
        for theirs in value or ():
            if not theirs.strip():
                raise ValueError(
                    "a blank value means nothing here and can't be named; use coalesce(..., 'word') in from"
                )
            if theirs != theirs.strip():
                raise ValueError(
                    f"{theirs!r} has blanks around it, which are taken off before; write {theirs.strip()!r}"
                )
        return value

    @model_validator(mode="after")
    def _day_of_a_zone(self) -> Self:
        if self.date and self.timezone is None:
            raise ValueError(
                "date: true needs timezone, the zone whose days they are, as business_timezone in rules.yml says"
            )
        return self

    @property
    def currency_code(self) -> str | None:
        """The code, where every amount is in one currency."""
        return self.currency if self.currency and _CODE.fullmatch(self.currency) else None


def column_named(name: str) -> ColumnMapping:
    """A column as it is in the source."""
    return ColumnMapping.model_validate({"from": name})


class CsvOptions(_Part):
    """The dialect of CSV files. Nothing of it is guessed."""

    delimiter: Annotated[StrictStr, Field(min_length=1, max_length=1)] = ","
    quote: Annotated[StrictStr, Field(min_length=1, max_length=1)] = '"'
    decimal: Literal[".", ","] = Field(default=".", description="The sign before the decimals of a number.")
    thousands: Literal[".", ",", " ", "'"] | None = Field(
        default=None, description="The sign between groups of three digits, if any."
    )
    encoding: Text = Field(
        default="utf-8", description="As Python calls it, such as utf-8, latin-1, cp1252 or utf-16."
    )
    null_words: tuple[StrictStr, ...] = Field(
        default=(), description="Cells that mean nothing, such as NULL or n/a, besides empty ones."
    )
    trailer: Annotated[StrictStr, Field(max_length=200, pattern=r"^[^{}\r\n]*\{rows\}[^{}\r\n]*$")] | None = (
        Field(
            default=None,
            description="The last line, where it says how many rows the file has: {rows} stands for their number without the header, * for"
            " any text, as in TRAILER;*;{rows}. The rows are held against it.",
        )
    )

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        return known_encoding(value)

    @model_validator(mode="after")
    def _different_signs(self) -> Self:
        for one, other in (("delimiter", "quote"), ("thousands", "decimal")):
            if getattr(self, one) == getattr(self, other):
                raise ContradictionError(f"{one} and {other} must be different signs", one, other)
        return self


class TableSource(_Part):
    """Where the rows of one table are, and how its columns are made."""

    from_: Text | None = Field(
        default=None,
        alias="from",
        description="A table or view in the warehouse, such as ANALYTICS.SHOP.ORDERS.",
    )
    files: Text | None = Field(
        default=None,
        description="Pattern of files below the landing URL, such as orders/dt=*/*.parquet, or a folder that Spark wrote.",
    )
    format: FileFormat | None = Field(
        default=None, description="Of the files; by default what their names end in."
    )
    csv: CsvOptions | None = Field(default=None, description="How the CSV files are written.")
    mode: Literal["replace", "append"] = Field(
        default="replace",
        description="replace: the files are all rows. append: each file adds rows, and is loaded once.",
    )
    partitions: tuple[Text, ...] = Field(
        default=(),
        description="Names of folders like dt=2026-01-01 that become text columns; others are only folders.",
    )
    columns: BaseModel | None = None
    """Overridden for each table by a model of its contract's columns."""
    where: Text | None = Field(default=None, description="SQL condition of the rows that count.")
    loaded_at: Text | None = Field(
        default=None,
        description="Column of a warehouse table that says when a row was loaded; without it each run rebuilds its look-back.",
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.from_ is None) == (self.files is None):
            raise ContradictionError(
                "say either from (a table or view of the warehouse) or files (a pattern below the landing URL)",
                "files",
            )
        if self.from_ is not None:
            about_files = [name for name in ("format", "csv", "partitions") if getattr(self, name)]
            for name in (*about_files, *(["mode"] if self.mode == "append" else [])):
                raise ContradictionError(
                    f"{name} is about files, but the rows come from {self.from_}; remove it", name
                )
        if self.files is not None and self.loaded_at is not None:
            raise ContradictionError(
                "loaded_at is about a table of the warehouse; files get the moment of their load", "loaded_at"
            )
        return self

    def mapping_of(self, column: str) -> ColumnMapping | None:
        """How a column of the contract is made; None where the source has none.

        Without `columns` the source has the contract's own names.
        """
        if self.columns is None:
            return column_named(column)
        found: ColumnMapping | None = getattr(self.columns, column) or getattr(
            self.columns, short_name(column)
        )
        return found


def short_name(column: str) -> str:
    """The name by which a deployment may map a column: amounts without the currency of the contract's
    names."""
    return column.removesuffix("_usd")


def _spelled_out(value: Any) -> Any:
    return {"from": value} if isinstance(value, str) else value


_Cell = Annotated[
    ColumnMapping | None, BeforeValidator(_spelled_out, json_schema_input_type=ColumnMapping | Text | None)
]


class _Columns(_Part):
    @model_validator(mode="after")
    def _required(self) -> Self:
        for column in source_tables()[_table_of(self)].file_columns:
            names = dict.fromkeys((short_name(column.name), column.name))
            given = [name for name in names if getattr(self, name) is not None]
            if len(given) > 1:
                raise ContradictionError(
                    f"{given[0]} and {given[1]} are the same column; say it once", *given
                )
            if column.required and not given:
                raise ContradictionError(
                    f"'{next(iter(names))}' is missing or null, but no row can do without it; name its column",
                    *names,
                )
        return self


def _table_of(columns: _Columns) -> str:
    return type(columns).__name__.removesuffix("_columns")


def _columns_model(table: SourceTable) -> type[_Columns]:
    cells: dict[str, Any] = {}
    for column in table.file_columns:
        for name in dict.fromkeys((short_name(column.name), column.name)):
            cells[name] = (_Cell, Field(default=None, description=column.description))
    return create_model(f"{table.name}_columns", __base__=_Columns, **cells)


def _source_model(table: SourceTable) -> type[TableSource]:
    columns = Field(
        default=None,
        description="The contract's columns, each made of the source's; null where it has none. Default: the same names.",
    )
    parts: dict[str, Any] = {"columns": (_columns_model(table) | None, columns)}
    return create_model(f"{table.name}_source", __base__=TableSource, **parts)


class Sources(_Part):
    """The tables of the contract that a deployment maps. One that is not named is read as the contract
    says."""

    def mapped(self) -> dict[str, TableSource]:
        """The mapped tables by name."""
        return {
            name: source for name in type(self).model_fields if (source := getattr(self, name)) is not None
        }


@cache
def sources_model() -> type[Sources]:
    """The model of the file: one optional part for each table of the contract."""
    parts: dict[str, Any] = {
        name: (_source_model(table) | None, Field(default=None, description=table.description))
        for name, table in source_tables().items()
    }
    return create_model("SourcesFile", __base__=Sources, **parts)
