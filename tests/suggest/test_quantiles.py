"""What each threshold cuts, against counting by hand."""

import numpy as np

from include.tidemark.rules import load_rules
from include.tidemark.suggest.customers import members
from include.tidemark.suggest.quantiles import cuts
from include.tidemark.suggest.thresholds import propose
from include.tidemark.suggest.wishes import aims
from tests.suggest.people import people

TODAY = load_rules(environ={})
CUSTOMERS = people()
PROPOSED = propose(CUSTOMERS, TODAY, aims()).rules
FOUND = {cut.rule: cut for cut in cuts(CUSTOMERS, TODAY, PROPOSED)}


def test_every_rule_with_a_threshold_is_there():
    thresholds = {
        name
        for name in type(TODAY).model_fields
        if name.startswith(("high_value_", "declining_", "new_growing_", "budget_"))
    }
    audiences = {
        name for name in type(TODAY).model_fields if name.startswith("audience_") and "_min_" in name
    }
    assert set(FOUND) == thresholds | audiences


def test_money_is_of_those_who_spent():
    cut = FOUND["high_value_min_avg_monthly_spend"]
    monthly = CUSTOMERS.spend_cents[CUSTOMERS.spend_cents > 0] / 300
    assert cut.customers == len(monthly) < len(CUSTOMERS)
    assert cut.quantiles[50] in monthly
    assert np.mean(monthly <= cut.quantiles[90]) >= 0.9 > np.mean(monthly < cut.quantiles[90])
    assert cut.proposed_meet_pct == 100 * np.mean(monthly >= PROPOSED.high_value_min_avg_monthly_spend)


def test_a_fall_meets_its_threshold_from_below():
    change = CUSTOMERS.change_pct[~np.isnan(CUSTOMERS.change_pct)]
    assert FOUND["declining_max_spend_change_pct"].today_meet_pct == 100 * np.mean(change <= -30)


def test_who_is_exactly_at_a_threshold_meets_it_but_for_the_budget():
    exact = people(n=1, without_prior=0, idle=0)
    number = {"change": float(exact.change_pct[0]), "months": int(exact.tenure_months[0])}
    at = TODAY.model_copy(
        update={
            "declining_max_spend_change_pct": number["change"],
            "new_growing_min_spend_change_pct": number["change"],
            "new_growing_max_tenure_months": number["months"],
            "declining_min_prior_spend": float(exact.prior_cents[0]) / 100,
            "high_value_min_travel_pct": float(exact.travel_pct[0]),
            "budget_max_avg_monthly_spend": float(exact.spend_cents[0]) / 300,
        }
    )
    met = {cut.rule: cut.today_meet_pct for cut in cuts(exact, at, at)}
    assert met.pop("budget_max_avg_monthly_spend") == 0
    changed = {name for name in met if getattr(at, name) != getattr(TODAY, name)}
    assert {met[name] for name in changed} == {100}


def test_audiences_are_of_their_segment_under_the_proposal():
    cut = FOUND["audience_declining_min_lifetime_value"]
    values = CUSTOMERS.lifetime_cents[members(CUSTOMERS, PROPOSED)["Declining"]] / 100
    assert cut.customers == len(values)
    assert cut.proposed_meet_pct == 100 * np.mean(values >= PROPOSED.audience_declining_min_lifetime_value)


def test_what_nobody_has_is_empty_and_no_error():
    (cut,) = (c for c in cuts(people(without_prior=1), TODAY, TODAY) if c.rule == "declining_min_prior_spend")
    assert (cut.customers, cut.quantiles, cut.today_meet_pct) == (0, {}, None)
