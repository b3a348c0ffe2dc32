"""The gate without Great Expectations: the same queries and bounds, in a fraction of the time. A test holds
both equal."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from include.tidemark.pipeline import check
from include.tidemark.validation import engine
from include.tidemark.validation.checks import Asset, Check
from include.tidemark.warehouse.base import Row


class PlainGate(engine.Gate):
    """Compares an asset's measures with the bounds itself."""

    def _validate(self, asset: Asset, measures: Row) -> Any:
        return SimpleNamespace(
            results=[_answer(check, measures[check.name.lower()]) for check in asset.checks]
        )


def _answer(check: Check, value: Any) -> SimpleNamespace:
    is_kept = value is not None and (
        (check.minimum is None or value >= check.minimum)
        and (check.maximum is None or value <= check.maximum)
    )
    return SimpleNamespace(
        success=is_kept,
        result={"observed_value": value},
        exception_info={},
        expectation_config=SimpleNamespace(kwargs={"column": check.name}),
    )


@contextmanager
def plain_gate() -> Iterator[None]:
    """`check_stage` uses this gate within the block, and writes no Data Docs."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "open_gate", lambda warehouse, *_: PlainGate(warehouse, None, None))
        patch.setattr(check, "_publish_docs", lambda *_: "file:///no/docs/index.html")
        yield
