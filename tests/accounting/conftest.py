"""The small sound warehouse of the gate's tests, and a deployment whose first month is published."""

import pytest

from tests.accounting.changes import MONTH_ONE
from tests.accounting.files import Written, to_csv
from tests.accounting.month import Month
from tests.validation.conftest import template, world

__all__ = ["template", "world"]


@pytest.fixture(scope="package")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    """Before the delivery of its second month."""
    first = {f"{name}.csv": to_csv(Written(name, rows, 0)) for name, rows in MONTH_ONE._asdict().items()}
    return Month.after(tmp_path_factory.mktemp("deployment"), first)
