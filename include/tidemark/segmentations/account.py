"""What `account.yml` says of the rows that a declared segmentation is made of."""

from pathlib import Path

from include.tidemark.accounting.declared_account import table_accounts
from include.tidemark.accounting.family_account import TableAccount
from include.tidemark.run import Run
from include.tidemark.segmentations.shipped import declared

_FILE = Path(__file__).with_name("account.yml")


def account(name: str, run: Run) -> dict[str, TableAccount]:
    """The segmentation's part of the row account, by source table."""
    return table_accounts(_FILE, name, run, {"segmentation": name}, declared(name, run).of)
