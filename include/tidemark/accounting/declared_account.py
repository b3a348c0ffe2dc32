"""A family's part of the row account, as its `account.yml` says it.

By source table, the lines that its rows belong to, in order; the joins that their conditions need; and what
the models hold of a line:

    users:
      joins: [left join $buyers on u.user_id = b.user_id]
      lines:
        - test_user                     # of lines.yml
        - left_out: no_purchase
          where: b.user_id is null
          text: rows of users without a purchase before the as-of date
        - used
      proofs:
        - {of: [used], table: runs.customers, rows: count(*), users: count(*)}

Texts may name what those of `checks.yml` do, and `$buyers`: those with a purchase before the as-of date, as
`b`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.tidemark.accounting.family_account import Line, Proof, TableAccount
from include.tidemark.families.family import folder_of
from include.tidemark.families.values import values_of
from include.tidemark.run import Run
from include.tidemark.sources.timestamps import timestamp_literal
from include.tidemark.validation.shipped_suites import filled

_LINES = Path(__file__).with_name("lines.yml")


def account(family: str, run: Run) -> dict[str, TableAccount]:
    """The family's part of the row account, by source table."""
    return table_accounts(folder_of(family) / "account.yml", family, run, values_of(family, run))


def table_accounts(
    file: Path, family: str, run: Run, values: Mapping[str, Any], part: str | None = None
) -> dict[str, TableAccount]:
    """What a file says, or a part of it.

    Args:
        values: what texts may name beside what every run has.
    """
    said = filled(file, run, family, {"buyers": _buyers(run), **values}, part)
    shared = filled(_LINES, run, family)
    return {
        table: TableAccount(
            lines=tuple(_line(shared[line] if isinstance(line, str) else line) for line in of["lines"]),
            proofs=tuple(_proof(run, proof) for proof in of.get("proofs", ())),
            joins=tuple(f" {join}" for join in of.get("joins", ())),
        )
        for table, of in said.items()
    }


def _buyers(run: Run) -> str:
    return (
        "(select distinct user_id from staging.stg_transactions where status = 'posted' and amount_cents > 0"
        f" and transaction_at < {timestamp_literal(run.as_of_instant)}) as b"
    )


def _line(said: Mapping[str, Any]) -> Line:
    text = said.get("text", "rows that the family's numbers are made of")
    where = said.get("where", "true")
    return (
        Line("used", said["used"], where, text)
        if "used" in said
        else Line("left_out", said["left_out"], where, text)
    )


def _proof(run: Run, said: Mapping[str, Any]) -> Proof:
    held = ", ".join(
        f"{said.get(what, 'null')} as {name}"
        for what, name in (("rows", "row_count"), ("users", "user_count"), ("cents", "cents"))
    )
    rows = f"{said['table']} where run_key = '{run.run_key}'" + (
        f" and {said['where']}" if "where" in said else ""
    )
    return Proof(tuple(said["of"]), said["table"], f"select {held} from {rows}")
