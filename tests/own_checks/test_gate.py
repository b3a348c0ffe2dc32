"""A deployment's own checks in the gate: they warn, stop the month, and say how severe shipped ones are."""

import json
from typing import Any

import pytest

from include.tidemark.errors import GateError
from include.tidemark.pipeline.check import check_stage
from include.tidemark.warehouse import open_warehouse
from tests.validation.conftest import template, world  # noqa: F401 - fixtures
from tests.validation.world import PREVIOUS, World

STOPPED = "The gate '{stage}' stopped this run: {message} Nothing was published"


def own(world: World, *checks: dict[str, Any], severity: dict[str, str] | None = None) -> None:  # noqa: F811
    """Go on as if the configuration folder had a file of these checks when the run was resolved."""
    content = {"checks": list(checks), "severity": severity or {}}
    world.run = world.run.model_copy(update={"config": {"checks/ours.yml": content}})


def check(name: str, table: str = "runs.customer_segments", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "table": table,
        "claim": f"{name} holds.",
        "failure": f"{name} is {{observed}}.",
        **more,
    }


def results(world: World) -> dict[str, tuple[Any, ...]]:  # noqa: F811
    return {
        name: rest
        for name, *rest in world.rows(
            "select expectation, suite, table_name, severity, success, observed, message from control.gate_results"
            " where suite like 'own.%'"
        )
    }  # type: ignore[misc]


SMALL = check("small_spenders", rows_where="lifetime_value < 1000", max=10)
"""60 of the world's customers are."""


def test_an_own_check_warns_and_the_month_goes_on(world: World) -> None:  # noqa: F811
    own(world, SMALL)
    said = world.check("models")
    assert said["warnings"] == ["small_spenders is 60."]
    assert results(world)["small_spenders"] == [
        "own.runs.customer_segments",
        "runs.customer_segments",
        "warning",
        False,
        "60",
        "small_spenders is 60.",
    ]


@pytest.mark.parametrize(
    ("stage", "critical", "seen"),
    [
        ("sources", check("ios_users", "raw.users", rows_where="platform = 'ios'", severity="critical"), r"[1-9]\d* rows"),
        ("models", SMALL | {"severity": "critical"}, "observed 60"),
        ("statistics", check("published_numbers", "runs.statistics", measure="count(*)", max=1, severity="critical"), r"observed \d+"),
    ],
)  # fmt: skip
def test_an_own_critical_check_stops_the_month_and_the_published_one_stands(
    world: World,  # noqa: F811
    stage: str,
    critical: dict[str, Any],
    seen: str,
) -> None:
    world.sql(
        "insert into control.publications (publication_id, as_of_date, run_key, published_at, action)"
        f" values (1, '2026-10-01', '{PREVIOUS.run_key}', now(), 'publish')"
    )
    own(world, critical)
    with pytest.raises(
        GateError,
        match=rf"The gate '{stage}' stopped this run: own\.{critical['table']}, {critical['name']} \({seen}\): {critical['name']} is",
    ):
        world.check(stage)
    assert world.rows("select run_key from control.publications") == [(PREVIOUS.run_key,)]
    own(world, critical | {"severity": "warning"})
    assert world.check(stage)["critical"] == 0


def test_checks_of_one_table_are_one_query_over_the_run_s_own_rows(world: World) -> None:  # noqa: F811
    world.sql(
        "insert into runs.customer_segments select * replace ('20261001_20261001T060000_0123abcd' as run_key)"
        " from runs.customer_segments",
        "insert into raw.transactions select * replace ('later-' || transaction_id as transaction_id,"
        " timestamp '2026-11-01 12:00:00' as transaction_at) from raw.transactions limit 7",
    )
    own(
        world,
        check("customers_now", measure="count(*)", min=300, max=300),
        check("segments_now", measure="count(distinct customer_segment)", min=5, max=5),
        check("rows_of_staging", "staging.stg_transactions", measure="count(*)", min=840, max=840),
        check(
            "days_of_core",
            "core.fct_customer_category_daily",
            measure="count(distinct transaction_date)",
            min=1,
        ),
        check(
            "spend_agrees",
            reconciles={
                "measure": "sum(lifetime_value)",
                "other_table": "staging.stg_transactions",
                "other_measure": "sum(amount_cents) / 100",
                "tolerance_pct": 0.5,
            },
            severity="critical",
        ),
        check(
            "customers_agree",
            reconciles={
                "measure": "count(*)",
                "other_table": "staging.stg_users",
                "other_measure": "count(*) + 3",
                "tolerance_pct": 0.5,
            },
        ),
    )
    assert world.check("models")["warnings"] == ["customers_agree is 0.99."]
    found = results(world)
    assert {name: observed for name, (*_, observed, _) in found.items()} | {"days_of_core": "-"} == {
        "customers_now": "300",
        "segments_now": "5",
        "rows_of_staging": "840",
        "days_of_core": "-",
        "spend_agrees": "0",
        "customers_agree": "0.990099",
    }
    assert found["spend_agrees"][0] == "own.runs.customer_segments"


