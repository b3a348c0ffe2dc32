"""The pages of the documentation site: the documents of `docs/`, and what the code itself says of views,
files and rules.

Usage: python deploy/site/pages.py FOLDER; `make site` does it and has MkDocs make the site of the folder.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from include.tidemark.artifacts.model_tables import column_words, dbt_models
from include.tidemark.config.schemas import SCHEMA_FILES
from include.tidemark.paths import DBT_DIR, PROJECT_ROOT

DOCS = PROJECT_ROOT / "docs"
AT_THE_ROOT = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "reporting.md",
}
"""Documents outside of `docs/`, by their names on the site."""


def write_pages(folder: Path) -> None:
    """Write every page below the folder, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DOCS, folder)
    for document in folder.glob("*.md"):
        document.write_text(_moved(document.read_text(encoding="utf-8"), "../"), encoding="utf-8")
    for name, page in AT_THE_ROOT.items():
        text = (PROJECT_ROOT / name).read_text(encoding="utf-8")
        (folder / page).write_text(_moved(text, "").replace("](docs/", "]("), encoding="utf-8")
    (folder / "views.md").write_text(_views(), encoding="utf-8")
    (folder / "rules.md").write_text(_rules(), encoding="utf-8")
    shutil.copy(Path(__file__).with_name("formulas.css"), folder)
    schemas = folder / "schemas"
    schemas.mkdir()
    for file in SCHEMA_FILES.values():
        shutil.copy(file, schemas)


def _moved(text: str, to_root: str) -> str:
    """The text with the links to documents outside of `docs/` as they are on the site, and no link to what is
    no document."""
    for name, page in AT_THE_ROOT.items():
        text = text.replace(f"]({to_root}{name}", f"]({page}")
    code = r"(?:include|dbt|dags|plugins|tests|config|deploy|benchmarks)/"
    return re.sub(rf"\[([^\]]*)\]\({re.escape(to_root)}{code}[^)]*\)", r"`\1`", text)


def _views() -> str:
    """The views that consumers read, with their columns."""
    marts = DBT_DIR / "models" / "marts"
    lines = [
        "# Views",
        "",
        "What consumers read in the warehouse. Each is a view of published runs in the schema `marts`.",
    ]
    for name, model in dbt_models().items():
        if not any(marts.rglob(f"{name}.sql")):
            continue
        columns = [(f"`{c['name']}`", c["data_type"], column_words(c)) for c in model.get("columns") or []]
        view = (model.get("config") or {}).get("alias") or name.removesuffix("_published")
        lines += [
            "",
            f"## marts.{view}",
            "",
            column_words(model),
            "",
            *_table(("column", "type", "meaning"), columns),
        ]
    return "\n".join(lines) + "\n"


def _rules() -> str:
    """The rules of `rules.yml`, with their values where a deployment sets none."""
    properties: Mapping[str, Mapping[str, Any]] = json.loads(
        SCHEMA_FILES["rules.yml"].read_text(encoding="utf-8")
    )["properties"]
    rows = [
        (f"`{name}`", f"`{json.dumps(rule.get('default'))}`", str(rule.get("description", "")))
        for name, rule in properties.items()
    ]
    head = [
        "# Rules",
        "",
        "What a deployment may set in `rules.yml`, with the value that holds where it does not, and why.",
        "",
    ]
    return "\n".join([*head, *_table(("rule", "value", "meaning"), rows)]) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    cells = [head, ("---",) * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
