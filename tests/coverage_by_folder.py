"""How much of the code the fast tests run, by folder; fails where it is less than it was.

Usage: python -m tests.coverage_by_folder DATA_FILE, after `coverage run`; `tests/run_all.sh` does both.
"""

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import coverage

FLOOR = 70.0
"""Per cent of all lines and branches; a little below what it was when this was set."""

Files = Mapping[str, Mapping[str, Any]]
"""What coverage says of each file, by its path."""


def by_folder(files: Files) -> dict[str, tuple[int, int, float]]:
    """Lines, branches and per cent of both that were run, by folder, and of all."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for path, file in files.items():
        summary = file["summary"]
        lines, branches = summary["num_statements"], summary["num_branches"]
        ran = summary["covered_lines"] + summary["covered_branches"]
        for folder in (_folder(path), "all"):
            sums[folder] = [sum(each) for each in zip(sums[folder], (lines, branches, ran), strict=True)]
    return {
        folder: (lines, branches, 100 * ran / (lines + branches))
        for folder, (lines, branches, ran) in sorted(
            sums.items(), key=lambda each: (each[0] == "all", each[0])
        )
        if lines
    }


def _folder(path: str) -> str:
    """`include/tidemark/sources` of a file anywhere below it."""
    return "/".join(PurePosixPath(path).parts[:-1][:3])


def table(folders: Mapping[str, tuple[int, int, float]]) -> str:
    """The figures as text."""
    head = f"{'folder':32} {'lines':>7} {'branches':>9} {'run':>8}"
    return "\n".join([head, *(f"{name:32} {lines:7,} {branches:9,} {share:6.1f} %" for name, (lines, branches, share) in folders.items())])  # fmt: skip


def main() -> int:
    """Print the table, and return 1 where the whole is below the floor."""
    measured = coverage.Coverage(data_file=sys.argv[1])
    measured.load()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        measured.json_report(outfile=str(report))
        folders = by_folder(json.loads(report.read_text(encoding="utf-8"))["files"])
    print(table(folders))
    if (share := folders["all"][2]) < FLOOR:
        print(
            f"The fast tests run {share:.1f} % of lines and branches, less than {FLOOR:.1f} %; test what is new.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
