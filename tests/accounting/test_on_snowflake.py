"""The row account's statements as Snowflake reads them: what the emulator, which runs on DuckDB, would let
pass."""

import pytest

from include.tidemark.accounting import account, suite
from include.tidemark.families import known_families
from tests.snowflake.dialect import misfits, trees
from tests.validation.world import PREVIOUS

# Looked up in Snowflake's reference: count_if counts what is true and is 0 without rows.
COMMON = ("calls count_if()",)


@pytest.fixture
def statements(world):
    """Every query of the account over all families, after an earlier month."""
    families = tuple(known_families())
    run = world.run.model_copy(
        update={
            "families": families,
            "previous": PREVIOUS,
            "previous_by_family": dict.fromkeys(families, PREVIOUS),
        }
    )
    tables = account.accounts_by_table(run)
    queries = [account._query(run, table, accounts) for table, accounts in tables.items()]
    for asset in suite.account_assets(run):
        queries += [asset.query, *(check.detail for check in asset.checks if check.detail)]
    return queries


def test_every_statement_has_nothing_that_snowflake_lacks(statements):
    assert len(statements) > 20
    for sql in statements:
        assert len(trees(sql)) == 1
        assert [text for text in misfits(sql) if not text.startswith(COMMON)] == [], sql
