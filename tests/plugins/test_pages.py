"""The pages of the months and of one run: what they say, whatever a run, a person or a file was called."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

KEY = "20261101_20261101T060000_0123abcd"
RUN = f"/tidemark/runs/2026-11-01/{KEY}"
FAILED_KEY = "20261201_20261201T060000_0123abcd"
FAILED = "scheduled__2026-12-01T06:00:00+00:00"
HOSTILE = "\"'><script>alert(1)</script>&{x}"


class Document(HTMLParser):
    """What a browser would see: texts outside style and script, tags, and the addresses of links."""

    def __init__(self, text):
        super().__init__()
        self.texts, self.links, self.tags, self.pasted, self._in = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "a":
            self.links.append(dict(attrs)["href"])
        if tag in ("style", "script"):
            self._in.append(tag)

    def handle_endtag(self, tag):
        if self._in and tag == self._in[-1]:
            self._in.pop()

    def handle_data(self, data):
        if not self._in:
            self.texts.append(data)
        if self.tags and self.tags[-1] == ("code", {"class": "paste"}) and data.startswith("{"):
            self.pasted.append(json.loads(data))

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def read(client, address="", **query):
    answer = client.get(f"/tidemark/{address}", params=query)
    assert answer.status_code == 200
    return Document(answer.text)


@pytest.fixture
def failed(client, artifacts, metadata, make):
    """A scheduled run whose models did not pass the gate."""
    sentence = "The shares drifted by 0.31, above 0.25."
    make.checks(artifacts, "2026-12-01", FAILED_KEY, "sources", [make.result("All is there.", success=True)])
    make.checks(artifacts, "2026-12-01", FAILED_KEY, "models", [make.result(sentence)])
    metadata.add(
        FAILED,
        "failed",
        kind="scheduled",
        results={"resolve_run": {"as_of_date": "2026-12-01", "run_key": FAILED_KEY}},
        tasks=[("resolve_run", "success"), ("check_models", "failed"), ("publish", "upstream_failed")],
        failures={"check_models": f"The gate 'models' stopped this run: {sentence}"},
    )
    return client


def test_a_month_says_what_it_is_and_leads_to_its_report(client, metadata):
    metadata.add("scheduled__2026-11-01", "success", kind="scheduled", note="As every month")
    months = read(client)
    for said in (
        "2026-11-01",
        "published",
        "561",
        "949,911",
        "10 min 0 s",
        "the schedule",
        "As every month",
        "Declining fell by 1.1 points.",
    ):
        assert said in months.text
    assert f"runs/2026-11-01/{KEY}/report/index.html" in months.links
    assert "run?run_id=scheduled__2026-11-01" in months.links


def test_before_the_first_publication_the_list_says_so(client, artifacts):
    (artifacts / "index.json").unlink()
    assert "Nothing is published yet" in read(client).text


def test_an_index_of_an_earlier_release_is_listed_too(client, artifacts, make):
    entry = {name: make.month()[name] for name in ("as_of_date", "run_key", "published_at", "action")}
    make.index(artifacts, [entry])
    assert f"runs/2026-11-01/{KEY}/report/index.html" in read(client).links


def test_failed_dry_and_running_runs_are_listed_and_those_that_published_only_once(client, metadata):
    identity = {"as_of_date": "2026-10-01", "run_key": "20261001_20261101T060000_0123abcd"}
    metadata.add("scheduled__2026-11-01", "success", results={"publish": {"status": "published"}})
    metadata.add("manual__1", "failed", by="ana")
    metadata.add("manual__2", "running", by="ben")
    metadata.add(
        "manual__3", "success", by="cleo", results={"resolve_run": identity, "publish": {"status": "dry_run"}}
    )
    months = read(client)
    assert len([tag for tag, _ in months.tags if tag == "tr"]) == 1 + 4
    for said in ("failed", "running", "dry run", "ana", "ben", "cleo"):
        assert said in months.text
    assert f"runs/2026-10-01/{identity['run_key']}/report/index.html" in months.links


def assert_params(dag, values):
    """The DAG's form knows each value by this name."""
    known = re.findall(r'"(\w+)": Param\(', Path(f"dags/{dag}.py").read_text())
    assert set(values) <= set(known)


def test_the_history_names_every_publication_and_what_a_rollback_needs(client, artifacts, make):
    old = "20261101_20261031T060000_0123abcd"
    row = make.month()["history"][0]
    history = [row | {"run_key": old}, row, row | {"action": "rollback"}]
    make.index(artifacts, [make.month(history=history, action="rollback")])
    months = read(client)
    assert "rolled back to" in months.text
    assert months.pasted == [{"as_of_date": "2026-11-01", "run_key": old, "dry_run": True, "reason": None}]
    assert_params("rollback_publication", *months.pasted)
    assert "/dags/rollback_publication" in months.links


