"""The segments as published, user by user, against the portraits that were planted."""

import pytest

from tests.demo import consequences

SHARE_IN_SEGMENT = 0.99
"""Of a portrait: the weeks of a few users fall so badly that another rule comes first."""


@pytest.fixture(scope="module")
def segments(synthetic_month):
    """(what was planted, the published segment) -> customers; new users by whether the last 90 days saw their
    first purchase."""
    rows = synthetic_month.query(
        f"""
        select
            case
                when labels.portrait <> 'new' then labels.portrait
                when labels.first_spend_date >= published.as_of_date - 90 then 'new'
                else 'new before'
            end as planted,
            published.customer_segment,
            count(*) as customers
        from marts.customer_segments_current as published
        inner join '{synthetic_month.landing / "truth" / "users.parquet"}' as labels
            on published.customer_id = labels.user_id
        group by all
        """
    )
    return {(row["planted"], row["customer_segment"]): row["customers"] for row in rows}


@pytest.mark.parametrize(
    ("planted", "segment"), [*consequences.PORTRAIT_SEGMENTS.items(), ("new", consequences.NEW_SEGMENT)]
)
def test_a_portrait_is_published_in_its_segment(segments, planted, segment):
    members = sum(customers for (portrait, _), customers in segments.items() if portrait == planted)
    assert members > 100
    assert segments.get((planted, segment), 0) >= SHARE_IN_SEGMENT * members, segments


def test_the_published_summary_counts_the_customers_of_the_portraits(synthetic_month, segments):
    published = {
        row["customer_segment"]: int(row["customers"])
        for row in synthetic_month.rows("data/segment_summary.csv")
    }
    assert published
    for segment in (*consequences.PORTRAIT_SEGMENTS.values(), consequences.NEW_SEGMENT):
        assert published[segment] == sum(n for (_, found), n in segments.items() if found == segment)


def test_no_tester_is_published(synthetic_month):
    (row,) = synthetic_month.query(
        f"""
        select count_if(labels.is_test) as testers, count(*) as customers
        from marts.customer_segments_current as published
        left join '{synthetic_month.landing / "truth" / "users.parquet"}' as labels
            on published.customer_id = labels.user_id
        """
    )
    assert row["testers"] == 0 and row["customers"] > 3_000
