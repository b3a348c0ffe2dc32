"""Files of the configuration folder: whatever is written there, it is taken, or refused by one sentence, and
nothing of it runs."""

import copy
import functools
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.tidemark.config.folder import load_config
from include.tidemark.errors import SettingsError
from include.tidemark.settings import Settings
from tests.security import attacks

SOUND = {
    "sources.yml": """
users: {files: customers.csv, csv: {delimiter: ";", null_words: [n/a]}, columns: {user_id: id, created_at: {from: joined, format: "%d.%m.%Y"}}}
transactions:
  from: SHOP.ORDERS
  columns:
    transaction_id: order_no
    user_id: customer
    transaction_at: {from: at, format: "%Y-%m-%d", timezone: Europe/Berlin}
    amount: {from: cast(total as double) / 100, currency: USD}
    status: {from: state, values: {paid: posted}}
  where: not is_test
""",
    "rules.yml": "business_timezone: Europe/Berlin\nbudget_max_avg_monthly_spend: 20\nhigh_value_min_travel_pct: 5\n",
    "segmentations/loyalty.yml": """
name: loyalty
title: Loyalty
of: customers
segments:
  - {name: Champions, when: purchases_last_90_days >= 6, purpose: Keep them close.}
  - {name: Everyone else}
means: [lifetime_value]
audiences: [{name: champions_now, of: Champions, where: lifetime_value >= rule.champion_value, order_by: lifetime_value desc, limit: 50}]
rules: {champion_value: 1000}
""",
    "checks/spend.yml": """
checks:
  - name: dormant_share_pct
    table: runs.customer_segments
    measure: 100 * count_if(is_dormant) / nullif(count(*), 0)
    max: 30
    claim: At most 30 % of the customers are dormant.
    failure: "{observed} % of the customers are dormant; look why."
""",
}  # fmt: skip


def _places(content, place=()):
    """Every place of a document, the inner ones, too."""
    inner = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    for key, value in inner:
        yield (*place, key)
        yield from _places(value, (*place, key))


@st.composite
def spoiled(draw, sound: str) -> str:
    """A sound file with another value, or another key, at one of its places."""
    content = copy.deepcopy(yaml.safe_load(sound))
    *above, last = draw(st.sampled_from(list(_places(content))))
    at = functools.reduce(lambda inner, key: inner[key], above, content)
    if isinstance(at, dict) and draw(st.integers(0, 3)) == 0:
        at[draw(attacks.texts)] = at.pop(last)
    else:
        at[last] = draw(attacks.values)
    return yaml.safe_dump(content, allow_unicode=draw(st.booleans()))


@st.composite
def cut_up(draw, sound: str) -> str:
    """A sound file in which a part is other text, as an editor or a merge leaves it."""
    start = draw(st.integers(0, len(sound)))
    end = draw(st.integers(start, min(len(sound), start + 20)))
    return sound[:start] + draw(attacks.texts) + sound[end:]


@pytest.mark.parametrize("name", SOUND)
def test_the_sound_file_is_taken(tmp_path, name):
    assert _load(tmp_path, name, SOUND[name]).documents[name]


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("attack", [spoiled, cut_up])
def test_a_file_with_anything_in_it_is_taken_or_refused_by_one_sentence(tmp_path, name, attack):
    @settings(max_examples=120, suppress_health_check=list(HealthCheck))
    @given(attack(SOUND[name]))
    def holds(text: str) -> None:
        try:
            _load(tmp_path, name, text)
        except SettingsError as error:
            attacks.is_one_sentence(error)

    holds()


def _load(folder: Path, name: str, text: str):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    chosen = Settings(config_dir=folder, families=("customer_segments",), id_hash_key=attacks.SECRET)  # type: ignore[arg-type]
    return load_config(chosen, {})
