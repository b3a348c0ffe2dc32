import pytest

from include.tidemark.statistics.config import StatisticsConfig


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"as_of_date": "2026-13-01"}, "as_of_date"),
        ({"as_of_date": "20261101"}, "as_of_date"),
        ({"as_of_date": None}, "as_of_date"),
        ({"confidence_level": 1.0}, "confidence_level"),
        ({"confidence_level": 95}, "confidence_level"),
        ({"confidence_level": float("nan")}, "confidence_level"),
        ({"n_resamples": 999}, "n_resamples"),
        ({"n_resamples": 1000.5}, "n_resamples"),
        ({"minimum_sample_size": -1}, "minimum_sample_size"),
        ({"minimum_nonzero_users": -1}, "minimum_nonzero_users"),
    ],
)
def test_a_setting_out_of_range_is_refused_with_its_name(settings: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        StatisticsConfig(**{"as_of_date": "2026-11-01", **settings})


def test_a_thousand_resamples_are_enough() -> None:
    assert StatisticsConfig("2026-11-01", n_resamples=1000).n_resamples == 1000
