"""Proposals for businesses of many kinds: near the reference where that can be, and said why where it
can't."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.tidemark.rules import load_rules
from include.tidemark.suggest.audience_thresholds import column_of
from include.tidemark.suggest.customers import Customers, cents, criteria, how_many, members
from include.tidemark.suggest.segmentation import SEGMENTS, bounds
from include.tidemark.suggest.thresholds import propose
from include.tidemark.suggest.wishes import aims
from tests.suggest.people import people

TODAY = load_rules(environ={})
PERCENTS = {
    "high_value_min_travel_pct",
    "declining_max_spend_change_pct",
    "new_growing_min_spend_change_pct",
    "budget_min_necessities_pct",
}
BUSINESSES = {
    "toy shop": people(),
    "grocer": people(typical=450, spread=0.5, travel=0.12, necessities=0.6, seed=2),
    "credit cards": people(typical=4_000, spread=0.9, travel=0.3, seed=3),
    "pocket money": people(typical=0.8, seed=4),
    "one price": people(typical=9.99, spread=0.02, seed=5),
    "few of them": people(n=90, oldest=18, seed=6),
}


def shares(customers: Customers, rules) -> dict[str, float]:
    return {name: 100 * how_many(who) / len(customers) for name, who in members(customers, rules).items()}


@pytest.mark.parametrize("name", BUSINESSES)
def test_every_segment_comes_near_the_reference_and_no_audience_is_empty(name):
    customers = BUSINESSES[name]
    proposal = propose(customers, TODAY, aims())
    found = shares(customers, proposal.rules)
    assert {s: found[s] for s in SEGMENTS[:-1]} == pytest.approx(
        {s: aim.share_pct for s, aim in aims().items() if s != SEGMENTS[-1]}, abs=2.5
    )
    assert proposal.notes == ()
    held = members(customers, proposal.rules)
    assert all(who.any() for who in held.values())
    for bound in bounds(proposal.rules):
        values = column_of(customers, bound.column)[held[bound.segment]]
        assert (values >= cents(bound.minimum)).any(), bound.audience


@pytest.mark.parametrize("name", BUSINESSES)
def test_a_proposal_that_has_been_taken_is_proposed_again_unchanged(name):
    proposal = propose(BUSINESSES[name], TODAY, aims())
    again = propose(BUSINESSES[name], proposal.rules, aims())
    assert again.changes == {}
    assert again.rules == proposal.rules


def test_percentages_stay_where_money_alone_comes_near():
    customers = people(typical=4_000, travel=0.3, necessities=0.6, seed=3)
    changed = set(propose(customers, TODAY, aims()).changes)
    assert changed >= {"high_value_min_avg_monthly_spend", "declining_min_prior_spend"}
    assert not changed & (PERCENTS - {"new_growing_min_spend_change_pct"})


@pytest.mark.parametrize("name", BUSINESSES)
def test_no_other_amount_of_two_digits_is_nearer_whatever_it_is(name):
    customers = BUSINESSES[name]
    rules = propose(customers, TODAY, aims()).rules
    amounts = [m * 10.0**e for e in range(-2, 4) for m in range(1, 100)]
    for rule, segment in (
        ("high_value_min_avg_monthly_spend", "High-Value Travelers"),
        ("declining_min_prior_spend", "Declining"),
        ("budget_max_avg_monthly_spend", "Budget-Conscious"),
    ):
        aim = aims()[segment]
        left = np.ones(len(customers), dtype=bool)
        for before, who in members(customers, rules).items():
            if before == segment:
                break
            left &= ~who

        def off(amount, rule=rule, segment=segment, left=left, aim=aim):
            other = rules.model_copy(update={rule: amount})
            return abs(how_many(left & criteria(customers, other)[segment]) - aim.wanted(len(customers)))

        assert off(getattr(rules, rule)) <= min(map(off, amounts)), rule


def test_a_wish_is_met_and_the_segments_without_one_share_the_rest():
    wished = aims("High-Value Travelers=4, Declining=20")
    found = shares(BUSINESSES["toy shop"], propose(BUSINESSES["toy shop"], TODAY, wished).rules)
    assert found == pytest.approx({name: aim.share_pct for name, aim in wished.items()}, abs=2.5)


def test_a_wish_moves_a_segment_that_is_near_the_reference_already():
    customers = BUSINESSES["toy shop"]
    first = propose(customers, TODAY, aims()).rules
    again = propose(customers, first, aims("Declining=9,High-Value Travelers=12.5")).rules
    assert shares(customers, again)["Declining"] == pytest.approx(9, abs=0.3)


def test_audiences_keep_their_proportion_to_their_segments():
    rules = propose(people(typical=4_000, spread=1.2, travel=0.3, seed=3), TODAY, aims()).rules
    assert rules.audience_high_value_min_avg_monthly_spend == pytest.approx(
        1.5 * rules.high_value_min_avg_monthly_spend, rel=0.05
    )
    assert rules.audience_new_growing_min_avg_monthly_spend == pytest.approx(
        0.6 * rules.high_value_min_avg_monthly_spend, rel=0.05
    )


def test_without_travel_or_necessities_the_segments_that_need_them_keep_their_rules_and_it_is_said():
    proposal = propose(people(travel=0, necessities=0), TODAY, aims())
    assert not {name for name in proposal.changes if name.startswith(("high_value", "budget"))}
    assert "no purchase is in a category of the group travel" in proposal.notes[0]
    assert "no purchase is in a category of the group necessities" in proposal.notes[-1]
    assert len(proposal.notes) == 2


def test_where_everybody_became_a_customer_this_month_no_number_of_months_divides_them_and_it_is_said():
    customers = people(oldest=0, without_prior=1, idle=0)
    assert np.isnan(customers.change_pct).all()
    proposal = propose(customers, TODAY, aims())
    (declining, growing, *_) = proposal.notes
    assert "nobody spent anything in the 90 days before the last 90" in declining
    assert "new_without_prior_is_growing: false" in growing
    assert proposal.rules.new_without_prior_is_growing


def test_where_all_are_new_but_not_equally_so_the_months_divide_them():
    proposal = propose(people(oldest=6, without_prior=1, idle=0), TODAY, aims())
    assert proposal.rules.new_growing_max_tenure_months == 0
    assert not any("New & Growing" in note for note in proposal.notes)


def test_customers_who_spend_nothing_are_divided_by_what_they_buy_because_no_amount_divides_them():
    proposal = propose(people(idle=0.6, necessities=0.6, travel=0.2), TODAY, aims())
    assert proposal.rules.budget_min_necessities_pct > TODAY.budget_min_necessities_pct
    customers = people(idle=0.6, necessities=0.6, travel=0.2)
    all_necessities = dataclasses.replace(customers, necessities_pct=np.full(len(customers), 100.0))
    (note,) = (n for n in propose(all_necessities, TODAY, aims()).notes if n.startswith("Budget"))
    assert "spent nothing in the last 90 days, and no amount divides those" in note


def test_a_high_value_is_never_below_what_the_middle_customer_spends():
    customers = people(travel=0.02)
    rules = propose(customers, TODAY, aims()).rules
    middle = np.median(customers.spend_cents[customers.spend_cents > 0]) / 300
    assert rules.high_value_min_avg_monthly_spend >= 0.95 * middle


@given(
    st.integers(1, 40),
    st.integers(0, 99),
    st.sampled_from([0, 0.02, 0.3]),
    st.sampled_from([0, 0.5]),
    st.sampled_from([0, 0.5, 1]),
    st.sampled_from([0, 0.5, 1]),
    st.integers(0, 40),
    st.sampled_from([0.001, 90, 1e9]),
    st.sampled_from(
        [None, "Declining=0", "High-Value Travelers=100", "New & Growing=60,Stable Mid-Spenders=0"]
    ),
)
def test_whatever_the_customers_are_the_rules_are_valid_and_an_audience_is_empty_only_with_its_segment(
    n, seed, travel, necessities, idle, without_prior, oldest, typical, wish
):
    customers = people(
        n,
        seed,
        travel=travel,
        necessities=necessities,
        idle=idle,
        without_prior=without_prior,
        oldest=oldest,
        typical=typical,
    )
    proposal = propose(customers, TODAY, aims(wish))
    found = members(customers, proposal.rules)
    assert sum(how_many(who) for who in found.values()) == n
    for bound in bounds(proposal.rules):
        values = column_of(customers, bound.column)[found[bound.segment]]
        assert not len(values) or (values >= cents(bound.minimum)).any()
    for name, change in proposal.changes.items():
        assert change.value == getattr(proposal.rules, name) != getattr(TODAY, name)
