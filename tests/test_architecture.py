"""How the folders of `include/tidemark` lean on each other: which may import which, no circle, and no family
known outside.

A node of the graph is a folder, or a module beside the folders; the families are one node each, written as
FAMILY. Every import counts, also one inside a function or for types only. What the pipeline finds by name, a
family's parts, is no import.

One layer is not a folder: the rules. Each part declares its own rules in its `rules.py`, beside what they
steer, and `rules.py` puts them together; all of these are one node, which knows none of the parts.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "include" / "tidemark"
FAMILIES = sorted(path.parent.name for path in (PACKAGE / "families").glob("*/__init__.py"))
FAMILY = "families/*"
RULES = "rules"
OF_THE_RULES = {"rule_types", "families.early_engagement.features"}
"""Modules of that layer which are not called `rules`: types, and the names of the columns that a list of
events gives."""
LEAVES = {
    "as_of",
    "code_version",
    "currency",
    "data_errors",
    "errors",
    "kept_logs",
    "parent_death",
    "paths",
    "scratch",
    "settings",
    "shared_texts",
    "sql_names",
    "transient",
    "version",
    "yaml_reading",
    "zones",
}
"""Modules beside the folders that everybody may import: they know nothing but each other."""

# From the bottom to the top. A new edge is a decision: add it here only where the layer below can't know
# better.
ALLOWED = {
    "statistics": "",
    "documents": "",
    "warehouse": "",
    RULES: "documents",
    "sources": "documents warehouse",
    "run": "rules sources statistics",
    "families": "run sources statistics warehouse",
    "enabled": "families run",
    "history": "documents families run warehouse",
    "validation": "families rules run sources warehouse",
    "artifacts": "enabled families history run sources statistics warehouse",
    "upkeep": "artifacts history run warehouse",
    "accounting": "artifacts documents enabled families rules run sources validation warehouse",
    "erasure": "artifacts sources warehouse",
    "report": "accounting artifacts families run sources statistics warehouse",
    "segmentations": "accounting artifacts documents enabled families history report rules run sources statistics validation warehouse",
    "difference": "artifacts history report run segmentations statistics warehouse",
    FAMILY: "artifacts families report rules run segmentations sources statistics validation warehouse",
    "own_checks": "accounting documents enabled families rules run sources validation warehouse",
    "config": "accounting documents enabled own_checks rules segmentations sources",
    "backfill": "config difference history sources warehouse",
    "pipeline": "accounting artifacts backfill config difference enabled erasure families history own_checks report run segmentations sources statistics upkeep"
    " validation warehouse",
    "orchestration": "config documents enabled history pipeline run upkeep warehouse",
    "examination": "config documents enabled families history pipeline segmentations sources warehouse",
    "doctor": "artifacts config documents families orchestration pipeline rules run sources validation warehouse",
    "init": "config documents families rules sources warehouse",
    "suggest": "artifacts config documents history init pipeline rules run segmentations validation warehouse",
    "cli": f"{FAMILY} artifacts backfill config difference doctor enabled examination families init orchestration pipeline run suggest upkeep",
    "demo": "artifacts cli config pipeline sources",
    "__main__": "cli",
}

NAME_A_FAMILY = {
    "rules": "one typed object holds every rule, so that mypy and the schema for editors know each by its name",
    "run": "the manifest and dbt's variables say what customer segments are compared with in keys that readers know",
    "settings": "which family a deployment without TIDEMARK_FAMILIES computes",
    "cli.ending": "a run ends with the table of customer segments",
    "cli.published": "`tidemark drivers` is a command about one family",
    "cli.reading": "`tidemark drivers` again, and the example of `tidemark summary`",
    "demo.completejourney": "a data set says which families its rows are enough for",
    "demo.synthetic.dataset": "a data set says which families its rows are enough for",
    "init.rule_proposals": "the slug of an event's name, of which two may be the same",
    "init.rules_text": "which rules about money a new deployment should look at",
    "segmentations.reading": "who is a customer is computed by the customer segments",
    "suggest": "`tidemark suggest-rules` proposes the thresholds of customer segments",
}
"""Modules and folders outside the families that name one, and why they still do."""


def test_folders_import_what_is_allowed_and_nothing_is_allowed_that_none_imports() -> None:
    found = {node: " ".join(sorted(below)) for node, below in edges().items() if node not in LEAVES}
    assert found == {node: " ".join(sorted(below.split())) for node, below in ALLOWED.items()}


def test_leaves_import_leaves_alone() -> None:
    assert {node: edges()[node] for node in sorted(LEAVES) if edges()[node]} == {}


def test_no_folders_import_each_other_in_a_circle() -> None:
    try:
        tuple(TopologicalSorter(edges()).static_order())
    except CycleError as error:
        pytest.fail(f"a circle among folders: {' -> '.join(error.args[1])}; move what both need below them")


def test_no_family_imports_another() -> None:
    others = {
        f"{module} -> {name}"
        for module, tree in modules().items()
        for name in imported(tree)
        if (mine := family_of(module)) and (other := family_of(name)) and mine != other
    }
    assert not others


def test_nothing_outside_a_family_names_one_but_those_that_have_a_reason() -> None:
    found = {module for module, tree in modules().items() if not family_of(module) and names_a_family(tree)}
    excepted = {
        module: next((name for name in (module, module.split(".")[0]) if name in NAME_A_FAMILY), None)
        for module in found
    }
    assert sorted(module for module, exception in excepted.items() if exception is None) == []
    assert set(excepted.values()) == set(NAME_A_FAMILY), "an exception that nothing needs any more"


def test_the_graph_sees_imports_in_functions_and_for_types() -> None:
    tree = ast.parse(
        "def f():\n    from include.tidemark.report import page\n"
        "if TYPE_CHECKING:\n    import include.tidemark.run\n    from include.tidemark.warehouse.base import Row"
    )
    assert set(imported(tree)) == {"report.page", "run", "warehouse.base"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('x = run.backtest_of("planners")', True),
        ('x = "select 1 from runs.customer_segments"', True),
        ("from include.tidemark.families.fee_tiers import tables", True),
        ('"""About planners."""', False),
        ('x = "how planners and their engagement differ"', False),
    ],
)
def test_a_family_is_named_by_an_import_and_by_text_that_a_machine_reads(text: str, named: bool) -> None:
    assert names_a_family(ast.parse(text)) is named


def node_of(module: str) -> str:
    """The node of a module, which is named from below `include.tidemark`."""
    if module in OF_THE_RULES or module.rpartition(".")[2] == "rules":
        return RULES
    return FAMILY if family_of(module) else module.split(".", maxsplit=1)[0]


def family_of(module: str) -> str | None:
    """The family that a module belongs to."""
    parts = module.split(".")
    return parts[1] if parts[0] == "families" and len(parts) > 1 and parts[1] in FAMILIES else None


@cache
def modules() -> dict[str, ast.Module]:
    """Every module by its name below `include.tidemark`."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            path.read_text(encoding="utf-8")
        )
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != PACKAGE / "__init__.py"
    }


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules that a module imports, by their names below `include.tidemark`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name.startswith("include.tidemark."):
                below = name.removeprefix("include.tidemark.")
                yield below if below in modules() else below.rpartition(".")[0]


def names_a_family(tree: ast.AST) -> bool:
    """Whether code imports a family, or has its name in a text: alone, or as a part of a name with an
    underscore."""
    if any(family_of(name) for name in imported(tree)):
        return True
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]
    return any(
        text == family or ("_" in family and re.search(rf"\b{family}\b", text))
        for text in texts
        for family in FAMILIES
    )


@cache
def edges() -> dict[str, set[str]]:
    """What each node imports besides leaves and itself."""
    found: dict[str, set[str]] = defaultdict(set)
    for module, tree in modules().items():
        node = node_of(module)
        found[node] |= {node_of(name) for name in imported(tree)} - LEAVES - {node}
    return found
