import json
import math

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.tidemark.statistics.results import (
    COLUMNS,
    REASONS,
    ResultRow,
    null_row,
    result_schema,
    round_significant,
    to_records,
)

RUN = {"as_of_date": "2026-11-01", "run_key": "20261101T020000-ab12", "family": "customer_segments"}
ROW = ResultRow(
    "mean_spend_90d",
    12.5,
    "percentile_bootstrap",
    segment="Declining",
    ci_low=10,
    ci_high=np.float64(15),
    confidence_level=0.95,
    n=np.int64(400),
    n_resamples=1000,
    seed="0" * 32,
    trust="ok",
)
NULL = null_row("backtest_spend_ratio", "log_delta", "window_not_complete", horizon="90d", is_mature=False)


def test_records_have_exactly_the_columns_in_order_and_plain_python_types() -> None:
    record = to_records([ROW], **RUN)[0]
    assert tuple(record) == COLUMNS
    assert type(record["ci_high"]) is float and type(record["ci_low"]) is float and type(record["n"]) is int
    json.dumps(record)


@pytest.mark.parametrize("row", [ROW, NULL])
def test_a_record_keeps_the_json_schema(row: ResultRow) -> None:
    jsonschema.validate(to_records([row], **RUN)[0], result_schema())


@pytest.mark.parametrize(
    "change",
    [
        {"estimate": None},
        {"ci_low": None},
        {"seed": "not hex"},
        {"n": -1},
        {"n_resamples": 10},
        {"n_resamples": None},
        {"trust": "great"},
        {"reason": "because"},
        {"is_mature": False},
        {"p_value": 1.5},
        {"as_of_date": "1 November"},
        {"surprise": 1},
    ],
)
def test_the_json_schema_refuses_what_a_reader_could_not_use(change: dict) -> None:
    record = {**to_records([ROW], **RUN)[0], **change}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, result_schema())


def test_the_schema_lists_the_columns_and_the_reasons_of_the_code() -> None:
    schema = result_schema()
    assert set(schema["properties"]) == set(schema["required"]) == set(COLUMNS)
    assert set(schema["properties"]["reason"]["enum"]) == {*REASONS, None}
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_an_estimate_that_is_not_finite_becomes_null_with_a_reason(value: float) -> None:
    row = ResultRow("m", value, "wilson", ci_low=0.0, ci_high=value, trust="ok")
    assert (row.estimate, row.ci_low, row.ci_high, row.trust, row.reason) == (
        None,
        None,
        None,
        None,
        "not_finite",
    )


def test_an_infinite_end_becomes_null_with_a_reason_and_the_estimate_stays() -> None:
    row = ResultRow("m", 1.0, "wild_cluster", ci_low=0.5, ci_high=math.inf, p_value=math.nan)
    assert (row.estimate, row.ci_low, row.ci_high, row.reason) == (1.0, 0.5, None, "unbounded_interval")
    assert row.p_value is None


def test_a_missing_end_is_said_before_why_the_flag_warns() -> None:
    row = ResultRow(
        "m", 1.0, "firth_profile", ci_low=0.5, ci_high=math.inf, trust="caution", reason="penalized"
    )
    assert (row.trust, row.reason) == ("caution", "unbounded_interval")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"estimate": None}, "reason is missing"),
        ({"estimate": 1.0}, "reason is missing"),
        ({"estimate": 1.0, "reason": "bad luck"}, "reason must be one of"),
        ({"estimate": 1.0, "ci_low": 2.0, "ci_high": 1.0}, "above ci_high"),
        ({"estimate": 1.0, "ci_low": 0.0, "ci_high": 2.0, "is_mature": False}, "window is not over"),
        ({"estimate": 1.0, "ci_low": 0.0, "ci_high": 2.0, "trust": "good"}, "trust must be"),
        ({"estimate": 1.0, "ci_low": 0.0, "ci_high": 2.0}, "trust is missing"),
        (
            {"estimate": 1.0, "ci_low": 0.0, "ci_high": 2.0, "trust": "caution"},
            "reason is missing for the flag",
        ),
    ],
)
def test_a_row_that_would_mislead_is_refused(fields: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        ResultRow(metric="m", method="wilson", **fields)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_keeps_twelve_digits_and_is_idempotent(value: float) -> None:
    rounded = round_significant(value)
    assert rounded == round_significant(rounded)
    assert math.isclose(rounded, value, rel_tol=5e-12, abs_tol=1e-320)
    assert math.copysign(1, rounded) == 1 or rounded != 0