@pytest.mark.parametrize(("wanted", "found"), [("2026-11", 1), ("PUBLISHED ana", 1), ("declining", 1), ("failed", 0), ("span", 0)])  # fmt: skip
def test_the_search_looks_at_what_is_on_the_page_and_not_at_its_markup(client, metadata, wanted, found):
    metadata.add("scheduled__2026-11-01", "success", by="Ana")
    months = read(client, q=wanted)
    assert len([tag for tag, _ in months.tags if tag == "tr"]) == (1 + found if found else 0)
    assert dict(months.tags[[tag for tag, _ in months.tags].index("input")][1])["value"] == wanted


def test_120_months_take_one_file_and_as_many_statements_as_one_month(
    client, artifacts, metadata, make, monkeypatch
):
    import tidemark_store

    read_files, real = [], tidemark_store._read_json

    def note(path):
        read_files.append(path)
        return real(path)

    monkeypatch.setattr(tidemark_store, "_read_json", note)

    def measure():
        read_files.clear()
        metadata.statements.clear()
        months = read(client)
        return list(read_files), len(metadata.statements), len([tag for tag, _ in months.tags if tag == "tr"])

    one = measure()
    days = [f"{year}-{month:02d}-01" for year in range(2026, 2015, -1) for month in range(12, 0, -1)]
    make.index(artifacts, [make.month(day, KEY) for day in days])
    for day in days:
        metadata.add(f"scheduled__{day}", "success", kind="scheduled")
    many = measure()
    assert len(days) == 132
    assert one == (["index.json"], many[1], 2)
    assert many[::2] == (["index.json"], 121)


def test_a_failed_run_says_what_failed_why_what_consumers_see_and_what_to_do(failed):
    run = read(failed, "run", run_id=FAILED, dag_id="monthly_segmentation")
    assert (
        "check_models The gate 'models' stopped this run: The shares drifted by 0.31, above 0.25." in run.text
    )
    assert "models.customer_segments, drift: The shares drifted" in run.text
    assert "The newest month: as of 2026-11-01" in run.text
    again, backfill = run.pasted
    assert again == {"as_of_date": "2026-12-01", "reason": None}
    assert_params("monthly_segmentation", again)
    assert backfill == {"from_date": "2026-12-01", "to_date": "2026-12-01", "dry_run": True, "reason": None}
    assert_params("segmentation_backfill", backfill)
    assert "/dags/segmentation_backfill" in run.links
    quoted = "scheduled__2026-12-01T06%3A00%3A00%2B00%3A00"
    assert f"/dags/monthly_segmentation/runs/{quoted}/tasks/check_models" in run.links
    for link in (link for link in run.links if "validation" in link):
        assert failed.get(f"/tidemark/{link}").status_code == 200
    assert "Open the report" not in run.text


def test_a_run_that_failed_before_it_had_an_as_of_date_has_a_page(client, metadata):
    metadata.add(
        "manual__1",
        "failed",
        tasks=[("resolve_run", "failed")],
        failures={"resolve_run": "The rule is wrong."},
    )
    assert "resolve_run The rule is wrong." in read(client, "run", run_id="manual__1").text


def test_a_published_run_has_its_report_changes_checks_files_and_timings(client, artifacts, metadata, make):
    make.checks(
        artifacts, "2026-11-01", KEY, "models", [make.result("Fewer rows than before.", severity="warning")]
    )
    identity = {"as_of_date": "2026-11-01", "run_key": KEY}
    metadata.add("manual__1", "success", results={"resolve_run": identity}, tasks=[("publish", "success")])
    run = read(client, "run", run_id="manual__1")
    for said in (
        "yes, it is published",
        "Declining fell by 1.1 points.",
        "Nothing beyond chance: Planners.",
        "Fewer rows than before.",
        "1 min 0 s",
        "4.2 s",
        "data/segment_summary.csv",
    ):
        assert said in run.text
    for link in (
        f"runs/2026-11-01/{KEY}/report/index.html",
        f"runs/2026-11-01/{KEY}/data/segment_summary.csv",
        f"runs/2026-11-01/{KEY}/manifest.json",
    ):
        assert link in run.links
        assert client.get(f"/tidemark/{link}").status_code == 200


def test_a_published_run_that_airflow_has_forgotten_is_found_by_its_publication(client):
    assert "Open the report" in read(client, "run", run_id="scheduled__2026-11-01").text


