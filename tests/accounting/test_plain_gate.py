"""The gate of the many deliveries says what Great Expectations says, of sound months and of damaged ones."""

from contextlib import nullcontext

import pytest

from include.tidemark.errors import GateError
from tests.accounting.changes import DOUBTFUL, HARMLESS, MONTH_TWO, STOPPED, Hits
from tests.accounting.files import Written, to_csv
from tests.accounting.month import Month
from tests.accounting.plain_gate import plain_gate

_CHANGES = {**HARMLESS, **DOUBTFUL, **STOPPED}


@pytest.mark.parametrize("what", sorted(_CHANGES)[::3])
def test_both_gates_give_the_same_results(month: Month, what: str) -> None:
    rows = _CHANGES[what](MONTH_TWO, Hits(1, 2))
    month.begin(
        {f"{name}.csv": to_csv(Written(name, own, 1)) for name, own in rows._asdict().items() if own}, {}
    )
    month.load()
    stopped, results = _checked(month, "sources")
    assert (stopped, results) == _checked(month, "sources", plain=True) and len(results) > 40
    if not stopped:
        month.build()
        stopped, results = _checked(month, "models")
        assert (stopped, results) == _checked(month, "models", plain=True) and len(results) > 40


def _checked(month: Month, stage: str, *, plain: bool = False) -> tuple[bool, list[dict]]:
    """Whether the gate stopped the month, and all that it found."""
    stopped = False
    with plain_gate() if plain else nullcontext():
        try:
            month.check(stage)
        except GateError:
            stopped = True
    found = "suite, expectation, severity, success, observed, message"
    return stopped, month.fetch(
        f"select {found} from control.gate_results where run_key = '{month.run.run_key}' and stage = '{stage}' order by all"
    )
