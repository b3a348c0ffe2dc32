"""What `dbt/dbt_project.yml` says of each rule: its default, and the comment above it."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from include.tidemark.paths import DBT_PROJECT_FILE
from include.tidemark.yaml_reading import read_yaml

_INDENT = 2
"""Columns before the name of a rule."""


@dataclass(frozen=True)
class RuleText:
    """One rule as people read of it."""

    default: Any
    comment: str
    """Empty where nothing stands above the rule."""


@cache
def rule_texts() -> dict[str, RuleText]:
    """Every rule in the order of the file.

    A comment is of all rules that follow it, until the next comment or an empty line.
    """
    text = DBT_PROJECT_FILE.read_text(encoding="utf-8")
    defaults: dict[str, Any] = read_yaml(text)["vars"]
    found: dict[str, RuleText] = {}
    comment: list[str] = []
    behind_rule = False
    for line in text.splitlines():
        name, indent = line.strip().partition(":")[0], len(line) - len(line.lstrip())
        if not line.strip():
            comment = []
        elif indent != _INDENT:  # another section, or the inside of a rule
            continue
        elif line.lstrip().startswith("#"):
            words = line.strip().lstrip("# ")
            comment = [words] if behind_rule else [*comment, words]
        elif name in defaults:
            found[name] = RuleText(defaults[name], " ".join(comment))
        behind_rule = not line.lstrip().startswith("#")
    return found
