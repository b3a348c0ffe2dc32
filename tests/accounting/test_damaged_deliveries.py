"""A month may never be published wrong without a word, whatever lands: thousands of deliveries, sound and
damaged, hold it to that."""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, event, given, settings

from include.tidemark.errors import TidemarkError
from include.tidemark.sources.landing import log
from tests.accounting.deliveries import Delivery, deliveries
from tests.accounting.month import Month
from tests.accounting.truth import Numbers, Sums, account, customers

_MARKED = re.compile(r"marked|7700\d{3}|Zoé", re.IGNORECASE)
"""What only cells hold."""


@pytest.fixture
def quick(month: Month) -> Iterator[Month]:
    log.disabled = True
    with month.in_memory():
        yield month
    log.disabled = False


@pytest.mark.timeout(5400)
def test_a_month_is_stopped_by_one_sentence_or_adds_up_and_is_what_its_rows_say(quick: Month) -> None:
    outcomes: Counter[str] = Counter()
    damaged = 0
    before = quick.consumers_view()

    @settings(max_examples=2600, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(deliveries())
    def holds(delivery: Delivery) -> None:
        nonlocal damaged
        damaged += delivery.damaged
        outcome = _outcome(quick, delivery, before)
        outcomes[outcome] += 1
        event(f"{outcome}: {delivery.what}")
        if delivery.verdict != "either":
            assert outcome.startswith(delivery.verdict), f"{delivery.what} was {outcome}"

    holds()
    share = outcomes["published"] / outcomes.total()
    assert damaged >= 2000 and 0.25 < share < 0.75, (damaged, outcomes)


def _outcome(month: Month, delivery: Delivery, before: object) -> str:
    month.begin(delivery.files, delivery.sources)
    try:
        month.load()
    except TidemarkError as error:
        _is_one_sentence(error, month)
        assert month.consumers_view() == before
        return "stopped on loading"
    try:
        month.check("sources")
        month.build()
        month.check("models")
    except TidemarkError as error:
        _is_one_sentence(error, month)
        return "stopped by the gate"
    assert _account(month) == account(delivery.rows)
    assert _customers(month) == customers(delivery.rows)
    assert _warned_of_rounding(month) == any(
        row.amount_usd != row.amount_usd.quantize(Decimal("0.0001")) for row in delivery.rows.transactions
    )
    return "published"


def _is_one_sentence(error: TidemarkError, month: Month) -> None:
    text = str(error).replace(str(month.folder), "")
    assert "\n" not in text and text.endswith((".", ")", "html")), text
    assert not _MARKED.search(text), text


def _warned_of_rounding(month: Month) -> bool:
    failed = f"message like '%more decimals than%' and run_key = '{month.run.run_key}' and not success"
    return bool(month.fetch(f"select 1 from control.gate_results where {failed}"))


def _account(month: Month) -> dict[tuple[str, str], Sums]:
    """The lines with rows, after their sums were held against each other."""
    lines = month.fetch(
        f"select * from runs.row_account where run_key = '{month.run.run_key}' order by position"
    )
    for table in ("users", "transactions"):
        of = {line["reason"]: line for line in lines if line["source_table"] == table}
        n = {reason: line["row_count"] for reason, line in of.items()}
        usd = {reason: line["amount_usd"] or Decimal(0) for reason, line in of.items()}
        fates = [reason for reason, line in of.items() if line["family"]]
        assert n["delivered"] == n["refused"] + n["source_filter"] + n["erased"] + n["loaded"]
        assert n["loaded"] == n["before_as_of"] + n["after_as_of"]
        assert n["before_as_of"] == sum(n[reason] for reason in fates)
        assert usd["loaded"] == usd["before_as_of"] + usd["after_as_of"]
        assert usd["before_as_of"] == sum(usd[reason] for reason in fates)
        assert n["delivered"] == n["loaded"]
    return {
        (line["source_table"], line["reason"]): Sums(line["row_count"], _cents(line["amount_usd"]))
        for line in lines
        if line["row_count"] and line["reason"] != "delivered"
    }


def _cents(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * 100)


def _customers(month: Month) -> dict[str, Numbers]:
    rows = month.fetch(f"select * from runs.customer_segments where run_key = '{month.run.run_key}'")
    return {
        row["customer_id"]: Numbers(  # type: ignore[call-arg]
            row["total_transactions"],
            *(
                int(row[name] * 100)
                for name in ("lifetime_value", "spend_last_90_days", "spend_prior_90_days")
            ),
            row["first_transaction_date"],
            row["last_transaction_date"],
            row["is_dormant"],
            row["customer_segment"],
        )
        for row in rows
    }
