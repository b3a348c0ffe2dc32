"""deploy/snowflake_setup.sql: it can be run again, and gives each role what it needs and no more."""

import re

import sqlglot

from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.warehouse.control import SCHEMAS, TRANSIENT

SCRIPT = (PROJECT_ROOT / "deploy" / "snowflake_setup.sql").read_text(encoding="utf-8")


def statements_of(name: str) -> list[str]:
    """The statements of a script of `deploy/`, each on one line and without comments."""
    script = (PROJECT_ROOT / "deploy" / name).read_text(encoding="utf-8")
    bare = re.sub(r"--[^\n]*", "", script).split(";")
    return [re.sub(r"\s+", " ", statement).strip() for statement in bare if statement.strip()]


STATEMENTS = statements_of("snowflake_setup.sql")


def grants(role: str) -> list[str]:
    """What a role is given, as `privileges on object`."""
    return [
        found[1]
        for statement in STATEMENTS
        if (found := re.fullmatch(rf"grant (.+) to role {role}", statement))
        and not found[1].startswith("role ")
    ]


def test_every_statement_is_one_that_snowflakes_dialect_knows() -> None:
    assert len(STATEMENTS) > 30
    for statement in STATEMENTS:
        assert sqlglot.parse_one(statement, read="snowflake") is not None


def test_it_can_be_run_again() -> None:
    for statement in STATEMENTS:
        assert statement.startswith(("use role", "grant ", "alter user tidemark_service set")) or re.match(
            r"create (transient )?(database|schema|warehouse|role|user) if not exists ", statement
        ), statement
    assert "replace" not in SCRIPT.replace("replaces", "").replace("replace the names", "")


def test_it_makes_every_schema_of_the_project() -> None:
    made = {
        found[2]: found[1]
        for statement in STATEMENTS
        if (found := re.match(r"create (transient )?schema if not exists tidemark\.(\w+)", statement))
    }
    assert set(made) == set(SCHEMAS)
    assert {schema for schema, transient in made.items() if transient} == set(TRANSIENT)


def test_a_reader_sees_marts_only() -> None:
    assert set(grants("tidemark_reader")) == {
        "usage on database tidemark",
        "usage on warehouse tidemark",
        "usage on schema tidemark.marts",
        "select on all views in schema tidemark.marts",
        "select on future views in schema tidemark.marts",
    }


def test_the_pipeline_may_make_tables_and_views_in_its_schemas_and_nothing_else() -> None:
    given = grants("tidemark_runner")
    allowed = {"usage", "operate", "create table", "create view", "select"}
    assert {
        privilege.strip() for grant in given for privilege in grant.split(" on ")[0].split(",")
    } <= allowed
    assert not any(
        "all privileges" in grant or "ownership" in grant or "create schema" in grant for grant in given
    )
    assert {name for grant in given if (name := grant.rpartition("schema tidemark.")[2]) in SCHEMAS} == set(
        SCHEMAS
    )


def test_no_user_gets_a_role_of_the_account() -> None:
    to_users = [statement for statement in STATEMENTS if " to user " in statement]
    assert to_users == ["grant role tidemark_runner to user tidemark_service"]
    assert "accountadmin" not in SCRIPT.lower() and "password =" not in SCRIPT.lower()


LIMITS = statements_of("snowflake_limits.sql")


def test_the_optional_limits_can_be_run_again_and_touch_nothing_but_tidemarks_own_objects() -> None:
    for statement in LIMITS:
        assert sqlglot.parse_one(statement, read="snowflake") is not None
        assert re.match(
            r"use role (accountadmin|securityadmin)$|create (resource monitor|network policy) if not exists tidemark "
            r"|alter (warehouse tidemark|user tidemark_service) set (resource_monitor|network_policy) = tidemark$",
            statement,
        ), statement
    named = " ".join(STATEMENTS)
    assert "create warehouse if not exists tidemark" in named
    assert "create user if not exists tidemark_service" in named


def test_the_monitor_warns_before_it_stops_and_stops_gently_first() -> None:
    (monitor,) = [statement for statement in LIMITS if "resource monitor" in statement]
    assert re.findall(r"on (\d+) percent do (\w+)", monitor) == [
        ("80", "notify"),
        ("100", "suspend"),
        ("110", "suspend_immediate"),
    ]
