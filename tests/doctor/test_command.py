"""`tidemark doctor` as a whole: exit codes, forms of output, nothing changed, and no traceback on any
input."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from include.tidemark.cli import doctor as command
from include.tidemark.cli.main import main
from include.tidemark.doctor import checks, environments, scheduler
from include.tidemark.doctor.findings import Finding
from tests.doctor.conftest import MARK, SECRET, Shop, orders

ARGUMENTS = ["doctor", "--as-of", "2026-11-01"]


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the processes that take seconds; they have tests of their own."""
    monkeypatch.setattr(environments, "_does_not_run", lambda command: None)
    monkeypatch.setattr(scheduler, "_import_faults", dict)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main([*ARGUMENTS, *arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err and MARK not in out + err and SECRET not in out + err
    return code, out


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_sound_deployment_ends_with_0_and_is_left_as_it_was(shop: Shop, capsys):
    shop.write()
    before, folders = files_of(shop.folder), sorted(shop.folder.rglob("*"))
    code, out = printed(capsys)
    assert code == 0, out
    assert out.splitlines()[0].startswith("state    looked at")
    assert out.splitlines()[-1].endswith(" ok, 0 warnings, 0 wrong.")
    assert files_of(shop.folder) == before and sorted(shop.folder.rglob("*")) == folders


def test_every_check_says_something(shop: Shop, capsys):
    shop.write()
    _, out = printed(capsys, "--format", "json")
    subjects = {finding["subject"].split(":")[0] for finding in json.loads(out)["findings"]}
    known = {"Python and Airflow": "Python", "sources": "users", "rows": "transactions"}
    assert subjects >= {known.get(check.title, check.title) for check in checks.CHECKS}


def test_a_warning_ends_with_0_and_something_wrong_with_1(shop: Shop, capsys, monkeypatch):
    shop.orders[-1]["department"] = MARK
    shop.write()
    code, out = printed(capsys)
    assert (code, out.splitlines()[-1].split(", ")[1:]) == (0, ["1 warning", "0 wrong."])
    monkeypatch.setenv("TIDEMARK_ID_HASH_KEY", "short")
    assert printed(capsys)[0] == 1


def test_a_setting_that_can_not_be_used_still_lets_the_rest_be_looked_at(shop: Shop, capsys, monkeypatch):
    shop.write()
    monkeypatch.setenv("TIDEMARK_DBT_THREADS", "many")
    code, out = printed(capsys, "--format", "json")
    found = {finding["subject"]: finding for finding in json.loads(out)["findings"]}
    assert code == 1
    assert (
        found["settings"]["state"] == "wrong"
        and found["Python"]["state"] == found["manifest"]["state"] == "ok"
    )
    assert found["hash key"]["found"] == "Not looked at: a setting can't be used."


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_all_that_is_not_looked_at_is_one_line_for_people_with_every_check_and_the_reason(
    shop: Shop, capsys, monkeypatch, form
):
    shop.write()
    monkeypatch.setenv("TIDEMARK_DBT_THREADS", "many")
    findings = json.loads(printed(capsys, "--format", "json")[1])["findings"]
    unseen = [each["subject"] for each in findings if each["found"].startswith("Not looked at: a setting")]
    _, out = printed(capsys, "--format", form)
    said = " ".join(out.split())
    assert len(unseen) > 5 and f"{', '.join(unseen)}: a setting can't be used." in said
    assert said.count("a setting can't be used") == 1 and " 1 warning, 1 wrong." in said


def test_a_folder_that_can_not_be_used_still_lets_the_rest_be_looked_at(shop: Shop, capsys):
    shop.rules["currency"] = "GBP"
    shop.write()
    code, out = printed(capsys, "--format", "json")
    found = {finding["subject"]: finding for finding in json.loads(out)["findings"]}
    assert code == 1 and "GBP" in found["configuration"]["found"]
    assert found["artifact root"]["state"] == found["warehouse"]["state"] == "ok"
    assert found["rows"]["state"] == "warning"


def test_as_of_is_today_in_the_business_time_zone_where_none_is_named(shop: Shop, capsys, monkeypatch):
    from tests.doctor.conftest import STARTED

    shop.rules["business_timezone"] = "Pacific/Honolulu"
    shop.write()
    monkeypatch.setattr(command, "started_now", lambda: STARTED)
    main(["doctor", "--format", "json"])
    assert json.loads(capsys.readouterr().out)["as_of_date"] == "2026-10-31"


def test_markdown_is_a_page_of_the_checklist(shop: Shop, capsys):
    shop.write()
    _, out = printed(capsys, "--format", "markdown")
    assert out.startswith("## tidemark doctor, as of 2026-11-01\n") and "- [x] **hash key**: " in out


_TEXTS = st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40)
_YAML = st.recursive(
    _TEXTS | st.none() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def only_what_reads_input(monkeypatch: pytest.MonkeyPatch) -> None:
    left_out = {"packages", "dbt", "manifest", "DAGs", "pool", "triggerer"}
    monkeypatch.setattr(checks, "CHECKS", tuple(c for c in checks.CHECKS if c.title not in left_out))


@pytest.mark.usefixtures("only_what_reads_input")
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(content=_YAML, cell=_TEXTS, name=_TEXTS)
@example(
    content={"users": {"files": "customers.csv", "where": "1; drop table x"}}, cell="\x1b[2J", name="\x07"
)
@example(content="{users", cell='"', name="a,b")
def test_no_content_of_files_or_settings_ends_in_a_traceback(
    shop: Shop, capsys, monkeypatch, content: Any, cell: str, name: str
):
    shop.orders = [{"Order No": "o1", "customer": cell, name or "x": MARK}]
    if isinstance(content, dict):
        shop.sources = content
    shop.write()
    (shop.folder / "config" / "rules.yml").write_text(f"currency: {json.dumps(cell)}", encoding="utf-8")
    monkeypatch.setenv("TIDEMARK_LANDING_URL", cell or "x")
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", f"file:///{shop.folder}/{cell}" if cell else "x")
    code, out = printed(capsys)
    assert code == 1 and "unexpected" not in out, out


@pytest.mark.usefixtures("only_what_reads_input")
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.fixed_dictionaries(dict.fromkeys(orders(1)[0], _TEXTS)), min_size=1, max_size=4))
def test_no_content_of_cells_ends_in_a_traceback_or_in_the_output(
    shop: Shop, capsys, rows: list[dict[str, str]]
):
    shop.orders = [*orders(3), *({key: f"{cell} {MARK}" for key, cell in row.items()} for row in rows)]
    shop.write()
    _, out = printed(capsys)
    assert "unexpected" not in out, out


def test_from_the_shell_it_is_quiet_beside_its_table(shop: Shop, monkeypatch):
    shop.write()
    done = subprocess.run(
        [str(Path(command.__file__).parents[3] / "deploy" / "tidemark"), *ARGUMENTS, "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert Finding("hash key", "ok", "It is set, and long enough.", "") == Finding(
        **json.loads(done.stdout)["findings"][5]
    )
