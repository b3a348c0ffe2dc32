"""What `--shares` asks for, and every way in which it can't be understood."""

import pytest

from include.tidemark.cli.main import main
from include.tidemark.errors import TidemarkError
from include.tidemark.suggest.segmentation import REFERENCE_SHARES_PCT, SEGMENTS
from include.tidemark.suggest.wishes import SharesError, aims


def test_without_a_wish_the_aims_are_the_middles_of_the_reference():
    found = aims()
    assert list(found) == list(SEGMENTS)
    assert sum(aim.share_pct for aim in found.values()) == 100
    for name, (low, high) in REFERENCE_SHARES_PCT.items():
        assert low < found[name].share_pct < high
        assert not found[name].wished


@pytest.mark.parametrize("text", ["declining = 15 %", "Declining=15", " DECLINING=15.0%"])
def test_case_spaces_and_the_per_cent_sign_do_not_matter(text):
    aim = aims(text)["Declining"]
    assert (aim.share_pct, aim.wished) == (15, True)


def test_all_five_together_are_taken_as_they_are():
    text = "High-Value Travelers=1,Declining=2,New & Growing=3,Budget-Conscious=4,Stable Mid-Spenders=90"
    assert [aim.share_pct for aim in aims(text).values()] == [1, 2, 3, 4, 90]


def test_small_wishes_are_near_only_closely():
    aim = aims("Declining=1")["Declining"]
    assert aim.is_near(10, 1000)
    assert aim.is_near(15, 1000)
    assert not aim.is_near(16, 1000)
    assert aims()["Declining"].is_near(100, 1000)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Declining=60,Budget-Conscious=50", "sum to 110 %"),
        ("Travelers=5", "unknown segment 'Travelers'; did you mean 'High-Value Travelers'?"),
        ("Decliners=5", "unknown segment 'Decliners'; did you mean 'Declining'?"),
        ("Whales=5", "the segments are High-Value Travelers, Declining,"),
        ("Declining=5,declining=6", "names Declining twice"),
        ("Declining", "'Declining', which is no pair"),
        ("", "'', which is no pair"),
        ("Declining=5,", "'', which is no pair"),
        ("=5", "'=5', which is no pair"),
        ("Declining=many", "the share 'many', which is no number from 0 to 100"),
        ("Declining=", "the share '', which is no number"),
        ("Declining=-1", "no number from 0 to 100"),
        ("Declining=101", "no number from 0 to 100"),
        ("Declining=nan", "no number from 0 to 100"),
        ("High-Value Travelers=1,Declining=2,New & Growing=3,Budget-Conscious=4,Stable Mid-Spenders=5",
         "name all five segments and sum to 15 %"),
    ],
)  # fmt: skip
def test_a_wish_that_can_not_be_met_is_one_sentence(text, sentence):
    with pytest.raises(SharesError) as caught:
        aims(text)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_the_command_is_asked_for_is_what_the_proposal_aims_at(monkeypatch):
    asked = []

    def suggest(_settings, _as_of, wishes, *_):
        asked.append(wishes)
        raise TidemarkError("Enough is known.")

    monkeypatch.setattr("include.tidemark.pipeline.preflight.refuse_unready", lambda _: None)
    monkeypatch.setattr("include.tidemark.suggest.suggestion.suggest", suggest)
    for wish in ([], ["--shares", "Declining=15"]):
        assert main(["suggest-rules", "--as-of", "2026-06-01", *wish]) == 2
    assert asked == [aims(), aims("Declining=15")]
