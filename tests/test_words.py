"""English that an engineer reads without stopping, in documents, messages and comments; the list is
CONTRIBUTING.md's."""

import re
import subprocess

from include.tidemark.paths import PROJECT_ROOT

HARD_TO_READ = (
    r"\bone row an? ",
    r"\brows? an? (user|customer|month|week|day|segment)\b",
    r"\bso many\b",
    r"\bby the clock\b",
    r"\bmade data\b",
    r"\bmend(s|ed|ing)?\b",
    r"\bprove[sdn]?\b",
    r"\bstands? (in|beside) (the|a|an|its|their|files?|cells?|quotes?)\b",
)
READ = ("*.md", "*.py", "*.sql", "*.yml", "*.j2", "*.js", "*.sh", "Makefile")
LISTS = {"CONTRIBUTING.md", "tests/test_words.py"}


def test_no_document_message_or_comment_has_a_word_of_the_list():
    listed = subprocess.run(
        ["git", "ls-files", *READ], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    found = [
        f"{name}:{number}: {line.strip()}"
        for name in listed.stdout.split()
        if name not in LISTS
        for number, line in enumerate((PROJECT_ROOT / name).read_text(encoding="utf-8").splitlines(), start=1)
        if any(re.search(pattern, line, re.IGNORECASE) for pattern in HARD_TO_READ)
    ]
    assert not found, "\n".join(found)