def test_no_value_of_a_row_reaches_a_page(world: World) -> None:  # noqa: F811
    world.sql(
        "update runs.customer_segments set lifetime_value = 7654321 where customer_id = 'secret-user-3'"
    )
    own(
        world,
        check("most_spend", measure="max(lifetime_value)", max=50_000, failure="Somebody spent too much."),
        check("least_spend", measure="min(lifetime_value)", min=1, max=1_000),
        check(
            "known_person",
            rows_where="right(customer_id, 7) = '-user-3'",
            failure="{observed} <b>$5</b> and $x are there.",
        ),
    )
    with pytest.raises(GateError, match="lifetime_value"):
        world.check("models")
    found = results(world)
    assert found["most_spend"][3:] == [False, "1", "Somebody spent too much."]
    assert found["least_spend"][3:5] == [True, "0"]
    pages = world.artifacts()
    assert (
        "Somebody spent too much."
        in pages[next(name for name in pages if name.endswith("models/index.html"))]
    )
    written = json.dumps(pages)
    assert (
        "7654321" not in written
        and "secret-user" not in written
        and "<b>$5" not in written
        and "&lt;b&gt;$5" in written
    )


def test_an_empty_table_fails_a_bound_and_not_the_run(world: World) -> None:  # noqa: F811
    world.sql("create or replace view staging.stg_market_prices as select * from raw.market_prices")
    own(
        world,
        check("price_mean", "staging.stg_market_prices", measure="avg(btc_usd)", min=1),
        check("price_rows", "staging.stg_market_prices", rows_where="btc_usd is null"),
    )
    assert world.check("models")["warnings"] == ["price_mean is nothing."]
    assert results(world)["price_rows"][4] == "0"


def test_a_table_that_is_not_there_is_one_critical_sentence(world: World) -> None:  # noqa: F811
    own(world, check("active_days", "core.fct_user_activity_daily", measure="count(*)", min=1))
    with pytest.raises(GateError, match=r"core\.fct_user_activity_daily does not exist"):
        world.check("models")


def test_a_lowered_check_lets_the_month_through_with_a_warning(world: World) -> None:  # noqa: F811
    world.sql("update runs.customer_segments set travel_spend_pct = 101 where customer_id = 'secret-user-1'")
    with pytest.raises(GateError, match="travel_spend_pct is between 0 and 100"):
        world.check("models")
    lowered = [name for name, (severity, _) in world.failures("models").items() if severity == "critical"]
    own(world, severity={f"models.customer_segments.{name}": "warning" for name in lowered})
    said = world.check("models")
    assert said["critical"] == 0 and len(said["warnings"]) == len(lowered)
    assert said["warnings"][0].startswith("runs.customer_segments has rows (1) that break this")


def test_a_raised_check_stops_the_month(world: World) -> None:  # noqa: F811
    world.sql("update raw.transactions set category = 'Zeppelins' where transaction_id = 'tx-1-10'")
    assert "unknown_category" in world.failures("sources")
    own(world, severity={"sources.transactions.unknown_category": "critical"})
    with pytest.raises(GateError, match="holds categories that are in no group"):
        check_stage("sources", world.run, world.settings)
    with open_warehouse(world.settings) as warehouse:
        ((severity, success),) = [
            row.values()
            for row in warehouse.fetch(
                "select severity, success from control.gate_results where expectation = 'unknown_category'"
            )
        ]
    assert (severity, success) == ("critical", False)
