"""What stands in `statistics/` is what a run uses: an oracle belongs to the tests, and what nobody calls is
deleted.

The walk is by names, in the source. Outside `statistics/` a file counts as a whole as soon as a reached file
imports it. In `statistics/` each function, class and method counts alone: it is reached when reached code
names it. A method that is read from its class (`Cells.from_rows`, `self.table`) is reached by that; of other
objects the class is not known, so a method is reached where reached code reads an attribute of its name.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = "include.tidemark.statistics"
# Families and segmentations are named as text where they are loaded, so all their files are beginnings;
# `demo` is what `make demo` starts.
BEGINNINGS = (
    "dags",
    "plugins",
    "include/tidemark/__main__.py",
    "include/tidemark/cli",
    "include/tidemark/demo/__main__.py",
    "include/tidemark/families",
    "include/tidemark/pipeline",
    "include/tidemark/segmentations",
)

Definition = ast.FunctionDef | ast.ClassDef


def test_every_function_and_class_of_the_statistics_is_used_by_a_run() -> None:
    assert unreached(*BEGINNINGS) == [], "delete these, or move them to tests/ if only a test needs them"


def test_the_walk_lists_what_nothing_names() -> None:
    found = unreached("include/tidemark/run.py")
    assert f"{LIBRARY}.elasticity.elasticity" in found
    assert f"{LIBRARY}.config.StatisticsConfig" not in found


def test_a_method_is_listed_when_only_another_class_is_asked_for_one_of_its_name() -> None:
    found = unreached("include/tidemark/segmentations/questions.py")
    assert f"{LIBRARY}.cells.Cells.from_rows" not in found
    assert f"{LIBRARY}.volume_cells.VolumeCells" in found


def unreached(*beginnings: str) -> list[str]:
    """Functions, classes and methods of `statistics/` that no code reached from these folders or files
    names."""
    walk = _Walk()
    for path in _files(*beginnings):
        walk.enter(_name(path))
    walk.read_methods()
    return sorted(
        ({name for name, _ in _definitions()} | {name for name, _ in walk.methods()}) - walk.reached
    )


def _files(*places: str) -> list[Path]:
    found = [path for place in places for path in [ROOT / place, *sorted((ROOT / place).rglob("*.py"))]]
    return [path for path in found if path.is_file()]


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def _modules() -> dict[str, ast.Module]:
    paths = _files("dags", "plugins", "include")
    return {_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def _imports(module: str) -> dict[str, str]:
    """Name in the module -> dotted name that it stands for, of all its imports, those inside functions
    too."""
    found = {}
    for node in ast.walk(_modules()[module]):
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
    return found


@cache
def _definitions() -> list[tuple[str, Definition]]:
    """The functions and classes at the top of the modules of `statistics/`, by dotted name."""
    return [
        (f"{module}.{node.name}", node)
        for module, tree in _modules().items()
        if module.startswith(LIBRARY)
        for node in tree.body
        if isinstance(node, Definition)
    ]


@cache
def _by_name() -> dict[str, Definition]:
    return dict(_definitions())


def _methods(node: Definition) -> list[ast.FunctionDef]:
    return (
        [part for part in node.body if isinstance(part, ast.FunctionDef)]
        if isinstance(node, ast.ClassDef)
        else []
    )


def _belongs_to_class(method: ast.FunctionDef) -> bool:
    return any(
        isinstance(mark, ast.Name) and mark.id in ("classmethod", "staticmethod")
        for mark in method.decorator_list
    )


class _Walk:
    def __init__(self) -> None:
        self.entered: set[str] = set()
        self.reached: set[str] = set()
        self.attributes: set[str] = set()

    def enter(self, module: str) -> None:
        """Import a module: its packages run, too; in `statistics/` its functions and classes wait until they
        are named."""
        if module in self.entered or module not in _modules():
            return
        self.entered.add(module)
        self.enter(module.rpartition(".")[0])
        inside = module.startswith(LIBRARY)
        for target in _imports(module).values():
            self.enter(target)
            self.enter(target.rpartition(".")[0])
        for node in _modules()[module].body:
            if not (inside and isinstance(node, Definition)):
                self.read(module, node)

    def read(self, module: str, code: ast.AST, owner: str | None = None) -> None:
        """Follow every name in a piece of a module's code; ``owner`` is the class that `self` and `cls` stand
        for."""

        def meaning(node: ast.AST) -> str:
            if not isinstance(node, ast.Name):
                return ""
            if owner and node.id in ("self", "cls"):
                return owner
            return _imports(module).get(node.id, f"{module}.{node.id}")

        for node in ast.walk(code):
            if isinstance(node, ast.Name):
                self.reach(meaning(node))
            elif isinstance(node, ast.Attribute):
                base = meaning(node.value)
                if base in _by_name():
                    self.reached.add(f"{base}.{node.attr}")
                elif not self.reach(f"{base}.{node.attr}"):
                    self.attributes.add(node.attr)

    def reach(self, name: str) -> bool:
        """Count a definition of `statistics/`, and read all of it but its methods; False for other names."""
        node = _by_name().get(name)
        if node is not None and name not in self.reached:
            self.reached.add(name)
            methods = _methods(node)
            for part in ast.iter_child_nodes(node):
                if part not in methods:
                    self.read(name.rpartition(".")[0], part)
        return node is not None

    def read_methods(self) -> None:
        """Read the methods that are reached, until they lead to no others."""
        done: set[str] = set()
        while True:
            waiting = [
                (name, node) for name, node in self.methods() if name not in done and self.is_read(name, node)
            ]
            if not waiting:
                return
            for name, node in waiting:
                done.add(name)
                self.reached.add(name)
                owner = name.rpartition(".")[0]
                self.read(owner.rpartition(".")[0], node, owner)

    def is_read(self, name: str, method: ast.FunctionDef) -> bool:
        """Whether reached code reads a method, or Python does."""
        asked_by_name = method.name in self.attributes and not _belongs_to_class(method)
        return name in self.reached or asked_by_name or method.name.startswith("__")

    def methods(self) -> Iterator[tuple[str, ast.FunctionDef]]:
        """Methods of the reached classes."""
        for name, node in _definitions():
            if name in self.reached:
                yield from ((f"{name}.{method.name}", method) for method in _methods(node))
