"""The pages open without a network, and hold neither users nor secrets nor this machine's paths."""

import json
import re
from pathlib import Path

import pytest

from tests.validation.world import World


@pytest.fixture(scope="module")
def failing(template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that went through all stages, with failures in each."""
    world = World.copy_of(template, tmp_path_factory.mktemp("failing"))
    world.sql(
        "insert into raw.transactions select * from raw.transactions where user_id = 'secret-user-1'",
        "update raw.transactions set category = 'Çay 東京' where ends_with(user_id, '2')",
        "update runs.customer_segments set travel_spend_pct = 101 where customer_id = 'secret-user-3'",
        "insert into runs.customer_segments select * from runs.customer_segments where customer_id = 'secret-user-4'",
        "update runs.statistics set ci_low = 0.3, ci_high = 0.1 where metric = 'segment_share'",
    )
    for stage in ("sources", "models", "statistics"):
        assert world.failures(stage)
    return world


@pytest.fixture(scope="module")
def failing_pages(failing: World) -> dict[str, str]:
    return failing.artifacts()


def test_no_user_no_name_and_no_path_is_in_any_file(failing: World, failing_pages: dict[str, str]) -> None:
    everything = "\n".join(failing_pages.values())
    for secret in ("secret-user", "example.org", "Zoë", str(failing.folder), "tx-"):
        assert secret not in everything
    messages = "\n".join(message for (message,) in failing.rows("select message from control.gate_results"))
    assert "secret-user" not in messages and "tx-" not in messages


def test_pages_load_nothing_from_anywhere(failing_pages: dict[str, str]) -> None:
    pages = {name: text for name, text in failing_pages.items() if name.endswith(".html")}
    assert len(pages) >= 8
    for name, text in pages.items():
        assert not re.search(
            r"https?:|//|<script|<link|<img|<iframe|@import|url\(", text.replace("<!DOCTYPE html>", "")
        ), name


def test_links_of_the_index_lead_to_pages(failing_pages: dict[str, str]) -> None:
    for name, text in failing_pages.items():
        if name.endswith("index.html"):
            folder = name.removesuffix("index.html")
            links = set(re.findall(r'href="([^"#]+)"', text))
            assert links and all(folder + link in failing_pages for link in links)


def test_what_a_check_says_and_what_it_saw_is_on_its_page(failing_pages: dict[str, str]) -> None:
    (page,) = (text for name, text in failing_pages.items() if name.endswith("models.customer_segments.html"))
    assert "Critical: Each customer has one row in runs.customer_segments." in page
    assert "Critical: runs.customer_segments: travel_spend_pct is between 0 and 100." in page
    (index,) = (text for name, text in failing_pages.items() if name.endswith("sources/index.html"))
    assert "Çay 東京" in index


def test_each_page_shows_the_number_that_each_check_saw(failing_pages: dict[str, str]) -> None:
    seen = 0
    for name, text in failing_pages.items():
        if not name.endswith(".json") or name.endswith("/checks.json"):
            continue
        observed = [result["result"].get("observed_value") for result in json.loads(text)["results"]]
        page = failing_pages[name.removesuffix(".json") + ".html"]
        assert len(re.findall(r">\s*--\s*<", page)) == observed.count(None), name
        seen += len(observed) - observed.count(None)
    assert seen > 100


def test_answers_of_great_expectations_are_plain_json(failing_pages: dict[str, str]) -> None:
    files = [
        json.loads(text)
        for name, text in failing_pages.items()
        if name.endswith(".json") and not name.endswith("/checks.json")
    ]
    assert files
    for answer in files:
        for result in answer["results"]:
            # A numpy bool, which some of its expectations return, is neither true nor false in JSON.
            assert result["success"] is True or result["success"] is False
            assert result["expectation_config"]["severity"] in ("critical", "warning", "info")


def test_each_stage_lists_its_files_and_results_though_the_run_failed(
    failing: World, failing_pages: dict[str, str]
) -> None:
    lists = {name: json.loads(text) for name, text in failing_pages.items() if name.endswith("/checks.json")}
    assert len(lists) >= 2
    for name, listed in lists.items():
        folder = name.removesuffix("checks.json")
        assert {folder + file for file in listed["files"]} | {name} == {
            page for page in failing_pages if page.startswith(folder)
        }
        recorded = failing.rows(
            f"select expectation, success, message from control.gate_results where stage = '{listed['stage']}'"
        )
        said = [(result["expectation"], result["success"], result["message"]) for result in listed["results"]]
        assert sorted(said) == sorted(recorded)
        failed = [result for result in listed["results"] if not result["success"]]
        assert listed["counts"]["critical"] == sum(result["severity"] == "critical" for result in failed)
