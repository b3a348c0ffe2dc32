"""What opens the report: changes beyond chance in sentences, what may be of the measure, and what could not
be judged."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from include.tidemark.report import words
from include.tidemark.report.page import render
from include.tidemark.report.what_changed import MOST, WhatChanged, Wording, what_changed
from include.tidemark.rules import load_rules
from tests.artifacts.months import MONTHS, make_run
from tests.report.fabricated import segments as part
from tests.report.pages import Page

RUN = make_run(MONTHS[3], load_rules())
WORDINGS = {
    "customer_segments": {
        "segment_share": Wording("customers", words.percent),
        "mean_spend_90d": Wording("mean spend last 90 days", words.money_in(RUN.rules.money)),
        "members": Wording("the number of customers", words.count),
    }
}


def row(segment: str | None = "Declining", change: float = -0.011, **other: Any) -> dict[str, Any]:
    """A share that fell by 1.1 points beyond chance, unless said otherwise."""
    known = {
        "family": "customer_segments", "comparison": "previous", "earlier_as_of_date": date(2026, 10, 1), "is_comparable": True,
        "differences": None, "metric": "segment_share", "kind": "share", "segment": segment, "estimate": 0.156,
        "earlier_estimate": 0.167, "change": change, "ci_low": change - 0.008, "ci_high": change + 0.008, "p_adjusted": 0.004,
        "detectable_change": 0.012, "trust": "ok", "reason": None, "n": 2500, "horizon": None, "method": "paired_users",
        "months": None, "rules_effect": None,
    }  # fmt: skip
    return known | other


def test_a_share_that_fell_is_said_with_its_interval_and_where_it_is_now() -> None:
    (sentence,) = what_changed(RUN, [row()], WORDINGS).sentences
    assert sentence == "Declining fell by 1.1 points (0.3 to 1.9) to 15.6% of customers."


def test_a_share_that_has_risen_month_after_month_is_said_with_its_slope() -> None:
    steep = row(
        comparison="trend",
        change=0.006,
        ci_low=0.003,
        ci_high=0.009,
        months=6,
        estimate=0.124,
        method="slope_of_users",
    )
    unsure = row("Stable", comparison="trend", change=0.004, months=6, trust="caution")
    flat = row("New", comparison="trend", change=0.001, months=6, p_adjusted=0.4)
    found = what_changed(RUN, [row(), steep, unsure, flat], WORDINGS)
    assert found.trends == (
        "Declining has risen by 0.6 points a month over 6 months (0.3 to 0.9), to 12.4% of customers.",
    )
    assert found.compared == 1


def test_what_new_conditions_did_is_told_from_what_people_did() -> None:
    before = row(is_comparable=False, differences="rules changed")
    same = row(comparison="previous_same_rules", change=-0.003, rules_effect=0.021)
    (sentence,) = what_changed(RUN, [before, same], WORDINGS).of_the_measure
    assert sentence.endswith(
        "The new conditions alone moved Declining by +2.1 points, people moved it by \u22120.3 points."
    )


def test_a_number_with_a_subject_of_its_own_is_said_by_it() -> None:
    own = {
        "fee_tiers": {
            "retention_in_window": Wording("", words.percent, subject="Users{of_segment} back in {horizon}")
        }
    }
    fell = row("5 bps", family="fee_tiers", metric="retention_in_window", horizon="week 4")
    assert what_changed(RUN, [fell], own).sentences == (
        "Users of 5 bps back in week 4 fell by 1.1 points (0.3 to 1.9) to 15.6%.",
    )


def test_a_month_whose_numbers_can_not_change_is_not_taken_for_the_first() -> None:
    finished = row() | {"change": None, "p_adjusted": None, "trust": None, "reason": "same_users"}
    found = what_changed(RUN, [finished], WORDINGS)
    assert (found.is_first, found.compared, found.unjudged) == (False, 0, ())


def test_what_is_adjusted_for_the_earlier_spend_is_no_further_comparison() -> None:
    assert what_changed(RUN, [row(), row(method="ancova")], WORDINGS).compared == 1


def test_amounts_and_counts_are_said_in_their_own_units() -> None:
    mean = row(
        metric="mean_spend_90d",
        kind="mean",
        change=210.0,
        ci_low=20.4,
        ci_high=400.0,
        estimate=1810.0,
        earlier_estimate=1600.0,
    )
    count = row(
        None,
        metric="members",
        kind="count",
        change=35,
        ci_low=10,
        ci_high=60,
        estimate=2500,
        earlier_estimate=2465,
    )
    assert what_changed(RUN, [mean, count], WORDINGS).sentences == (
        "Mean spend last 90 days of Declining rose by $210 ($20.40 to $400) to $1,810.",
        "The number of customers rose by 35 (10 to 60) to 2,500.",
    )


@pytest.mark.parametrize(
    "other",
    [
        {"p_adjusted": 0.051},
        {"p_adjusted": None, "trust": None, "ci_low": None},
        {"trust": "caution", "reason": "few_movers"},
    ],
    ids=["chance", "no interval", "not reliable"],
)
def test_what_may_be_chance_is_no_change(other: dict[str, Any]) -> None:
    assert what_changed(RUN, [row(**other)], WORDINGS).sentences == ()


def test_the_largest_change_comes_first_each_segment_once_and_the_rest_is_counted() -> None:
    shares = [row(f"S{n}", change=0.01 * n) for n in range(1, 10)]
    means = [
        row(f"S{n}", metric="mean_spend_90d", kind="mean", change=9.0, estimate=19.0, earlier_estimate=10.0)
        for n in range(1, 10)
    ]
    found = what_changed(RUN, [*shares, *means], WORDINGS)
    assert [sentence.split()[0] for sentence in found.sentences] == [f"S{n}" for n in range(9, 9 - MOST, -1)]
    assert all("points" in sentence for sentence in found.sentences)
    assert found.further == 18 - MOST


def test_a_mean_of_few_people_weighs_less_than_the_same_of_many() -> None:
    of = {
        "metric": "mean_spend_90d",
        "kind": "mean",
        "change": 5.0,
        "estimate": 15.0,
        "earlier_estimate": 10.0,
    }
    found = what_changed(RUN, [row("Few", **of, n=100), row("Many", **of, n=2000)], WORDINGS)
    assert "of Many" in found.sentences[0] and "of Few" in found.sentences[1]


def test_a_change_under_other_rules_is_named_as_one_of_the_measure() -> None:
    found = what_changed(RUN, [row(is_comparable=False, differences="rules changed")], WORDINGS)
    assert found.sentences == ()
    (said,) = found.of_the_measure
    assert "not the same measure as on 1 October 2026 (rules changed)" in said and "Declining fell by" in said


def test_what_could_not_be_judged_is_counted_by_reason() -> None:
    rows = [
        row(trust="unreliable", reason="skewed"),
        row("B", trust="unreliable", reason="skewed"),
        row("C", trust=None, reason="no_variation"),
    ]
    (said,) = what_changed(RUN, rows, WORDINGS).unjudged
    assert said[0] == 2 and said[1].startswith("The amounts are so skewed")


def test_the_smallest_change_that_would_have_been_seen_is_that_of_the_share_known_worst() -> None:
    found = what_changed(
        RUN, [row(p_adjusted=0.5), row("B", p_adjusted=0.5, detectable_change=0.017)], WORDINGS
    )
    assert found.could_be_missed == "1.7 points"


def shown(changed: WhatChanged) -> str:
    return str(Page(render(RUN, [part()], [], [], changed=changed)).text)


def test_the_page_says_when_nothing_changed_and_when_there_is_nothing_to_compare_with() -> None:
    assert "Nothing changed beyond chance." in shown(what_changed(RUN, [row(p_adjusted=0.5)], WORDINGS))
    absent = dict.fromkeys(("earlier_as_of_date", "is_comparable", "change", "trust", "p_adjusted"))
    first = row() | absent | {"reason": "no_earlier_publication"}
    assert "No earlier month is published to compare with." in shown(what_changed(RUN, [first], WORDINGS))


def test_one_more_change_is_one_number() -> None:
    found = what_changed(RUN, [row()], WORDINGS)
    for further, said in ((1, "1 more number changed"), (2, "2 more numbers changed")):
        assert said in shown(replace(found, further=further))


def test_of_two_shares_of_a_segment_the_one_of_all_people_is_said() -> None:
    wordings = {
        "customer_segments": WORDINGS["customer_segments"]
        | {"segment_share_active": Wording("customers who are not dormant", words.percent)}
    }
    active = row(metric="segment_share_active", change=-0.02, estimate=0.2)
    assert what_changed(RUN, [active, row()], wordings).sentences[0].endswith("15.6% of customers.")
    assert (
        what_changed(RUN, [active], wordings).sentences[0].endswith("20.0% of customers who are not dormant.")
    )


def test_segments_that_go_by_a_code_are_called_what_people_call_them() -> None:
    named = {
        "segment_share": Wording(
            "users", words.percent, {"high_engagement": "Highly engaged", None: "Planners"}
        )
    }
    wordings = {"customer_segments": named}
    said = [what_changed(RUN, [row(segment)], wordings).sentences[0] for segment in ("high_engagement", None)]
    assert [sentence.partition(" fell")[0] for sentence in said] == ["Highly engaged", "Planners"]
