import jsonschema
import numpy as np
import pytest

from include.tidemark.statistics.confidence import confidence_score, segment_confidence
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.results import result_schema, to_records
from tests.statistics.users import cells_of

CONFIG = StatisticsConfig("2026-11-01")


def test_the_score_is_the_documented_formula() -> None:
    values = np.array([0, 0, 5, 10, 45] * 20)
    error = values.std() / np.sqrt(99) / values.mean()
    truth = 0.4 * 100 / 130 + 0.3 * 0.8 + 0.3 / (1 + (error / 0.1) ** 2)
    assert confidence_score(cells_of(values), 0.8, 30) == pytest.approx(truth, rel=1e-12)


def test_more_users_more_complete_and_less_varied_data_raise_it() -> None:
    base = confidence_score(cells_of([1, 5, 9] * 20), 0.8, 30)
    assert confidence_score(cells_of([1, 5, 9] * 60), 0.8, 30) > base
    assert confidence_score(cells_of([1, 5, 9] * 20), 0.9, 30) > base
    assert confidence_score(cells_of([4, 5, 6] * 20), 0.8, 30) > base
    assert confidence_score(cells_of([5] * 10**6), 1.0, 30) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("values", "low"), [([], 0.0), ([0, 0], 0.3), ([-5, 5], 0.0), ([5], 0.3)])
def test_degenerate_segments_have_a_score_between_0_and_1(values: list, low: float) -> None:
    score = confidence_score(cells_of(values), 0.0, 30)
    assert low <= score < 0.5


def test_the_row_describes_and_warns_below_the_threshold() -> None:
    sure = segment_confidence("whale", cells_of([9, 10, 11] * 500), 1.0, CONFIG)
    unsure = segment_confidence("whale", cells_of([9, 10, 11] * 10), 0.5, CONFIG)
    empty = segment_confidence("whale", cells_of([]), 0.5, CONFIG)
    assert (sure.trust, unsure.trust, empty.reason) == ("ok", "caution", "empty_segment")
    for record in to_records(
        [sure, unsure, empty], as_of_date="2026-11-01", run_key="r", family="engagement"
    ):
        jsonschema.validate(record, result_schema())
    with pytest.raises(ValueError, match="completeness"):
        confidence_score(cells_of([1]), 1.5, 30)