@pytest.mark.parametrize("run_id", ["nobody", "", "../x", HOSTILE])
def test_a_run_that_nobody_knows_is_not_found(client, run_id):
    assert client.get("/tidemark/run", params={"run_id": run_id}).status_code == 404


@pytest.mark.parametrize("address", ["", "run"])
def test_the_tab_of_another_dag_says_that_it_is_not_about_it(client, address):
    page = read(client, address, dag_id=HOSTILE, run_id="x")
    assert "Nothing of Tidemark here" in page.text
    assert HOSTILE not in page.text


def test_no_text_of_a_run_a_person_or_a_file_becomes_markup(client, artifacts, metadata, make):
    row = make.month()["history"][0] | {"run_key": HOSTILE, "published_at": HOSTILE, "action": HOSTILE}
    summary = make.month()["summary"] | {"changes": [HOSTILE], "families": [HOSTILE]}
    make.index(
        artifacts,
        [make.month(HOSTILE, HOSTILE, action=HOSTILE, dag_run_id=HOSTILE, history=[row], summary=summary)],
    )
    make.checks(artifacts, "2026-11-01", KEY, "models", [make.result(HOSTILE, name=HOSTILE)])
    metadata.add(
        HOSTILE,
        "failed",
        by=HOSTILE,
        note=HOSTILE,
        results={"resolve_run": {"as_of_date": "2026-11-01", "run_key": KEY}},
        tasks=[("check_models", "failed"), (HOSTILE, "failed")],
        failures={"check_models": HOSTILE, HOSTILE: HOSTILE},
    )
    metadata.add(
        "manual__2",
        "failed",
        by=HOSTILE,
        results={"resolve_run": {"as_of_date": HOSTILE, "run_key": HOSTILE}},
    )
    for page in (
        read(client),
        read(client, q=HOSTILE),
        read(client, "run", run_id=HOSTILE),
        read(client, "run", run_id="manual__2"),
    ):
        assert [tag for tag, _ in page.tags].count("script") == 1
        assert HOSTILE in page.text
        assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
        assert all(re.match(r"(runs/|run\?|\./$|/dags/)", link) for link in page.links), page.links


@pytest.mark.parametrize("address", ["", "run?run_id=scheduled__2026-11-01"])
def test_a_page_may_run_its_own_script_and_no_other(client, address):
    answer = client.get(f"/tidemark/{address}")
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"].split("; ")
    assert f"script-src 'sha256-{digest}'" in policy
    assert {"default-src 'none'", "form-action 'self'", "frame-ancestors 'self'"} <= set(policy)


def test_the_pages_are_below_airflow_s_own_path(client, monkeypatch, metadata):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://airflow.example/team/")
    metadata.add("manual__1", "failed")
    assert "/team/dags/monthly_segmentation/runs/manual__1" in read(client, "run", run_id="manual__1").links


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b'{"months": [{}]}', b'{"months": 1}'])
@pytest.mark.parametrize("address", ["/tidemark/", "/tidemark/run?run_id=scheduled__2026-11-01"])
def test_a_damaged_index_is_one_sentence_that_says_what_to_do(client, artifacts, address, content):
    (artifacts / "index.json").write_bytes(content)
    answer = client.get(address)
    assert answer.status_code == 503
    assert "index.json is damaged." in answer.text and "tidemark repair --apply" in answer.text


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b"{}"])
@pytest.mark.parametrize(
    "address", ["/tidemark/run?run_id=scheduled__2026-11-01", f"{RUN}/data/segment_summary.csv"]
)
def test_a_damaged_manifest_is_one_sentence_that_says_what_to_do(client, artifacts, address, content):
    (manifest,) = artifacts.glob("as_of=*/run=*/manifest.json")
    manifest.write_bytes(content)
    answer = client.get(address)
    assert answer.status_code == 503
    assert "damaged" in answer.text and "tidemark repair --apply" in answer.text


def test_a_lost_index_manifest_or_file_is_no_error_of_the_server(client, artifacts):
    (file,) = artifacts.glob("as_of=*/run=*/data/segment_summary.csv")
    file.unlink()
    assert client.get(f"{RUN}/data/segment_summary.csv").status_code == 404
    (manifest,) = artifacts.glob("as_of=*/run=*/manifest.json")
    manifest.unlink()
    assert client.get("/tidemark/run?run_id=scheduled__2026-11-01").status_code == 200
    (artifacts / "index.json").unlink()
    assert client.get("/tidemark/").status_code == 200
