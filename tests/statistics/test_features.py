import numpy as np
import pytest
from statsmodels.stats.outliers_influence import variance_inflation_factor

from include.tidemark.statistics.features import canonical, only, screen
from include.tidemark.statistics.logistic import BinaryTable
from tests.statistics.users import table_of


def table(columns: dict, outcome: np.ndarray) -> BinaryTable:
    return table_of(np.column_stack(list(columns.values())), outcome, list(columns))


def test_constant_duplicate_and_determined_features_are_named_and_the_first_of_a_pair_is_kept() -> None:
    random = np.random.RandomState(1)
    a, b = random.randint(0, 5, size=(2, 300))
    found = screen(
        table(
            {"a": a, "same": a, "scaled": 7 - 3 * a, "b": b, "sum": a + 2 * b, "one": np.ones(300)},
            random.binomial(1, 0.5, size=300),
        )
    )
    assert found.kept == ["a", "b"] and found.constant == ["one"]
    assert found.collinear == {"same": "a", "scaled": "a", "sum": "b"}


def test_inflation_equals_statsmodels() -> None:
    random = np.random.RandomState(2)
    x = random.randint(0, 6, size=(400, 3)).astype(float)
    x[:, 2] += 2 * x[:, 0]
    found = screen(table(dict(zip("abc", x.T, strict=True)), random.binomial(1, 0.4, size=400)))
    design = np.column_stack([np.ones(400), x])
    for place, name in enumerate("abc", start=1):
        assert found.inflation[name] == pytest.approx(variance_inflation_factor(design, place), rel=1e-9)


def test_the_smallest_cell_counts_users_and_nonusers_of_a_feature_with_and_without_the_outcome() -> None:
    rows = [
        {"x": 0, "y": 3, "n": 50, "successes": 20},
        {"x": 1, "y": 3, "n": 30, "successes": 27},
        {"x": 2, "y": 4, "n": 5, "successes": 1},
    ]
    assert screen(BinaryTable.from_rows(rows, ["x", "y"])).smallest_cell == {"x": 7, "y": 37}


def test_rows_in_any_order_and_split_give_the_same_table() -> None:
    random = np.random.RandomState(3)
    rows = [
        {"x": int(x), "p": str(p), "n": int(n), "successes": int(n) // 2}
        for x, p, n in random.randint(0, 9, size=(60, 3))
    ]
    one, two = (
        canonical(BinaryTable.from_rows(part, ["x"], cluster="p")) for part in (rows, rows[30:] + rows[:30])
    )
    for name in ("design", "n", "successes", "clusters"):
        assert (getattr(one, name) == getattr(two, name)).all()
    assert only(BinaryTable.from_rows(rows, ["x"]), []).size == one.size


def test_nobody_has_constant_features_only() -> None:
    found = screen(BinaryTable.from_rows([], ["x"]))
    assert found.constant == ["x"] and found.kept == [] and found.inflation == {}
