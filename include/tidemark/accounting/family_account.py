"""What a family says of the rows of one source table: which it leaves out and why, which it uses, and what its models hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from include.tidemark.families.family import Part
from include.tidemark.run import Run
from include.tidemark.sources.timestamps import timestamp_literal

Kind = Literal["total", "left_out", "used"]


@dataclass(frozen=True)
class Line:
    """Rows with one fate. A row belongs to the first line of its table whose condition it keeps."""

    kind: Kind
    reason: str
    condition: str
    """SQL over `r`, a row before the as-of date, and `u`, its user, who may be unknown; of the table users only `u`. A local
    day of a transaction takes half a microsecond to compute, so conditions ask for its moment."""
    text: str
    """What becomes of such rows, as a sentence without its beginning and its end: "rows of ..., which ..."."""


@dataclass(frozen=True)
class Proof:
    """What the family's models hold, against the lines that say so."""

    reasons: tuple[str, ...]
    table: str
    """The table that holds it, such as `runs.customer_segments`."""
    sql: str
    """Query of one row with `row_count`, `user_count` and `cents` of these lines together; null where the models hold no
    such number."""


@dataclass(frozen=True)
class TableAccount:
    """A family's part of the account of one source table."""

    lines: tuple[Line, ...]
    """The condition of the last one is `true`."""
    proofs: tuple[Proof, ...] = ()
    joins: tuple[str, ...] = ()
    """Joins that the conditions need. Each leaves the number of rows as it is."""


class AccountPart(Protocol):
    """The module `account` of a family."""

    def account(self, run: Run, /) -> Mapping[str, TableAccount]:
        """For each of its source tables, which rows it leaves out, for which reason, and which it uses."""
        ...


ACCOUNT: Part[AccountPart] = Part("account")


def left_out(reason: str, condition: str, text: str) -> Line:
    """Rows that the family does not use."""
    return Line("left_out", reason, condition, text)


def used(
    reason: str = "used", condition: str = "true", text: str = "rows that the family's numbers are made of"
) -> Line:
    """Rows that the family's numbers are made of."""
    return Line("used", reason, condition, text)


def row_per_user(table: str, run: Run) -> Proof:
    """The rows used are those of a table of the family that has one row per user."""
    return Proof(
        ("used",),
        table,
        "select count(*) as row_count, count(*) as user_count, null as cents"
        f" from {table} where run_key = '{run.run_key}'",
    )


TEST_USER = left_out("test_user", "u.is_test_user", "rows of the company's own testers, who are no customers")
UNKNOWN_USER = left_out("unknown_user", "u.user_id is null", "rows of users who are not in the users table")
NOT_POSTED = left_out(
    "not_posted", "r.status <> 'posted'", "transactions without the status posted, which are no spend"
)
BEFORE_SIGNUP = left_out(
    "before_signup", "r.event_date < u.created_date", "events of days before the user signed up"
)


def buyers(run: Run, user: str) -> str:
    """Join of `b`: those with a purchase before the as-of date.

    Args:
        user: SQL of the user's id.
    """
    return (
        " left join (select distinct user_id from staging.stg_transactions where status = 'posted' and amount_cents > 0"
        f" and transaction_at < {timestamp_literal(run.as_of_instant)}) as b on {user} = b.user_id"
    )


def as_of(run: Run) -> str:
    """SQL of the as-of date."""
    return f"cast('{run.as_of_date}' as date)"
