"""Who sees what behind the API server's own login: FAB's, with roles of the deployment, and the simple
one."""

import re

import httpx
import pytest

from tests.parts.conftest import FIRST
from tests.parts.platform import PASSWORD

pytestmark = pytest.mark.timeout(1500)
DAG = "/api/v2/dags/monthly_segmentation"
RUN = {"logical_date": None, "conf": {"as_of_date": FIRST}}


def pages(parts) -> list[str]:
    """The list of months, a report and a file of it."""
    (month,) = (parts.home / "state" / "artifacts" / f"as_of={FIRST}").glob("run=*")
    run = f"/tidemark/runs/{FIRST}/{month.name.removeprefix('run=')}"
    return ["/tidemark/", f"{run}/report/index.html", f"{run}/data/segment_summary.csv"]


def statuses(client, paths) -> set[int]:
    return {client.get(path).status_code for path in paths}


def test_with_fab_s_login_a_viewer_sees_the_reports_only_with_the_right_to_read_the_dag(parts, first_run):
    paths = pages(parts)
    assert statuses(parts.client("admin"), paths) == {200}
    assert statuses(parts.client("analyst"), [*paths, DAG]) == {200}
    assert statuses(parts.client("outsider"), [*paths, DAG]) == {403}
    assert statuses(httpx.Client(base_url=parts.url), [*paths, DAG]) == {401}


def test_the_right_to_read_the_dag_is_none_to_start_it(parts, first_run):
    for user in ("analyst", "outsider"):
        assert parts.client(user).post(f"{DAG}/dagRuns", json=RUN).status_code == 403


def test_the_cookie_of_fab_s_form_opens_the_pages_as_it_does_in_the_browser(parts, first_run):
    with httpx.Client(base_url=parts.url, follow_redirects=True, timeout=60) as browser:
        form = browser.get("/auth/login/").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        answer = browser.post(
            "/auth/login/", data={"username": "analyst", "password": PASSWORD, "csrf_token": token[1]}
        )
        assert answer.status_code == 200
        assert statuses(browser, pages(parts)) == {200}


def test_with_the_simple_login_everybody_who_is_logged_in_may_read_and_the_viewer_may_not_start(
    parts, first_run
):
    url = parts.start_api_server_with_simple_login()
    paths = pages(parts)
    assert statuses(httpx.Client(base_url=url, timeout=60), [*paths, DAG]) == {401}
    viewer = parts.client("viewer", url)
    assert statuses(parts.client("admin", url), paths) == statuses(viewer, [*paths, DAG]) == {200}
    assert viewer.post(f"{DAG}/dagRuns", json=RUN).status_code == 403
