"""The files of runs in Airflow's UI: behind its login, and nothing but what a manifest or the list of a stage
names."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
KEY = "20261101_20261101T060000_0123abcd"
RUN = f"/tidemark/runs/2026-11-01/{KEY}"


ASK_WITHOUT_LOGIN = """
import sys
from fastapi.testclient import TestClient
from airflow.api_fastapi.app import create_app
browser = TestClient(create_app(apps="core"), raise_server_exceptions=False)
forged = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."}
for path in sys.argv[1:]:
    print("STATUS", browser.get(path).status_code, browser.get(path, headers=forged).status_code)
"""


def test_without_a_login_airflow_answers_401_on_every_route(artifacts, tmp_path):
    """In a process of its own, because Airflow reads its plugins folder once."""
    paths = [
        "/tidemark/",
        "/tidemark/?q=x",
        "/tidemark/run?run_id=x",
        f"{RUN}/report/index.html",
        f"{RUN}/manifest.json",
        f"{RUN}/nothing",
        f"{RUN}/validation/models/index.html",
    ]
    environ = os.environ | {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGINS),
        "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of the tests only, long enough",
        "PYTHONPATH": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK_WITHOUT_LOGIN, *paths],
        env=environ,
        capture_output=True,
        text=True,
        timeout=1_200,
        check=False,
    )
    answers = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("STATUS")]
    assert [answer[0] for answer in answers] == ["401"] * len(paths), done.stderr[-2000:]
    assert all(answer[1] in ("401", "403") for answer in answers)


def test_every_route_depends_on_the_dag_permission(plugin):
    routes = [route for route in plugin.app.routes if hasattr(route, "dependant")]
    assert len(routes) == 3
    for route in routes:
        names = [dependency.call.__qualname__ for dependency in route.dependant.dependencies]
        assert any(name.startswith("requires_access_dag") for name in names), route.path


def test_the_interactive_documentation_is_off(client):
    assert [client.get(f"/tidemark/{page}").status_code for page in ("docs", "redoc", "openapi.json")] == [
        404
    ] * 3


def test_a_report_is_shown_and_a_table_is_downloaded(client):
    report, table = client.get(f"{RUN}/report/index.html"), client.get(f"{RUN}/data/segment_summary.csv")
    assert (report.content, report.headers["content-type"]) == (
        b"<h1>report</h1>",
        "text/html; charset=utf-8",
    )
    assert table.content == b"a,b\n1,2\n"
    assert table.headers["content-disposition"] == 'attachment; filename="segment_summary.csv"'


def test_a_report_may_run_the_scripts_that_it_names_by_their_digests_and_no_other(client, artifacts):
    digest = "'sha256-" + "A" * 43 + "='"
    page = artifacts / "as_of=2026-11-01" / f"run={KEY}" / "report/index.html"

    def policy():
        return client.get(f"{RUN}/report/index.html").headers["content-security-policy"].split("; ")

    page.write_text(f'<meta content="script-src {digest} {digest}; x"><script>alert(1)</script>')
    assert f"script-src {digest} {digest}" in policy()
    for others in ("'unsafe-inline'", "https://x.example", "'sha256-short'"):
        page.write_text(f'<meta content="script-src {others}">')
        assert "script-src 'none'" in policy()
    page.write_text(f"{'x' * 5000}script-src {digest}")
    assert "script-src 'none'" in policy()


@pytest.mark.parametrize(
    "path",
    [
        "data/not_listed.csv",
        "../../../secret.txt",
        "../../index.json",
        "data/../data/segment_summary.csv",
        "./data/segment_summary.csv",
        "data//segment_summary.csv",
        "..\\..\\secret.txt",
        "/etc/passwd",
        "data/segment_summary.csv\x00",
        "",
    ],
)
def test_what_the_manifest_does_not_name_is_refused(client, path):
    assert _status_of_raw_path(client.app, f"{RUN}/{path}") == 404


def _status_of_raw_path(app, path):
    """The answer to a path that is sent as it is: test clients and browsers take `..` out before they ask."""
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "root_path": "", "headers": [],
             "query_string": b"", "http_version": "1.1", "scheme": "http", "server": ("testserver", 80)}  # fmt: skip
    statuses = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    asyncio.run(app(scope, receive, send))
    return statuses[0]


@pytest.mark.parametrize(
    "run", ["2026-11-01/..", f"../{KEY}", f"2026-11-02/{KEY}", "2026-11-01/run", f"2026-11-01%/{KEY}"]
)
def test_a_run_that_is_no_run_is_refused(client, run):
    assert _status_of_raw_path(client.app, f"/tidemark/runs/{run}/manifest.json") == 404


def test_answers_carry_security_headers(client):
    for path in ("/tidemark/", f"{RUN}/report/index.html", f"{RUN}/nothing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
        assert "no-store" in headers["cache-control"]


def test_the_plugin_imports_nothing_of_the_project():
    for file in PLUGINS.glob("tidemark_*.py"):
        source = file.read_text()
        assert "include." not in source, file.name
        assert "tidemark.settings" not in source, file.name


def test_data_docs_of_a_run_without_a_manifest_are_served(client, artifacts, make):
    key = "20261201_20261201T060000_0123abcd"
    make.checks(artifacts, "2026-12-01", key, "models", [], ("index.html", "models.customer_segments.json"))
    folder = f"/tidemark/runs/2026-12-01/{key}"
    docs = client.get(f"{folder}/validation/models/index.html")
    assert (docs.status_code, docs.text) == (200, "<p>index.html</p>")
    assert "script-src 'none'" in docs.headers["content-security-policy"]
    assert client.get(f"{folder}/validation/models/models.customer_segments.json").status_code == 200
    assert client.get(f"{folder}/validation/models/checks.json").status_code == 200
    assert client.get(f"{folder}/manifest.json").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "validation/models/not_listed.html",
        "validation/models/../../data/rows.csv",
        "validation/models/..",
        "validation/models/",
        "validation/other/index.html",
        "validation/models/nested/page.html",
        "validation/models/index.html\x00",
        "validation/models/index.html\n",
        "data/rows.csv",
        "report/index.html",
    ],
)
def test_the_list_of_a_stage_opens_nothing_else_even_where_it_was_tampered_with(
    client, artifacts, make, path
):
    key = "20261201_20261201T060000_0123abcd"
    make.checks(artifacts, "2026-12-01", key, "models", [])
    folder = artifacts / "as_of=2026-12-01" / f"run={key}"
    for other in (
        "data/rows.csv",
        "report/index.html",
        "validation/models/not_listed.html",
        "validation/models/nested/page.html",
    ):
        (folder / other).parent.mkdir(parents=True, exist_ok=True)
        (folder / other).write_text("secret")
    listed = json.loads((folder / "validation/models/checks.json").read_text())
    listed["files"] += ["..", "../../data/rows.csv", "nested/page.html", "/etc/passwd", ""]
    (folder / "validation/models/checks.json").write_text(json.dumps(listed))
    assert _status_of_raw_path(client.app, f"/tidemark/runs/2026-12-01/{key}/{path}") == 404


def test_a_manifest_that_was_tampered_with_leads_out_of_no_folder(client, artifacts):
    manifest = artifacts / "as_of=2026-11-01" / f"run={KEY}" / "manifest.json"
    manifest.write_text(json.dumps({"files": [{"path": "../../../secret.txt"}]}))
    assert _status_of_raw_path(client.app, f"{RUN}/../../../secret.txt") == 404


def test_airflow_accepts_the_plugin_and_each_view_has_a_route_of_its_own(plugin):
    from airflow.api_fastapi.core_api.datamodels.plugins import ExternalViewResponse
    from airflow.plugins_manager import is_valid_plugin  # type: ignore[attr-defined]

    assert is_valid_plugin(plugin.TidemarkReports)
    views = [ExternalViewResponse.model_validate(view) for view in plugin.TidemarkReports.external_views]
    assert [view.destination for view in views] == ["nav", "dag", "dag_run"]
    assert len({view.url_route for view in views}) == 3
    assert views[2].href.endswith("/tidemark/run?dag_id={DAG_ID}&run_id={RUN_ID}")
