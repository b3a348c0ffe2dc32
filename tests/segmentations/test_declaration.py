"""A segmentation's file is checked as a whole before a run begins, and told what is wrong with file and
line."""

import pytest
import yaml

from include.tidemark.config.folder import load_config
from include.tidemark.enabled import declared_names, families_in
from include.tidemark.errors import SettingsError
from include.tidemark.segmentations.declaration import segmentations_of
from include.tidemark.settings import Settings
from tests.segmentations.files import BY_PLATFORM, LOYALTY, write_files


def settings_of(folder, *families):
    return Settings(config_dir=folder, families=families or ("customer_segments", "engagement"))


def test_a_folder_s_files_are_the_run_s_segmentations_and_part_of_its_identity(tmp_path):
    write_files(tmp_path)
    settings = settings_of(tmp_path)
    config = load_config(settings)
    assert set(config.documents) == {"segmentations/loyalty.yml", "segmentations/by_platform.yml"}
    assert list(segmentations_of(config.documents)) == ["by_platform", "loyalty"]
    assert [family.name for family in families_in(settings)] == [*settings.families, "by_platform", "loyalty"]
    (tmp_path / "segmentations" / "loyalty.yml").write_text(LOYALTY.replace("0.9", "0.8"), encoding="utf-8")
    assert load_config(settings).digest != config.digest


def test_a_folder_without_segmentations_has_none(tmp_path):
    assert declared_names(tmp_path) == [] == declared_names(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("name: loyalty", "name: other"), r"loyalty\.yml, line 1: the file is called loyalty\.yml"),
        (("of: customers", "of: everybody"), r"line 3: 'of' can't be used.*customers"),
        (("of: customers", "offf: customers"), r"line 3: 'offf' is not known; did you mean 'of'"),
        (("spend_last_90_days >= rule", "spendlast90 >= rule"), r"line 5: .*did you mean 'spend_last_90_days'"),
        (("rule.lapsing_days", "rule.lapsingdays"), r"line 7: 'rule\.lapsingdays' is not known; did you mean 'lapsing_days'"),
        (("name: Lapsing,", "name: Champions,"), r"the segment 'Champions' is declared twice"),
        (("- {name: It's everyone else}", "- {name: Rest, when: total_purchases > 3}"), "takes everyone else"),
        ((", when: percentile(lifetime_value) >= 0.9", ""), "'Top tenth' has no `when`"),
        (("name: Lapsing,", "name: New customer,"), "no segment can be called 'New customer'"),
        (("means: [spend_last_90_days,", "means: [platform,"), "line 10: platform has no mean"),
        (("means: [spend_last_90_days,", "means: [spendlast,"), "line 10: 'spendlast' is not known"),
        (("backtest: spend", "backtest: clicks"), "'backtest' can't be used"),
        (("{Champions: [0, 1]}", "{Champion: [0, 1]}"), "did you mean 'Champions'"),
        (("{Champions: [0, 1]}", "{Champions: [9, 1]}"), "above its upper end"),
        (("{Champions: [0, 1]}", "{Champions: [0, 101]}"), "less than or equal to 100"),
        (("of: Champions, where", "of: Champs, where"), "did you mean 'Champions'"),
        (("order_by: spend_last_90_days desc", "order_by: spend_last_90_days down"), "line 14: .*is no order"),
        (("limit: 25", "limit: 0"), "greater than or equal to 1"),
        (("name: best_champions", "name: ../best"), "audiences"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_the_nearest_name(tmp_path, change, message):
    write_files(tmp_path)
    assert change[0] in LOYALTY
    (tmp_path / "segmentations" / "loyalty.yml").write_text(LOYALTY.replace(*change), encoding="utf-8")
    with pytest.raises(SettingsError, match="(?s)" + message) as caught:
        load_config(settings_of(tmp_path))
    assert str(caught.value).count("\n") == 0


def test_a_feature_of_a_family_that_is_not_enabled_is_refused_with_the_family_s_name(tmp_path):
    write_files(tmp_path)
    with pytest.raises(SettingsError, match="active_days_last_90_days is computed by the family engagement"):
        load_config(settings_of(tmp_path, "customer_segments"))
    (tmp_path / "segmentations" / "by_platform.yml").unlink()
    with pytest.raises(SettingsError, match="customer_segments, which TIDEMARK_FAMILIES does not name"):
        load_config(settings_of(tmp_path, "engagement"))


@pytest.mark.parametrize(
    "name", ["customer_segments", "engagement", "statistics", "user_features", "row_account", "order"]
)
def test_a_name_that_tables_or_families_of_the_project_have_is_refused(tmp_path, name):
    write_files(tmp_path)
    text = BY_PLATFORM.replace("name: by_platform", f"name: {name}")
    (tmp_path / "segmentations" / f"{name}.yml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=f"{name}.*taken"):
        load_config(settings_of(tmp_path))


def test_two_files_with_an_audience_of_one_name_are_refused(tmp_path):
    write_files(tmp_path)
    declared = yaml.safe_load(BY_PLATFORM)
    declared["audiences"] = [{"name": "best_champions"}]
    (tmp_path / "segmentations" / "by_platform.yml").write_text(yaml.safe_dump(declared), encoding="utf-8")
    with pytest.raises(SettingsError, match="audience best_champions"):
        load_config(settings_of(tmp_path))


def test_a_yaml_file_with_another_suffix_is_not_left_out_in_silence(tmp_path):
    write_files(tmp_path)
    (tmp_path / "segmentations" / "third.yaml").write_text(BY_PLATFORM, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"call it third\.yml"):
        load_config(settings_of(tmp_path))


def test_a_file_that_can_t_be_a_segmentation_breaks_no_dag_file_and_is_refused_when_a_run_is_resolved(
    tmp_path,
):
    write_files(tmp_path)
    (tmp_path / "segmentations" / "My Segments.yml").write_text(BY_PLATFORM, encoding="utf-8")
    assert declared_names(tmp_path) == ["by_platform", "loyalty"]
    with pytest.raises(SettingsError, match=r"the file is called My Segments\.yml"):
        load_config(settings_of(tmp_path))
