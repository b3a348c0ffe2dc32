"""The table of what the tests run, and its floor."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import coverage_by_folder
from tests.coverage_by_folder import FLOOR, by_folder, main, table


def file(lines: int, ran: int, branches: int = 0, taken: int = 0) -> dict[str, dict[str, int]]:
    names = ("num_statements", "covered_lines", "num_branches", "covered_branches")
    return {"summary": dict(zip(names, (lines, ran, branches, taken), strict=True))}


FILES = {
    "include/tidemark/run.py": file(10, 10),
    "include/tidemark/sources/a.py": file(6, 3, 4, 1),
    "include/tidemark/sources/deeper/b.py": file(10, 6),
    "include/tidemark/sources/__init__.py": file(0, 0),
}


def test_a_folder_holds_its_files_lines_and_branches_and_those_below_it():
    assert by_folder(FILES) == {
        "include/tidemark": (10, 0, 100.0),
        "include/tidemark/sources": (16, 4, 50.0),
        "all": (26, 4, pytest.approx(200 / 3)),
    }


def test_the_table_ends_with_the_whole():
    assert table(by_folder(FILES)).splitlines()[-1].split() == ["all", "26", "4", "66.7", "%"]


@pytest.mark.parametrize(("ran", "code"), [(FLOOR - 1, 1), (FLOOR + 1, 0)])
def test_less_than_the_floor_fails(monkeypatch, capsys, ran, code):
    def json_report(outfile: str) -> None:
        found = {"files": {"include/tidemark/run.py": file(1000, round(10 * ran))}}
        Path(outfile).write_text(json.dumps(found), encoding="utf-8")

    measured = SimpleNamespace(load=lambda: None, json_report=json_report)
    monkeypatch.setattr(coverage_by_folder.coverage, "Coverage", lambda data_file: measured)
    monkeypatch.setattr("sys.argv", ["coverage_by_folder", "data"])
    assert main() == code
    assert ("test what is new" in capsys.readouterr().err) is bool(code)
