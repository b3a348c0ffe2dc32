"""The reports in Airflow's UI: behind its login, and nothing but what a manifest names."""

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

PLUGIN = Path(__file__).resolve().parents[2] / "plugins" / "tidemark_reports.py"
KEY = "20261101_20261101T060000_0123abcd"
RUN = f"/tidemark/runs/2026-11-01/{KEY}"


@pytest.fixture(scope="module")
def plugin():
    spec = importlib.util.spec_from_file_location("tidemark_reports", PLUGIN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def artifacts(tmp_path, monkeypatch):
    """An artifact root with one published run, a file that its manifest does not name, and a secret beside the root."""
    root = tmp_path / "artifacts"
    folder = root / "as_of=2026-11-01" / f"run={KEY}"
    content = {"report/index.html": b"<h1>report</h1>", "data/segment_summary.csv": b"a,b\n1,2\n"}
    for path, data in (content | {"data/not_listed.csv": b"x"}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (folder / "manifest.json").write_text(json.dumps({"files": [{"path": path} for path in content]}))
    month = {
        "as_of_date": "2026-11-01",
        "run_key": KEY,
        "published_at": "2026-11-01T06:10:00Z",
        "action": "publish",
    }
    (root / "index.json").write_text(json.dumps({"months": [month]}))
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", root.as_uri())
    return root


@pytest.fixture
def client(plugin, artifacts):
    """A browser that is logged in, as far as the plugin can tell."""
    (dependency,) = [depends.dependency for depends in plugin.app.router.dependencies]
    plugin.app.dependency_overrides[dependency] = lambda: None
    outer = FastAPI()
    outer.mount(plugin.PREFIX, plugin.app)
    yield TestClient(outer)
    plugin.app.dependency_overrides.clear()


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
    paths = ["/tidemark/", f"{RUN}/report/index.html", f"{RUN}/manifest.json", f"{RUN}/nothing"]
    environ = os.environ | {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGIN.parent),
        "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of the tests only, long enough",
        "PYTHONPATH": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK_WITHOUT_LOGIN, *paths],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    answers = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("STATUS")]
    assert [answer[0] for answer in answers] == ["401"] * len(paths), done.stderr[-2000:]
    assert all(answer[1] in ("401", "403") for answer in answers)


def test_every_route_depends_on_the_dag_permission(plugin):
    routes = [route for route in plugin.app.routes if hasattr(route, "dependant")]
    assert len(routes) == 2
    for route in routes:
        names = [dependency.call.__qualname__ for dependency in route.dependant.dependencies]
        assert any(name.startswith("requires_access_dag") for name in names), route.path


def test_the_interactive_documentation_is_off(client):
    assert [client.get(f"/tidemark/{page}").status_code for page in ("docs", "redoc", "openapi.json")] == [
        404
    ] * 3


def test_the_months_are_listed_with_links_to_their_reports(client):
    page = client.get("/tidemark/")
    assert page.status_code == 200
    assert f'href="runs/2026-11-01/{KEY}/report/index.html"' in page.text


def test_before_the_first_publication_the_list_says_so(client, artifacts):
    (artifacts / "index.json").unlink()
    assert "Nothing is published yet" in client.get("/tidemark/").text


def test_text_from_the_index_is_escaped(client, artifacts):
    month = {"as_of_date": "<script>", "run_key": '"><script>', "published_at": "<b>", "action": "publish"}
    (artifacts / "index.json").write_text(json.dumps({"months": [month]}))
    assert "<script>" not in client.get("/tidemark/").text


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
    source = PLUGIN.read_text()
    assert "include." not in source
    assert "tidemark.settings" not in source


def test_airflow_accepts_the_plugin_and_its_navigation_entry(plugin):
    from airflow.plugins_manager import is_valid_plugin  # type: ignore[attr-defined]

    assert is_valid_plugin(plugin.TidemarkReports)
    (view,) = plugin.TidemarkReports.external_views
    assert view["href"].endswith("/tidemark/")
