"""Each kind of bad raw input stops the run, or warns, with a sentence that says what, where and what to
do."""

import pytest

from include.tidemark.errors import GateError
from tests.validation.world import World

ONE = "where transaction_id = 'tx-0-10'"

BAD_INPUTS = {
    "a missing table": (
        ["drop table raw.users"],
        "users__exists", "critical", ["raw.users", "does not exist", "load"],
    ),
    "a missing column": (
        ["alter table raw.transactions drop column category"],
        "transactions__category", "critical", ["raw.transactions.category", "missing", "add it"],
    ),
    "a wrong type": (
        ["alter table raw.transactions alter amount_usd type varchar"],
        "transactions__amount_usd", "critical", ["raw.transactions.amount_usd", "varchar", "decimal(18,4)"],
    ),
    "a timestamp with a time zone": (
        ["alter table raw.transactions alter transaction_at type timestamptz"],
        "transactions__transaction_at", "critical", ["raw.transactions.transaction_at", "time zone", "timestamp"],
    ),
    "an empty table": (
        ["delete from raw.transactions"],
        "row_count", "critical", ["raw.transactions is empty"],
    ),
    "rows that are all after the as-of date": (
        ["update raw.transactions set transaction_at = timestamp '2026-11-01 05:00:00'"],
        "rows_before_as_of", "critical", ["no posted row before the as-of date 2026-11-01", "2026-11-01 (UTC)", "as_of_date"],
    ),
    "a load without a single posted row": (
        ["update raw.transactions set status = 'declined'"],
        "rows_before_as_of", "critical", ["no posted row", "none of its 840 rows is a posted row of any day: say which words of its status mean posted (`values` in sources.yml)"],
    ),
    "duplicate ids": (
        [f"insert into raw.transactions select * from raw.transactions {ONE}"],
        "duplicate_transaction_id", "critical", ["raw.transactions.transaction_id", "(1 rows too many)", "remove"],
    ),
    "null ids": (
        [f"update raw.transactions set user_id = null {ONE}"],
        "null_user_id", "critical", ["raw.transactions.user_id is null", "(1)", "correct"],
    ),
    "null amounts": (
        [f"update raw.transactions set amount_usd = null {ONE}"],
        "null_amount_usd", "critical", ["raw.transactions.amount_usd is null"],
    ),
    "not a number": (
        ["alter table raw.transactions alter amount_usd type double",
         f"update raw.transactions set amount_usd = 'NaN' {ONE}"],
        "not_finite_amount_usd", "critical", ["raw.transactions.amount_usd", "NaN", "(1)"],
    ),
    "infinity": (
        ["alter table raw.transactions alter amount_usd type double",
         f"update raw.transactions set amount_usd = '-Infinity' {ONE}"],
        "not_finite_amount_usd", "critical", ["raw.transactions.amount_usd", "infinite", "(1)"],
    ),
    "an amount that the contract's type cannot hold": (
        ["alter table raw.transactions alter amount_usd type double",
         f"update raw.transactions set amount_usd = 1e14 {ONE}"],
        "not_finite_amount_usd", "critical", ["too large"],
    ),
    "a sign-up in the year 1": (
        ["update raw.users set created_at = timestamp '0001-01-01' where user_id = 'secret-user-4'"],
        "early_created_at", "critical", ["raw.users.created_at is before 2006-11-01", "(1)", "the earliest is 0001-01-01",
                                         "earliest_years_before_as_of"],
    ),
    "a default date": (
        [f"update raw.transactions set transaction_at = timestamp '1970-01-01' {ONE}"],
        "early_transaction_at", "critical", ["raw.transactions.transaction_at", "the earliest is 1970-01-01"],
    ),
    "future timestamps": (
        [f"update raw.transactions set transaction_at = timestamp '2026-11-01 06:00:01' {ONE}"],
        "future_transaction_at", "warning", ["raw.transactions.transaction_at", "later than the start of the run", "(1)"],
    ),
    "an unknown category": (
        ["update raw.transactions set category = 'Çay & 東京: :x {}' where ends_with(user_id, '7')"],
        "unknown_category", "warning", ["10 users or more have: Çay & 東京: :x {})", "category_groups"],
    ),
    "an unknown status": (
        [f"update raw.transactions set status = 'maybe' {ONE}"],
        "unknown_status", "warning", ["raw.transactions.status", "(1 rows)"],
    ),
    "transactions of unknown users": (
        ["delete from raw.users where user_id = 'secret-user-4'"],
        "unknown_user", "warning", ["not in raw.users (3)"],
    ),
    "zero amounts": (
        [f"update raw.transactions set amount_usd = 0 {ONE}"],
        "zero_amount", "warning", ["raw.transactions.amount_usd is 0", "(1)"],
    ),
    "negative amounts": (
        [f"update raw.transactions set amount_usd = -5 {ONE}"],
        "negative_amount", "info", ["refunds", "(1)"],
    ),
    "a blank category": (
        [f"update raw.transactions set category = ' ' {ONE}"],
        "blank_category", "info", ["UNKNOWN", "(1)"],
    ),
    "a load that stopped five days ago": (
        ["delete from raw.transactions where transaction_at > timestamp '2026-10-27 04:00:00'"],
        "days_since_last_row", "warning", ["9.50 days before the as-of date", "late"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("bad_input", BAD_INPUTS)
def test_bad_input_fails_with_its_severity_and_a_sentence_and_stops_nothing_else(
    world: World, bad_input: str
) -> None:
    statements, expectation, severity, words = BAD_INPUTS[bad_input]
    world.sql(*statements)
    failures = world.failures("sources")
    assert expectation in failures, failures
    found, message = failures[expectation]
    assert found == severity
    assert [word for word in words if word not in message] == [], message
    critical = {name for name, (level, _) in failures.items() if level == "critical"}
    allowed = {expectation} if severity == "critical" else set()
    assert critical - allowed <= ({"rows_before_as_of"} if bad_input == "an empty table" else set())


def test_the_error_is_one_sentence_a_failure_and_says_where_the_pages_are(world: World) -> None:
    world.sql("drop table raw.transactions")
    with pytest.raises(GateError) as stopped:
        world.check("sources")
    text = str(stopped.value)
    assert "The table raw.transactions does not exist" in text and text.endswith(
        "validation/sources/index.html"
    )
    assert "Traceback" not in text and "\n" not in text


def test_at_most_three_failures_are_named_and_the_others_counted(world: World) -> None:
    for column in ("category", "status", "fee_usd", "user_id", "amount_usd"):
        world.sql(f"alter table raw.transactions drop column {column}")
    with pytest.raises(GateError, match=r"\(2 more\)"):
        world.check("sources")


def test_rows_between_the_as_of_date_and_the_start_of_the_run_are_no_defect(world: World) -> None:
    world.sql(f"update raw.transactions set transaction_at = timestamp '2026-11-01 05:30:00' {ONE}")
    assert world.failures("sources") == {}


def test_a_category_that_the_rules_map_is_known_whatever_its_case(world: World) -> None:
    world.sql(f"update raw.transactions set category = ' bücher ' {ONE}")
    world.with_rules(category_groups={"Bücher": "other"})
    assert world.failures("sources") == {}


def test_double_amounts_stand_in_for_decimal_ones(world: World) -> None:
    world.sql("alter table raw.transactions alter amount_usd type double")
    assert world.failures("sources") == {}


@pytest.mark.parametrize(
    ("seen", "severities"), [(950, set()), (1100, {"warning"}), (1800, {"warning", "critical"})]
)
def test_fewer_rows_than_the_previous_publication_saw_warn_and_then_stop(
    world: World, seen: int, severities: set[str]
) -> None:
    world.after_previous()
    world.sql(
        f"insert into control.gate_results values ('2026-10-01', '{world.run.previous.run_key}', 'sources',"  # type: ignore[union-attr]
        f" 'sources.transactions', 'rows_before_as_of', 'raw.transactions', 'transaction_at', 'critical', true, '{seen}', '')"
    )
    assert {severity for severity, _ in world.failures("sources").values()} == severities
    assert world.observed("sources", "volume_drop_pct_warning") == pytest.approx(
        100 * (seen - 840) / seen, rel=1e-5
    )
