"""A column or value that the last publication had and that is gone stops the run or warns; one that never was
does neither."""

from datetime import timedelta

import pytest

from include.tidemark.run import RunOptions
from tests.validation.world import AS_OF, PREVIOUS, STARTED, World

FILLED = [
    "update raw.users set is_test_user = cast(split_part(user_id, '-', 3) as integer) % 20 = 0,"
    " platform = ['ios', 'android', 'web'][1 + cast(split_part(user_id, '-', 3) as integer) % 3]",
    "update raw.transactions set status = ['posted', 'declined', 'pending', null]"
    "[1 + greatest(0, cast(split_part(user_id, '-', 3) as integer) % 30 - 26)] where amount_usd < 2000",
    "update raw.transactions set fee_usd = case when amount_usd < 1000 then 0 else 1.5 end",
]


@pytest.fixture
def world(world: World) -> World:
    """The last publication has been checked with these columns, and its results are kept."""
    world.sql(*FILLED)
    now = world.run
    world.run = now.model_copy(
        update={"run_key": PREVIOUS.run_key, "as_of_date": AS_OF - timedelta(days=1), "started_at": STARTED}
    )
    world.check("sources")
    world.run = now
    world.after_previous()
    return world


def gone(world: World) -> dict[str, tuple[str, str]]:
    """Severity and sentence of each failed check of the columns."""
    found = world.failures("sources")
    return {
        name: told for name, told in found.items() if name.startswith(("emptied_", "null_share_", "gone_"))
    }


def test_columns_that_are_as_before_are_silent(world: World) -> None:
    assert gone(world) == {}
    compared = world.rows(
        "select sum(cast(observed as integer)) from control.gate_results where expectation = 'columns_compared'"
        f" and run_key = '{world.run.run_key}'"
    )
    assert compared[0][0] > 20


@pytest.mark.parametrize(
    ("table", "column", "value", "decides"),
    [
        ("users", "is_test_user", "null", True), ("transactions", "status", "null", True),
        ("transactions", "status", "' '", True), ("users", "country", "''", False), ("users", "email", "null", False),
    ],
)  # fmt: skip
def test_a_column_that_is_empty_throughout_stops_the_run_unless_it_is_allowed(
    world: World, table: str, column: str, value: str, decides: bool
) -> None:
    world.sql(f"update raw.{table} set {column} = {value}")
    ((name, (severity, message)),) = gone(world).items()
    assert (name, severity) == (f"emptied_{column}", "critical")
    for words in (
        f"raw.{table}.{column} has no value in any of the rows",
        "publication of 2026-10-31",
        f"--allow-missing {table}.{column}`",
    ):
        assert words in message
    assert ("and decides" in message) == decides
    options = RunOptions(allow_missing=(f"{table}.{column}",))
    world.run = world.run.model_copy(update={"options": options})
    ((name, (severity, message)),) = gone(world).items()
    assert (name, severity) == (f"emptied_{column}", "warning")
    assert "allow-missing" not in message


def test_a_column_that_never_had_a_value_is_none_that_vanished(world: World) -> None:
    world.sql(
        "update control.source_columns set row_count = total_count where column_name = 'country' and value is null;"
        "delete from control.source_columns where column_name = 'country' and value is not null;"
        "update raw.users set country = null"
    )
    assert gone(world) == {}


@pytest.mark.parametrize(
    ("share", "severities"), [(5, set()), (15, {"warning"}), (60, {"warning", "critical"})]
)
def test_a_share_of_nulls_that_rose_warns_and_then_stops(
    world: World, share: int, severities: set[str]
) -> None:
    world.sql(
        f"update raw.users set country = null where cast(split_part(user_id, '-', 3) as integer) % 100 < {share}"
    )
    found = gone(world)
    assert {severity for severity, _ in found.values()} == severities
    assert set(found) == {f"null_share_country_{severity}" for severity in severities}
    assert all(f"is null in {share}.0 % of the rows" in message for _, message in found.values())


def test_new_rows_without_a_value_show_among_the_old_ones(world: World) -> None:
    new = (
        "insert into raw.users select 'new-' || i, timestamp '{day}', 'ios', {country}, false, null, null, timestamp '{day}'"
        " from range({n}) as t(i)"
    )
    world.sql("delete from control.source_columns")
    world.sql(new.format(day="2026-10-10", country="'US'", n=20).replace("'new-'", "'old-'"))
    now = world.run
    world.run = now.model_copy(update={"run_key": PREVIOUS.run_key, "as_of_date": AS_OF - timedelta(days=1)})
    world.check("sources")
    world.run = now
    world.sql("update raw.users set created_at = timestamp '2026-09-01' where starts_with(user_id, 'old-')")
    world.sql(new.format(day="2026-10-20", country="null", n=20))
    ((name, (severity, message)),) = gone(world).items()
    assert (name, severity) == ("emptied_country", "critical")
    assert "in any of the rows of the last 30 days" in message


