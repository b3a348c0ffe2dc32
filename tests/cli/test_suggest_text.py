"""What `suggest-rules` prints, over customers that are made here."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from include.tidemark.cli.suggest_text import document, page
from include.tidemark.rules import Rules, load_rules
from include.tidemark.suggest.customers import Customers, how_many, members
from include.tidemark.suggest.preview import Counts
from include.tidemark.suggest.quantiles import cuts
from include.tidemark.suggest.suggestion import Suggestion
from include.tidemark.suggest.thresholds import propose
from include.tidemark.suggest.wishes import aims
from tests.suggest.people import people

TODAY = load_rules(environ={})
PATH = Path("/deployment/rules.yml")


def counts(customers: Customers, rules: Rules) -> Counts:
    segments = {name: how_many(who) for name, who in members(customers, rules).items()}
    return Counts(segments, {"declining": segments["Declining"]})


def suggestion(customers: Customers, today: Rules = TODAY) -> Suggestion:
    proposal = propose(customers, today, aims())
    return Suggestion(
        as_of_date=date(2026, 6, 1),
        aims=aims(),
        today=today,
        proposed=proposal.rules,
        changes=proposal.changes,
        cuts=cuts(customers, today, proposal.rules),
        before=counts(customers, today),
        after=counts(customers, proposal.rules),
        notes=list(proposal.notes),
    )


def table_of(printed: str, title: str) -> list[list[str]]:
    """The rows of the table below a title, as words that two blanks part."""
    lines = printed.split(title)[1].lstrip("\n").split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines[2:]]


def test_the_page_shows_each_segment_and_audience_today_and_under_the_proposal():
    found = suggestion(people())
    printed = page(found, None, PATH)
    segments = table_of(printed, "Customers by segment")
    assert [row[0] for row in segments] == list(found.aims)
    assert [(int(row[1]), int(row[3])) for row in segments] == [
        (found.before.segments[name], found.after.segments[name]) for name in found.aims
    ]
    assert table_of(printed, "Customers by audience") == [
        ["declining", str(found.before.audiences["declining"]), str(found.after.audiences["declining"])]
    ]
    proposed = printed.split("Proposed changes of rules.yml\n\n")[1].split("\n\n")[0]
    assert yaml.safe_load(proposed) == {name: getattr(found.proposed, name) for name in found.changes}
    for name, change in found.changes.items():
        why = f"# suggest-rules as of 2026-06-01: {change.why} Before: {getattr(TODAY, name)}."
        assert f"{why}\n{name}: " in proposed
    assert printed.endswith("Nothing was changed. With --write these rules go into /deployment/rules.yml.")


def test_the_page_shows_what_every_threshold_cuts_even_where_nobody_has_such_a_number():
    printed = page(suggestion(people(travel=0, necessities=0, without_prior=1)), None, PATH)
    rows = table_of(printed, "as of 2026-06-01")
    assert len(rows) == 11
    assert ["declining_min_prior_spend", "0", "2000", "2000"] in rows
    assert "Notes\n\n- High-Value Travelers comes to 0.0 %" in printed
    assert "Amounts are in USD." in printed


def test_what_was_written_is_said_with_what_comes_next():
    printed = page(suggestion(people()), PATH, PATH)
    assert "Written to /deployment/rules.yml" in printed
    assert printed.endswith("Next: tidemark run --as-of 2026-06-01")


def test_where_today_s_rules_are_near_nothing_is_proposed():
    first = suggestion(people())
    printed = page(suggestion(people(), first.proposed), None, PATH)
    assert "Proposed changes" not in printed
    assert printed.endswith("so there is nothing to change.")


@pytest.mark.parametrize("customers", [people(), people(n=1, without_prior=1)])
def test_the_document_is_json_with_every_number(customers):
    found = suggestion(customers)
    read = json.loads(json.dumps(document(found, "x: 1\n", PATH), allow_nan=False))
    assert read["customers"] == len(customers)
    assert {row["rule"]: row["proposed"] for row in read["changes"]} == {
        name: getattr(found.proposed, name) for name in found.changes
    }
    assert len(read["thresholds"]) == 11
    assert read["written_to"] == "/deployment/rules.yml"
