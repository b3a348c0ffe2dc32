"""Statistics tests: a warning is a failure, because none of it may reach a reader's console."""

from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("error"))


@pytest.fixture
def amounts() -> np.ndarray:
    """Heavy-tailed whole cents of 600 users, a third of them zero."""
    random = np.random.RandomState(7)
    spent = np.rint(np.exp(random.standard_normal(600) * 1.2 + 7)).astype(np.int64)
    return np.where(random.uniform(size=600) < 0.33, 0, spent)
