"""The limits look at rows and amounts, and the comparison with the last publication at whatever reason there
is."""

import pytest

from include.tidemark.accounting.account import record_account
from include.tidemark.accounting.reasons import known_reasons
from include.tidemark.accounting.suite import account_assets
from include.tidemark.warehouse import open_warehouse
from tests.accounting.plain_gate import PlainGate
from tests.validation.world import PREVIOUS, RUN_KEY, World

LINE = (
    "insert into runs.row_account (as_of_date, run_key, position, source_table, family, kind, reason, row_count, share_of_rows, share_of_amount)"
    " values (date '2026-11-01', '{key}', 99, 'transactions', {family}, 'left_out', '{reason}', 400, {rows}, {amount})"
)


@pytest.fixture
def recorded(world: World) -> World:
    """The account of a sound month without a line that is left out, after an earlier one."""
    world.after_previous()
    with open_warehouse(world.settings) as warehouse:
        record_account(world.run, warehouse)
    world.sql("delete from runs.row_account where kind = 'left_out'")
    return world


def _beyond(world: World) -> dict[str, str]:
    """What the gate says of shares that are too large, by check."""
    with open_warehouse(world.settings) as warehouse:
        (asset,) = (asset for asset in account_assets(world.run) if asset.name.endswith("transactions"))
        results = PlainGate(warehouse, None, None).evaluate(asset)  # type: ignore[arg-type]
    limits = ("above", "grown")
    return {
        r.expectation: str(r.message) for r in results if not r.success and r.expectation.startswith(limits)
    }


@pytest.mark.parametrize("family", ["null", "'customer_segments'"])
def test_every_reason_that_grew_from_1_to_40_percent_stops_the_run(recorded: World, family: str) -> None:
    reasons = sorted(known_reasons(recorded.run.rules) - {"erased"})
    recorded.with_rules(row_account_limits={})
    assert len(reasons) > 12
    for reason in reasons:
        for key, share in ((PREVIOUS.run_key, 0.01), (RUN_KEY, 0.4)):
            recorded.sql(LINE.format(key=key, family=family, reason=reason, rows=share, amount="null"))
        found = _beyond(recorded)
        assert (
            found.keys() == {"grown_critical"}
            and f"{reason}: +39.0 points, now 40.0 %" in found["grown_critical"]
        )
        recorded.sql("delete from runs.row_account where kind = 'left_out'")


@pytest.mark.parametrize(
    ("amount", "expected"), [(0.2, set()), (0.3, {"above_warning"}), (0.7, {"above_critical"})]
)
def test_a_share_of_the_amounts_counts_where_that_of_the_rows_is_small(
    recorded: World, amount: float, expected: set[str]
) -> None:
    recorded.sql(
        LINE.format(key=RUN_KEY, family="'customer_segments'", reason="not_posted", rows=0.01, amount=amount)
    )
    found = _beyond(recorded)
    assert found.keys() == expected
    assert all(f"not_posted: {100 * amount:.1f} %" in message for message in found.values())


def test_a_share_of_the_amounts_that_grew_stops_the_run(recorded: World) -> None:
    for key, amount in ((PREVIOUS.run_key, 0.01), (RUN_KEY, 0.4)):
        recorded.sql(LINE.format(key=key, family="null", reason="source_filter", rows=0.01, amount=amount))
    assert _beyond(recorded).keys() == {"grown_critical"}
