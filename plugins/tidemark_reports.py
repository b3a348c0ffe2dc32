"""The published reports inside Airflow's UI, behind its login.

Who may read the DAG `monthly_segmentation` may read what it publishes. This file imports nothing of the project: on MWAA the
web server has the plugins and no DAG folder. It reads `TIDEMARK_ARTIFACT_ROOT` and `TIDEMARK_ARTIFACT_CONN_ID` itself.
"""

import json
import os
import re
from collections.abc import Iterator
from functools import partial
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import ObjectStoragePath
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import Response

DAG_ID = "monthly_segmentation"
PREFIX = "/tidemark"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_RUN_KEY = re.compile(r"[0-9]{8}_[0-9]{8}T[0-9]{6}_[0-9a-f]{8}")
_SHOWN = {".html": "text/html; charset=utf-8", ".json": "application/json"}
"""What a browser shows; everything else is downloaded, so that no file of a run is taken for a page."""
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src {scripts}; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'"
)
_SCRIPTS = re.compile(rb"script-src((?: 'sha256-[A-Za-z0-9+/=]{44}')+)")
"""The scripts that a report says are its own, by their digests; nothing that is written into the page later is among them."""
_HEAD_BYTES = 4096
_HEADERS = {
    "Content-Security-Policy": _POLICY.format(scripts="'none'"),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}

app = FastAPI(
    title="Tidemark reports",
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
    dependencies=[Depends(requires_access_dag(method="GET", param_dag_id=DAG_ID))],
)


@app.middleware("http")
async def _add_headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@app.get("/")
def months() -> HTMLResponse:
    """The published months, newest first."""
    index = _read_json("index.json")
    return HTMLResponse(_page(index["months"] if index else []))


@app.get("/runs/{as_of_date}/{run_key}/{path:path}")
def file(as_of_date: str, run_key: str, path: str) -> StreamingResponse:
    """One file of a run: only what the run's own manifest names, so no path can lead out of its folder."""
    if not _DATE.fullmatch(as_of_date) or not _RUN_KEY.fullmatch(run_key):
        raise HTTPException(404, "There is no such run.")
    folder = f"as_of={as_of_date}/run={run_key}"
    manifest = _read_json(f"{folder}/manifest.json")
    if manifest is None:
        raise HTTPException(404, "There is no such run.")
    if path != "manifest.json" and path not in {entry["path"] for entry in manifest["files"]}:
        raise HTTPException(404, "The manifest of this run names no such file.")
    source = _locate(f"{folder}/{path}")
    if not source.fs.exists(source.path):
        raise HTTPException(404, "The file is not in the artifact store any more.")
    suffix = Path(path).suffix
    headers = {} if suffix in _SHOWN else {"Content-Disposition": f'attachment; filename="{Path(path).name}"'}
    if suffix == ".html":
        headers["Content-Security-Policy"] = _POLICY.format(scripts=_own_scripts(source))
    media_type = _SHOWN.get(suffix, "application/octet-stream")
    return StreamingResponse(_blocks(source), media_type=media_type, headers=headers)


def _locate(relative: str) -> ObjectStoragePath:
    local = Path(__file__).resolve().parents[1] / ".local" / "artifacts"
    root = os.environ.get("TIDEMARK_ARTIFACT_ROOT") or local.as_uri()
    return ObjectStoragePath(
        f"{root.rstrip('/')}/{relative}", conn_id=os.environ.get("TIDEMARK_ARTIFACT_CONN_ID") or None
    )


def _read_json(relative: str) -> dict[str, Any] | None:
    source = _locate(relative)
    try:
        with source.fs.open(source.path, "rb") as handle:
            document: dict[str, Any] = json.load(handle)
    except FileNotFoundError:
        return None
    return document


def _own_scripts(source: ObjectStoragePath) -> str:
    with source.fs.open(source.path, "rb") as handle:
        found = _SCRIPTS.search(handle.read(_HEAD_BYTES))
    return found.group(1).decode().strip() if found else "'none'"


def _blocks(source: ObjectStoragePath) -> Iterator[bytes]:
    with source.fs.open(source.path, "rb") as handle:
        yield from iter(partial(handle.read, 1 << 20), b"")


def _page(entries: list[dict[str, Any]]) -> str:
    rows = "".join(_row(entry) for entry in entries)
    table = (
        '<div class="scroll"><table><thead><tr><th scope="col">As of</th><th scope="col">Report</th>'
        '<th scope="col">Published (UTC)</th><th scope="col">Run</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    body = (
        table
        if entries
        else "<p>Nothing is published yet. The first successful run of the DAG will stand here.</p>"
    )
    return _PAGE.replace("{body}", body)


_ACTIONS = {"rollback": ", rolled back to", "erasure": ", rows of persons erased"}


def _row(entry: dict[str, Any]) -> str:
    run = f"runs/{escape(entry['as_of_date'])}/{escape(entry['run_key'])}"
    action = _ACTIONS.get(entry["action"], "")
    return (
        f'<tr><th scope="row">{escape(entry["as_of_date"])}</th>'
        f'<td><a href="{run}/report/index.html">Open the report</a></td>'
        f"<td>{escape(entry['published_at'].rstrip('Z').replace('T', ' '))}{action}</td>"
        f'<td><a href="{run}/manifest.json"><code>{escape(entry["run_key"])}</code></a></td></tr>'
    )


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Customer segments: published months</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --ground: #fff; --ink: #16202a; --soft: #51606e; --rule: #dde3e8; --accent: #0b5f70; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #11171c; --ink: #e8edf1; --soft: #a7b4bf; --rule: #2c3740; --accent: #6cc3d5; }
}
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 .5rem; }
p { color: var(--soft); max-width: 44rem; margin: 0 0 1.5rem; }
a { color: var(--accent); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .65rem 1.2rem .65rem 0; border-bottom: 1px solid var(--rule); white-space: nowrap; }
thead th { color: var(--soft); font-size: .85rem; }
code { font-size: .86rem; }
</style>
</head>
<body>
<h1>Customer segments: published months</h1>
<p>Each report shows the customers as they stood before that date. What is published now is listed here; a month that was
recomputed or rolled back shows its present run.</p>
{body}
</body>
</html>
"""


def _base_path() -> str:
    """The path below which Airflow is served, without a slash at the end."""
    return urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")


class TidemarkReports(AirflowPlugin):
    """Serves the reports at `/tidemark/` and adds them to the navigation."""

    name = "tidemark_reports"
    fastapi_apps = [{"app": app, "url_prefix": PREFIX, "name": "Tidemark reports"}]  # noqa: RUF012 (Airflow's shape)
    external_views = [  # noqa: RUF012
        {
            "name": "Customer segments",
            "href": f"{_base_path()}{PREFIX}/",
            "destination": "nav",
            "category": "browse",
            "url_route": "tidemark",
        }
    ]
