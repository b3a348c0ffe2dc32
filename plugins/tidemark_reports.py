"""The pages inside Airflow's UI, behind its login: the months, a tab on each run, and the files of a run.

Who may read the DAG `monthly_segmentation` may read what it publishes. The plugin's files import nothing of
the project: on MWAA the web server has the plugins and no DAG folder. They read `TIDEMARK_ARTIFACT_ROOT` and
`TIDEMARK_ARTIFACT_CONN_ID` themselves.
"""

import re
from pathlib import Path
from typing import Any

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import ObjectStoragePath
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import Response
from tidemark_airflow_runs import DAG_ID, AirflowRun, newest_runs, runs_by_id, tasks_of
from tidemark_months import MOST, months_page
from tidemark_pages import SCRIPT_DIGEST, base_path
from tidemark_run import damaged_page, other_dag_page, run_page
from tidemark_store import DamagedError, RunFiles, blocks, head, published_months, run_files

PREFIX = "/tidemark"

_SHOWN = {".html": "text/html; charset=utf-8", ".json": "application/json"}
"""What a browser shows; everything else is downloaded, so that no file of a run is taken for a page."""
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src {scripts}; img-src data:; base-uri 'none'; form-action {forms};"
    " frame-ancestors 'self'"
)
_SCRIPTS = re.compile(rb"script-src((?: 'sha256-[A-Za-z0-9+/=]{44}')+)")
"""The scripts that a report says are its own, by their digests; nothing that is written into the page later
is among them."""
_HEAD_BYTES = 4096
_LONGEST_SEARCH = 100
_HEADERS = {
    "Content-Security-Policy": _POLICY.format(scripts="'none'", forms="'none'"),
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


def _page(text: str, status: int = 200) -> HTMLResponse:
    policy = _POLICY.format(scripts=SCRIPT_DIGEST, forms="'self'")
    return HTMLResponse(text, status, headers={"Content-Security-Policy": policy})


@app.exception_handler(DamagedError)
async def _say_damaged(_request: Request, error: DamagedError) -> HTMLResponse:
    return _page(damaged_page(str(error)), 503)


@app.get("/")
def months(session: SessionDep, q: str = "", dag_id: str = DAG_ID) -> HTMLResponse:
    """The published months and the runs that are not, newest first."""
    if dag_id != DAG_ID:
        return _page(other_dag_page())
    shown = published_months()[:MOST]
    behind = runs_by_id(session, {month["dag_run_id"] for month in shown if "dag_run_id" in month})
    return _page(months_page(shown, newest_runs(session, MOST), behind, q[:_LONGEST_SEARCH]))


@app.get("/run")
def run(session: SessionDep, run_id: str, dag_id: str = DAG_ID) -> HTMLResponse:
    """One run: the tab of the DAG run."""
    if dag_id != DAG_ID:
        return _page(other_dag_page())
    known = runs_by_id(session, [run_id]).get(run_id)
    published = published_months()
    files = _files_of(run_id, known, published)
    if known is None and files is None:
        raise HTTPException(404, "There is no such run.")
    return _page(run_page(run_id, known, tasks_of(session, run_id), files, published))


@app.get("/runs/{as_of_date}/{run_key}/{path:path}")
def file(as_of_date: str, run_key: str, path: str) -> StreamingResponse:
    """One file of a run: only what the run's own manifest or a stage's list names, so no path can lead out of
    its folder."""
    files = run_files(as_of_date, run_key)
    place = files.named(path) if files else None
    if place is None:
        raise HTTPException(
            404, "There is no such run, or neither its manifest nor its checks name such a file."
        )
    suffix = Path(path).suffix
    headers = {} if suffix in _SHOWN else {"Content-Disposition": f'attachment; filename="{Path(path).name}"'}
    if suffix == ".html":
        headers["Content-Security-Policy"] = _POLICY.format(scripts=_own_scripts(place), forms="'none'")
    media_type = _SHOWN.get(suffix, "application/octet-stream")
    return StreamingResponse(blocks(place), media_type=media_type, headers=headers)


def _files_of(run_id: str, known: AirflowRun | None, published: list[dict[str, Any]]) -> RunFiles | None:
    """The run's files: by the identity that Airflow has of it, else by the publications of a run with its
    id."""
    if known and (files := run_files(known.as_of_date, known.run_key)):
        return files
    for month in published:
        for row in reversed(month.get("history", [])):
            if row["dag_run_id"] == run_id:
                return run_files(month["as_of_date"], row["run_key"])
    return None


def _own_scripts(place: ObjectStoragePath) -> str:
    found = _SCRIPTS.search(head(place, _HEAD_BYTES))
    return found.group(1).decode().strip() if found else "'none'"


def _view(name: str, destination: str, address: str, route: str) -> dict[str, str]:
    return {
        "name": name,
        "href": f"{base_path()}{PREFIX}/{address}",
        "destination": destination,
        "url_route": route,
    }


class TidemarkReports(AirflowPlugin):
    """Serves the pages at `/tidemark/`, and shows them in the navigation and as tabs of DAGs and of their
    runs.

    Airflow shows a tab on every DAG, puts the ids into its address, quoted, and finds it by its route, so
    each has its own.
    """

    name = "tidemark_reports"
    fastapi_apps = [{"app": app, "url_prefix": PREFIX, "name": "Tidemark reports"}]  # noqa: RUF012 (Airflow's shape)
    external_views = [  # noqa: RUF012
        _view("Customer segments", "nav", "", "tidemark") | {"category": "browse"},
        _view("Tidemark", "dag", "?dag_id={DAG_ID}", "tidemark-months"),
        _view("Tidemark", "dag_run", "run?dag_id={DAG_ID}&run_id={RUN_ID}", "tidemark-run"),
    ]
