"""What docs/security.md says is held by tests that exist."""

import ast
import re

from include.tidemark.paths import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_exists_and_every_line_names_one():
    named = re.findall(r"`(tests/[a-z_0-9/]+\.py)::([a-z_0-9]+)`", PAGE)
    assert len(named) > 30
    for file, name in named:
        parsed = ast.parse((PROJECT_ROOT / file).read_text(encoding="utf-8"))
        assert name in {each.name for each in ast.walk(parsed) if isinstance(each, ast.FunctionDef)}, file
    held = re.findall(r"(?m)^\| (?:what holds|attack) \|.*\n\|---.*\n((?:\|.*\n)+)", PAGE)
    assert len(held) == 4 and all("::test_" in line for table in held for line in table.splitlines())
