import numpy as np
import pytest

from include.tidemark.statistics.unique_rows import unique_rows


@pytest.mark.parametrize(
    "matrix",
    [
        np.random.RandomState(1).randint(-3, 4, size=(500, 3)).astype(float),
        np.random.RandomState(2).randint(0, 40, size=(500, 2)) / 8,
        np.random.RandomState(3).standard_normal((200, 2)),
        np.random.RandomState(4).randint(0, 60_000, size=(300, 6)).astype(float),
        np.array([[-0.0], [0.0], [1e300], [-1e300]]),
        np.column_stack([np.repeat([1e17, 2e17], 3), np.arange(6.0) % 2]),
    ],
)
def test_rows_and_places_equal_numpys(matrix: np.ndarray) -> None:
    rows, place = unique_rows(matrix)
    theirs, their_place = np.unique(matrix, axis=0, return_inverse=True)
    assert (rows == theirs).all() and (place == their_place.ravel()).all()


def test_no_rows_and_no_columns_are_no_error() -> None:
    rows, place = unique_rows(np.zeros((0, 3)))
    assert rows.shape == (0, 3) and len(place) == 0
    assert unique_rows(np.zeros((4, 0)))[0].shape == (1, 0)
