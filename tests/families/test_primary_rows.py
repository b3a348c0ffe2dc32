"""Of each number of a month one row is primary: that of the method which was named before looking."""

from collections import defaultdict

from tests.families.conftest import PublishedRun

PRIMARY = {
    "binomial_bootstrap": "wilson",
    "hall_skew_t": "percentile_bootstrap",
    "log_delta": "percentile_bootstrap",
    "logit_clustered": "logit_jackknife",
    "retention_weighted": "percentile_bootstrap",
    "huber_jackknife": "cr3_t",
    "wild_enumerated": "cr3_t",
}
"""Method -> the one that it is beside."""


def test_each_number_of_a_month_has_one_primary_row(synthetic_month: PublishedRun) -> None:
    methods: dict[tuple[str, ...], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in synthetic_month.rows("data/statistics.csv"):
        horizon = "" if row["method"] == "leave_one_period_out" else row["horizon"]
        number = (row["family"], row["metric"], row["segment"], row["segment_to"], horizon)
        methods[number][row["is_primary"]].append(row["method"])
    assert {number[0] for number in methods} == set(synthetic_month.run.families)
    assert {name: len(found["true"]) for name, found in methods.items() if len(found["true"]) != 1} == {}
    beside = [(found["true"][0], method) for found in methods.values() for method in found["false"]]
    assert {method for _, method in beside} >= PRIMARY.keys()
    for primary, method in beside:
        if method in PRIMARY:
            assert primary == PRIMARY[method]


def test_the_view_shows_which_rows_are_primary(synthetic_month: PublishedRun) -> None:
    (row,) = synthetic_month.query(
        "select count(*) as numbers, count_if(is_primary) as primary_rows, count_if(is_primary is null) as unknown"
        " from marts.statistics"
    )
    assert row["unknown"] == 0 < row["primary_rows"] < row["numbers"]
