"""What a family says of the rows of one source table: which it leaves out and why, which it uses, and what
its models hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from include.tidemark.families.family import Part
from include.tidemark.run import Run

Kind = Literal["total", "left_out", "used"]


@dataclass(frozen=True)
class Line:
    """Rows with one fate. A row belongs to the first line of its table whose condition it keeps."""

    kind: Kind
    reason: str
    condition: str
    """SQL over `r`, a row before the as-of date, and `u`, its user, who may be unknown; of the table users
    only `u`. A local day of a transaction takes half a microsecond to compute, so conditions ask for its
    moment."""
    text: str
    """What becomes of such rows, as a sentence without its beginning and its end: "rows of ..., which
    ..."."""


@dataclass(frozen=True)
class Proof:
    """What the family's models hold, against the lines that say so."""

    reasons: tuple[str, ...]
    table: str
    """The table that holds it, such as `runs.customer_segments`."""
    sql: str
    """Query of one row with `row_count`, `user_count` and `cents` of these lines together; null where the
    models hold no such number."""


@dataclass(frozen=True)
class TableAccount:
    """A family's part of the account of one source table."""

    lines: tuple[Line, ...]
    """The condition of the last one is `true`."""
    proofs: tuple[Proof, ...] = ()
    joins: tuple[str, ...] = ()
    """Joins that the conditions need. Each leaves the number of rows as it is."""


class AccountPart(Protocol):
    """What a family says of the rows of its source tables, in its `account.yml`."""

    def account(self, run: Run, /) -> Mapping[str, TableAccount]:
        """For each of its source tables, which rows it leaves out, for which reason, and which it uses."""
        ...


ACCOUNT: Part[AccountPart] = Part("account", "include.tidemark.accounting.declared_account")


def as_of(run: Run) -> str:
    """SQL of the as-of date."""
    return f"cast('{run.as_of_date}' as date)"
