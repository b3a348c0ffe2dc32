"""Every link between the project's documents leads somewhere."""

import re
import subprocess
from pathlib import Path

import pytest

from include.tidemark.paths import PROJECT_ROOT

DOCUMENTS = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
).stdout.split()
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"(?ms)^```.*?^```|`[^`\n]*`")


def anchors(document: Path) -> set[str]:
    """The anchors that a forge gives the headings: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"(?m)^#+ (.+)$", document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_relative_links_of_a_document_lead_to_a_file_and_to_a_heading_in_it(name: str) -> None:
    document = PROJECT_ROOT / name
    for link in LINK.findall(CODE.sub("", document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{name} links to {link}, which is nowhere"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{name} links to {link}, and no heading has that anchor"
