"""The walk of one number in docs/develop.md leads through files that are there, and names what is in them."""

import re

import pytest

from include.tidemark.paths import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "develop.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^\| .+ \| \[(\S+)\]\(\.\./(\S+)\) \| `(\w+)` \|$", PAGE, re.MULTILINE)


def test_the_walk_goes_from_the_source_to_the_ledger():
    files = [path for _, path, _ in STEPS]
    assert len(files) == 18
    assert files[0].endswith("stg_transactions.sql") and files[-1].endswith("ledger.py")


@pytest.mark.parametrize(("shown", "path", "name"), STEPS)
def test_each_step_is_in_its_file(shown, path, name):
    assert shown == path
    assert re.search(rf"\b{name}\b", (PROJECT_ROOT / path).read_text(encoding="utf-8"))
