"""The report: every section says what the files say, and nothing is drawn where there is nothing."""

import re

import pytest
from markupsafe import escape

from include.tidemark.families.engagement import artifacts, report
from include.tidemark.report import words
from tests.families.engagement.world import USERS, World


@pytest.fixture
def part(world: World):
    def make():
        with world.open() as warehouse:
            return report.report_part(world.run, warehouse, world.results(warehouse))

    return make


def test_every_section_is_there_with_its_files(part) -> None:
    made = part()
    assert [s.anchor for s in made.sections] == ["behavior", "revenue", "retention", "journey", "definitions"]
    assert made.key_figures[0].label == "Not churned" and words.count(USERS) in made.intro
    for section in made.sections:
        assert section.files and "None" not in section.body and "nan" not in section.body.lower().split()


def test_the_tables_hold_the_published_shares_and_rates(part, world: World) -> None:
    bodies = {s.anchor: str(s.body) for s in part().sections}
    with world.open() as warehouse:
        results = world.results(warehouse)
    for kind, names in (("behavior", ("high_engagement", "churned")), ("revenue", ("whale", "free_user"))):
        for name in names:
            share = results.at("segment_share", name)
            assert words.percent(share["estimate"]) in bodies[kind]
            assert words.percent(share["ci_high"]) in bodies[kind]
    overall = next(
        r
        for r in results.of("retention_in_window")
        if (r["segment"], r["horizon"], r["method"]) == ("All cohorts", "7d", "wilson")
    )
    assert words.percent(overall["estimate"]) in bodies["retention"]
    for stage in ("First session", "First purchase"):
        assert stage in bodies["journey"]
    for body in (bodies["retention"], bodies["journey"]):
        assert "<svg" in body and "aria-label" in body


def test_only_groups_that_differ_after_the_adjustment_are_listed(part, world: World) -> None:
    with world.open() as warehouse:
        rows = artifacts.funnel_rows(world.run, world.results(warehouse))
    differ = [row for row in rows if row["is_significant"]]
    body = str(next(s.body for s in part().sections if s.anchor == "journey"))
    table = body.split("Groups that differ")[1] if differ else ""
    assert len(re.findall('<tr><th scope="row">', table)) == len(differ)
    for row in differ:
        assert str(escape(words.points(row["difference_from_rest"]))) in table


def test_an_unfinished_day_is_crossed_out_and_never_drawn_as_zero(part, world: World) -> None:
    body = str(next(s.body for s in part().sections if s.anchor == "retention"))
    assert "no number yet: the window is not over" in body


def test_without_users_the_sections_say_why_there_is_nothing(part, world: World) -> None:
    for table in (
        "user_engagement",
        "engagement_cells",
        "install_cohort_retention",
        "journey_times",
        "statistics",
    ):
        world.sql(f"delete from runs.{table}")
    bodies = {s.anchor: str(s.body) for s in part().sections}
    assert "Nobody signed up" in bodies["retention"]
    assert "No user of the install cohorts" in bodies["journey"]
    assert '<svg class="drawing"' not in bodies["retention"] + bodies["journey"]


def test_without_session_lengths_the_report_says_that_the_duration_is_left_out(part, world: World) -> None:
    world.sql("update runs.user_engagement set session_duration = null, session_duration_rank = null")
    assert "made of the other three parts" in str(part().sections[0].body)
