"""The published files of the customer segments, held against plain SQL and Python of their own."""

import csv
import hashlib
import hmac
import json

import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from include.tidemark.segmentations.shipped import shipped
from include.tidemark.statistics.results import result_schema
from tests.artifacts.months import KEY, MONTHS

SEGMENTS = shipped("customer_segments").names
TABLES = [
    "data/customer_segments", "data/segment_summary", "data/segment_movement", "data/segment_backtest", "data/statistics",
    "data/data_dictionary", "audiences/high_value_travelers", "audiences/declining", "audiences/new_and_growing",
    "audiences/budget_conscious",
]  # fmt: skip


def read(book, run, name):
    with book.path(run, f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def hashed(user_id):
    return hmac.new(KEY.encode(), user_id.encode(), hashlib.sha256).hexdigest()[:32]


def test_every_customer_is_in_the_file_once_with_the_model_s_values(published, november):
    rows = {row["customer_id"]: row for row in read(published, november, "data/customer_segments")}
    expected = published.sql(
        "select customer_id, customer_segment, is_dormant::varchar, lifetime_value::varchar, tenure_months::varchar,"
        " last_transaction_date::varchar, spend_last_90_days::varchar from runs.customer_segments where run_key = ?",
        november.run_key,
    )
    names = (
        "customer_segment",
        "is_dormant",
        "lifetime_value",
        "tenure_months",
        "last_transaction_date",
        "spend_last_90_days",
    )
    assert len(rows) == len(expected) == 430
    for customer_id, *values in expected:
        assert [rows[hashed(customer_id)][name] for name in names] == values


def test_no_user_id_or_user_name_is_in_any_file_of_a_run(published, november):
    ids = [
        row[0].encode()
        for row in published.sql("select distinct customer_id from runs.customer_segments")
        if len(row[0]) > 3
    ]
    assert len(ids) > 400
    for file in published.path(november, "").rglob("*"):
        if file.suffix in {".csv", ".json", ".html"}:
            content = file.read_bytes()
            assert not [user_id for user_id in ids if user_id in content], file


def test_the_order_of_rows_tells_nothing_about_the_order_of_ids(published, november):
    ids = [
        row[0]
        for row in published.sql(
            "select customer_id from runs.customer_segments where run_key = ? order by 1", november.run_key
        )
    ]
    rows = [row["customer_id"] for row in read(published, november, "data/customer_segments")]
    ranks = {hashed(user_id): rank for rank, user_id in enumerate(ids)}
    positions = [ranks[row] for row in rows]
    middle = (len(ids) - 1) / 2
    correlation = sum((p - middle) * (n - middle) for n, p in enumerate(positions)) / sum(
        (n - middle) ** 2 for n in range(len(ids))
    )
    assert abs(correlation) < 0.15


def test_parquet_and_csv_hold_the_same_rows(published, november):
    for name in ("data/customer_segments", "data/statistics"):
        table = pq.read_table(published.path(november, f"{name}.parquet"))
        rows = read(published, november, name)
        assert table.num_rows == len(rows)
        assert table.column_names == list(rows[0])
        assert table.column(2).to_pylist() == [row[table.column_names[2]] for row in rows]


def test_the_summary_agrees_with_plain_sql(published, november):
    rows = {row["customer_segment"]: row for row in read(published, november, "data/segment_summary")}
    expected = published.sql(
        "select coalesce(customer_segment, 'All customers'), count(*), count(*) filter (is_dormant),"
        " sum(spend_last_90_days), sum(lifetime_value), round(avg(lifetime_value), 2) from runs.customer_segments"
        " where run_key = ? group by rollup (customer_segment)",
        november.run_key,
    )
    assert list(rows) == [*SEGMENTS, "All customers"]
    for name, customers, dormant, spend, lifetime, mean in expected:
        row = rows[name]
        assert (int(row["customers"]), int(row["dormant_customers"])) == (customers, dormant)
        assert (row["spend_last_90_days"], row["lifetime_value"]) == (f"{spend:.2f}", f"{lifetime:.2f}")
        assert float(row["mean_lifetime_value"]) == pytest.approx(float(mean), abs=0.011)
        assert (
            float(row["mean_lifetime_value_ci_low"]) < float(mean) < float(row["mean_lifetime_value_ci_high"])
        )
    assert sum(float(rows[segment]["share_pct"]) for segment in SEGMENTS) == pytest.approx(100)


def test_movement_agrees_with_a_join_of_the_two_months(published, november):
    rows = {
        (row["from_segment"], row["to_segment"]): row
        for row in read(published, november, "data/segment_movement")
    }
    expected = published.sql(
        "select coalesce(before.customer_segment, 'New customer'), now.customer_segment, count(*)"
        " from (from runs.customer_segments where run_key = ?) as now"
        " left join (from runs.customer_segments where run_key = ?) as before using (customer_id) group by all",
        november.run_key,
        november.previous.run_key,
    )
    assert {pair: int(row["customers"]) for pair, row in rows.items() if row["customers"] != "0"} == {
        (origin, to): customers for origin, to, customers in expected
    }
    for origin in SEGMENTS:
        shares = [float(row["share_pct"]) for (start, _), row in rows.items() if start == origin]
        assert sum(shares) == pytest.approx(100)


def test_the_backtest_agrees_with_plain_sql(published, november):
    expected = published.sql(
        "select coalesce(customer_segment, 'All customers'), sum(n), sum(prior_s1) / 100, sum(later_s1) / 100,"
        " sum(later_s1) / sum(prior_s1) from runs.customer_segment_backtest_cells where run_key = ?"
        " group by rollup (customer_segment)",
        november.run_key,
    )
    rows = {row["customer_segment"]: row for row in read(published, november, "data/segment_backtest")}
    assert list(rows) == [*SEGMENTS, "All customers"]
    assert len(expected) == len(rows)
    for segment, customers, prior, later, ratio in expected:
        row = rows[segment]
        assert (int(row["customers"]), row["prior_spend"], row["later_spend"]) == (
            customers,
            f"{prior:.2f}",
            f"{later:.2f}",
        )
        assert float(row["spend_ratio"]) == pytest.approx(ratio)


def test_what_can_not_be_compared_is_empty_with_a_reason(published):
    first = published.runs[MONTHS[0]]
    (movement,) = read(published, first, "data/segment_movement")
    assert (movement["share_pct"], movement["customers"], movement["reason"]) == (
        "",
        "",
        "no_earlier_publication",
    )
    for row in read(published, first, "data/segment_backtest"):
        assert (row["spend_ratio"], row["customers"], row["reason"]) == ("", "", "no_earlier_publication")
    assert {row["reason"] for row in read(published, published.runs[MONTHS[1]], "data/segment_backtest")} == {
        "window_not_complete"
    }


def test_every_statistic_in_the_file_keeps_the_schema_of_a_result(published, november):
    schema = result_schema()
    validator = Draft202012Validator(schema)
    table = pq.read_table(published.path(november, "data/statistics.parquet"))
    assert table.column_names == schema["required"]
    for row in table.to_pylist():
        validator.validate(row | {"as_of_date": row["as_of_date"].isoformat()})


@pytest.mark.parametrize(
    ("audience", "condition", "order"),
    [
        (
            "high_value_travelers",
            "customer_segment = 'High-Value Travelers' and avg_monthly_spend >= 7500",
            "lifetime_value desc",
        ),
        ("declining", "customer_segment = 'Declining' and lifetime_value >= 5000", "spend_change_pct"),
        (
            "new_and_growing",
            "customer_segment = 'New & Growing' and avg_monthly_spend >= 3000",
            "spend_change_pct desc",
        ),
        ("budget_conscious", "customer_segment = 'Budget-Conscious'", "lifetime_value desc"),
    ],
)
def test_an_audience_is_the_seed_s_query(published, november, audience, condition, order):
    column = order.split()[0]
    expected = published.sql(
        f"select customer_id, {column} from runs.customer_segments where run_key = ? and {condition} order by {order}",
        november.run_key,
    )
    rows = read(published, november, f"audiences/{audience}")
    assert {row["customer_id"] for row in rows} == {hashed(customer_id) for customer_id, _ in expected}
    assert [float(row[column]) for row in rows] == pytest.approx([float(value) for _, value in expected])
    assert len(rows) > 2
    assert not {"email", "username", "first_name", "last_name"} & set(rows[0])


def test_the_projected_annual_value_is_twelve_times_the_monthly_average(published, november):
    for row in read(published, november, "audiences/new_and_growing"):
        assert float(row["projected_annual_value"]) == pytest.approx(12 * float(row["avg_monthly_spend"]))


def test_every_column_of_every_table_is_in_the_data_dictionary_with_a_description(published, november):
    described = {
        (row["table"], row["column"]): row["description"]
        for row in read(published, november, "data/data_dictionary")
    }
    for name in TABLES:
        header = (
            published.path(november, f"{name}.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        )
        assert [column for table, column in described if table == name] == header
        assert not [column for column in header if not described[name, column].strip()], name


def test_the_definitions_name_each_segment_with_the_run_s_thresholds(published, november):
    document = json.loads(published.path(november, "definitions/segment_definitions.json").read_text())
    segments = document["families"]["customer_segments"]["segments"]
    assert [segment["customer_segment"] for segment in segments] == list(SEGMENTS)
    assert [segment["priority"] for segment in segments] == [1, 2, 3, 4, 5]
    rules = november.rules.model_dump(mode="json")
    assert document["rules"] == rules
    for segment in segments:
        for name, value in segment["thresholds"].items():
            assert rules[name] == value
            number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
            assert number is None or f"{abs(number):,}" in segment["criteria"], name
    assert document["rules_hash"] == november.rules_hash
    assert document["windows"]["current"] == {"from": "2026-08-03", "before": "2026-11-01"}
