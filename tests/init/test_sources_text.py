"""The lines of `sources.yml` for tables that were not found."""

from include.tidemark.init.proposal import Proposal
from include.tidemark.init.sources_text import sources_text


def test_amounts_of_tables_that_were_not_found_are_not_said_to_be_in_dollars(tmp_path):
    text = sources_text(Proposal(tables=(), left=(), zone=None, currency=None), tmp_path)
    assert "#     btc: btc  # or null. Price of one bitcoin in the deployment's currency." in text
    assert "ollars" not in text