@pytest.mark.parametrize(
    ("statement", "name", "severity", "value"),
    [
        ("update raw.users set is_test_user = false", "gone_is_test_user_critical", "critical", "true"),
        ("update raw.transactions set status = 'posted' where status = 'declined'", "gone_status_critical", "critical", "declined"),
        ("update raw.transactions set status = 'posted' where status = 'pending'", "gone_status_warning", "warning", "pending"),
        ("update raw.users set platform = 'iphone' where platform = 'ios'", "gone_platform_warning", "warning", "ios"),
        ("update raw.transactions set fee_usd = 0", "gone_fee_usd_warning", "warning", "any number but 0"),
        ("update raw.transactions set category = 'Trips' where category = 'Travel'", "gone_category_warning", "warning", "travel"),
    ],
)  # fmt: skip
def test_a_frequent_value_that_is_gone_is_named(
    world: World, statement: str, name: str, severity: str, value: str
) -> None:
    world.sql(statement)
    found = gone(world)
    assert {key: level for key, (level, _) in found.items()} == {name: severity}
    assert f"none of the rows has now ({value})" in found[name][1]


def _erased(world: World, rows: int) -> None:
    """The last publication is in the ledger, and rows of users were erased since."""
    world.sql(
        "insert into control.publications (publication_id, as_of_date, run_key, published_at, action, rules_hash, code_version, manifest_uri,"
        f" manifest_sha256, dag_run_id) values (1, date '{PREVIOUS.as_of_date}', '{PREVIOUS.run_key}', timestamp '2026-10-01', 'publish', '', '', '', '', '')",
        "insert into control.erasures (erased_at, persons, kind, name, row_count)"
        f" values (timestamp '2026-10-15', {rows}, 'source', 'users', {rows})",
    )


@pytest.mark.parametrize(("erased", "severity"), [(14, "critical"), (15, "warning")])
@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("delete from raw.users where is_test_user", "gone_is_test_user"),
        ("update raw.users set is_test_user = null", "emptied_is_test_user"),
    ],
    ids=["the value", "the column"],
)
def test_what_may_have_gone_with_persons_who_were_erased_is_told_and_stops_nothing(
    world: World, statement: str, name: str, erased: int, severity: str
) -> None:
    if name.startswith("emptied"):
        world.sql(
            "update control.source_columns set row_count = total_count - 15 where column_name = 'is_test_user' and value is null",
            "delete from control.source_columns where column_name = 'is_test_user' and value = 'false'",
        )
    _erased(world, erased)
    world.sql(statement)
    found = gone(world)
    assert {level for level, _ in found.values()} == {severity}
    ((key, (_, message)),) = found.items()
    assert key.startswith(name)
    assert ("the 15 rows that were erased since may explain it" in message) == (
        key == "emptied_is_test_user" and erased == 15
    )


@pytest.mark.parametrize(("erased", "severities"), [(0, {"warning", "critical"}), (200, {"warning"})])
def test_a_share_of_nulls_that_erased_rows_explain_stops_nothing(
    world: World, erased: int, severities: set[str]
) -> None:
    _erased(world, erased)
    world.sql(
        "update control.source_columns set row_count = 80 where column_name = 'country' and value is null",
        "update raw.users set country = null where cast(split_part(user_id, '-', 3) as integer) % 100 < 80",
    )
    assert {severity for severity, _ in gone(world).values()} == severities


def test_also_a_handful_of_testers_that_nobody_marks_any_more_is_told_of(world: World) -> None:
    world.sql(
        "update control.source_columns set row_count = 3 where column_name = 'is_test_user' and value = 'true'"
    )
    world.sql("update raw.users set is_test_user = false")
    ((name, (severity, message)),) = gone(world).items()
    assert (name, severity) == ("gone_is_test_user_warning", "warning")
    assert "none of the rows has now (true)" in message


def test_a_handful_of_testers_is_known_to_the_next_month(world: World) -> None:
    world.sql("update raw.users set is_test_user = user_id in (select min(user_id) from raw.users)")
    gone(world)
    kept = "select value, row_count from control.source_columns where column_name = 'is_test_user' and scope = 'all'"
    assert ("true", 1) in world.rows(f"{kept} and run_key = '{world.run.run_key}'")


def test_a_value_that_few_still_have_or_that_is_written_in_another_case_is_not_gone(world: World) -> None:
    world.sql(
        "update raw.users set platform = 'iphone' where platform = 'ios' and user_id <> 'secret-user-0'",
        "update raw.transactions set category = upper(category), status = ' ' || upper(status)",
    )
    assert gone(world) == {}


def test_nothing_that_few_people_share_is_kept(world: World) -> None:
    world.sql("update raw.users set platform = email where user_id <> 'secret-user-0'")
    assert set(gone(world)) == {"gone_platform_warning"}
    kept = str(world.rows("select * from control.source_columns"))
    assert "travel" in kept and "example.org" not in kept and "secret-user" not in kept


def test_a_first_month_says_that_nothing_could_be_compared(world: World) -> None:
    world.sql("delete from control.source_columns")
    assert gone(world) == {}
    ((message, count),) = world.rows(
        "select min(message), count(*) from control.gate_results where expectation = 'columns_before'"
        f" and run_key = '{world.run.run_key}'"
    )
    assert message.startswith("Not evaluated: what the last publication's columns held") and count == 2
