"""Every alert leads to a section of the runbook that says what it means and what to do."""

import re

import pytest
from airflow.dag_processing.dagbag import DagBag

from include.tidemark.orchestration.health import PROCESSES
from include.tidemark.orchestration.runbook import RUNBOOK, SAID, SECTIONS, anchor, section_of
from include.tidemark.paths import PROJECT_ROOT
from tests.orchestration.runbook_index import with_index

TEXT = (PROJECT_ROOT / RUNBOOK).read_text(encoding="utf-8")
PARTS = re.split(r"(?m)^## (.+)\n", TEXT)
BODIES = dict(zip(PARTS[1::2], PARTS[2::2], strict=True))
HOW_TO = {
    "Is everything well?",
    "What is published?",
    "Recompute one month",
    "Compare",
    "Why does a published month look different now?",
    "Airflow's own database",
}
"""Sections that are about no failure."""
FAILURES = [title for title in BODIES if title not in HOW_TO]
WELL = "(#is-everything-well)."


def test_the_index_is_that_of_the_alerts() -> None:
    assert with_index(TEXT) == TEXT, (
        "the index is stale; make it anew with python -m tests.orchestration.runbook_index"
    )


def test_every_alert_leads_to_a_section_about_a_failure() -> None:
    assert {*SECTIONS.values(), *SAID.values()} <= set(FAILURES)


@pytest.mark.parametrize("title", FAILURES)
def test_a_section_says_symptom_meaning_consumers_and_action_and_ends_with_a_healthy_status(
    title: str,
) -> None:
    body = BODIES[title]
    for word in ("**Symptom**", "**Meaning**", "**Consumers see**", "**Do**"):
        assert word in body, f"{title} does not say {word}"
    assert body.rstrip().endswith(WELL), f"{title} does not end with a healthy status"


def test_the_healthy_status_is_shown_once() -> None:
    shown = [title for title, body in BODIES.items() if "Everything is as it must be." in body]
    assert shown == ["Is everything well?"]


def test_every_task_of_every_dag_has_a_section_of_its_stage_or_of_its_dag() -> None:
    dags = DagBag(dag_folder=str(PROJECT_ROOT / "dags")).dags
    stages = {(dag_id, task.task_id.partition(".")[0]) for dag_id, dag in dags.items() for task in dag.tasks}
    monthly = {each for each in stages if each[0] == "monthly_segmentation"}
    assert monthly == {each for each in SECTIONS if each[0] == "monthly_segmentation"}
    assert {dag_id for dag_id, _ in stages} == {dag_id for dag_id, _ in SECTIONS}
    for dag_id, stage in stages:
        assert section_of(dag_id, stage) in BODIES
        assert anchor(section_of(dag_id, stage))


def test_what_status_and_the_late_notice_say_is_in_the_index() -> None:
    for name in PROCESSES:
        assert f"The {name} shows no sign of life" in SAID
    late = (PROJECT_ROOT / "plugins" / "tidemark_deadline.py").read_text(encoding="utf-8")
    assert "has not ended" in late and any("has not ended" in said for said in SAID)
    problems = (PROJECT_ROOT / "include/tidemark/orchestration/health.py").read_text(encoding="utf-8")
    assert "The last run, " in problems and any(said.startswith("The last run, ") for said in SAID)
