"""Where the rows of each table of the contract are, for everybody who reads them: staging, the gate, the
manifest."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from include.tidemark.sources.contract import SourceTable

Lack = Literal["nowhere", "empty"]


class RowFlag(BaseModel):
    """Something that no row should have, counted by the gate."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Also the name of the flag's column in `SourceRows.checked_sql`."""
    column: str
    what: str
    """What is wrong with the values, as the end of a sentence about them."""
    place: str = "sources.yml"
    """Where the deployment says how the column is made."""
    stops: bool = True
    """Whether such values stop the run; others are warned of."""


class SourceRows(BaseModel):
    """The rows of one table of the contract. Without `sql` the relation has the contract's own columns."""

    model_config = ConfigDict(frozen=True)

    table: str
    relation: str
    """What people call it: `raw.transactions`, or the deployment's own table."""
    sql: str | None = None
    """Query of the contract's columns, which the deployment's `sources.yml` decides."""
    checked_sql: str | None = None
    """The same with one boolean column for each flag."""
    flags: tuple[RowFlag, ...] = ()
    landed: bool = False
    """Whether the rows came from landing files: nobody but a run changes them. Others may change while a run
    reads them."""
    delivered: int | None = None
    """Rows that the landing files held; None where there are none."""
    filtered: int = 0
    """Those of them that `where` in sources.yml left out."""
    unfiltered: str | None = None
    """The deployment's own table as SQL writes it, where `where` leaves out some of its rows."""
    absent: tuple[str, ...] = ()
    """Columns that the source lacks: they are null in every row."""
    remarks: tuple[str, ...] = ()
    """What loading found that a person should know of, each in a sentence; the gate says it as a warning."""
    lack: Lack | None = None
    """Why a table that every enabled family can do without has no row: it is neither mapped nor landed, or it
    is empty."""

    @property
    def rows(self) -> str:
        """What stands after `from`, where a name follows."""
        return f"({self.sql})" if self.sql else self.relation

    @property
    def checked_rows(self) -> str:
        """The same with the flags."""
        return f"({self.checked_sql})" if self.checked_sql else self.rows


def raw_rows(table: str) -> SourceRows:
    """The rows of a table in the schema `raw`."""
    return SourceRows(table=table, relation=f"raw.{table}")


def no_rows(table: SourceTable) -> SourceRows:
    """The rows of a table that is nowhere: none, in the columns of its contract, so that whoever reads it
    needs no other query."""
    columns = ", ".join(f"cast(null as {column.data_type}) as {column.name}" for column in table.columns)
    query = f"select * from (select {columns}) as nothing where 1 = 0"
    return SourceRows(table=table.name, relation=table.qualified_name, sql=query, lack="nowhere")


def without_rows(tables: Sequence[str], lack: Lack) -> str:
    """What is to be said of tables without a row.

    >>> without_rows(["transactions"], "empty")
    'the table transactions holds no row'
    >>> without_rows(["fee_periods", "market_prices"], "nowhere")
    'the tables fee_periods and market_prices are neither mapped in sources.yml nor landed'
    """
    one = len(tables) == 1
    named = f"the table {tables[0]}" if one else f"the tables {' and '.join(tables)}"
    if lack == "empty":
        return f"{named} {'holds' if one else 'hold'} no row"
    return f"{named} {'is' if one else 'are'} neither mapped in sources.yml nor landed"
