"""dbt's manifest: the DAG is rendered from it, and nothing else compares it with the project."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from include.tidemark.doctor.examination import Examination
from include.tidemark.doctor.findings import Finding
from include.tidemark.paths import DBT_DIR, DBT_MANIFEST
from include.tidemark.yaml_reading import read_yaml

_MAKE = "Make it anew with `dbt parse` (locally: `make manifest`) before you deploy."
_NAMED = 3


def look_at_manifest(_: Examination) -> Iterator[Finding]:
    """dbt's manifest is that of the project as it stands: models, tests, seeds and macros by their
    content."""
    if not DBT_MANIFEST.exists():
        yield Finding("manifest", "wrong", f"{DBT_MANIFEST} does not exist.", _MAKE)
        return
    try:
        manifest = json.loads(DBT_MANIFEST.read_text(encoding="utf-8"))
        other = stale_parts(manifest, DBT_DIR)
    except (ValueError, LookupError, TypeError, AttributeError):
        yield Finding("manifest", "wrong", f"{DBT_MANIFEST} is no manifest of dbt's.", _MAKE)
        return
    if other:
        more = f" and {len(other) - _NAMED} more" if len(other) > _NAMED else ""
        yield Finding(
            "manifest",
            "wrong",
            f"It is not that of the project as it stands: {', '.join(other[:_NAMED])}{more}.",
            _MAKE,
        )
    else:
        yield Finding("manifest", "ok", f"It is that of the project, {len(manifest['nodes'])} nodes.")
    if (DBT_MANIFEST.parent / "partial_parse.msgpack").exists():
        yield Finding(
            "manifest",
            "warning",
            "partial_parse.msgpack is beside it, which Cosmos copies with its rights.",
            "Remove that file; `make manifest` does.",
        )


def stale_parts(manifest: Mapping[str, Any], project: Path) -> list[str]:
    """The project's files that the manifest does not know as they are, and those that it still has.

    Times of change say nothing where files were copied, so content is compared: models, tests and seeds by
    their checksums, macros by their text, the yml files by the columns that they describe and the number of
    their tests.
    """
    nodes = list(manifest["nodes"].values())
    own = [node for node in nodes if "test_metadata" not in node]
    known = {node["original_file_path"]: node["checksum"]["checksum"] for node in own}
    present = {
        path.relative_to(project).as_posix(): path
        for folder, suffix in (("models", "sql"), ("tests", "sql"), ("seeds", "csv"))
        for path in (project / folder).rglob(f"*.{suffix}")
        if "generic" not in path.parts
    }
    stale = [name for name, path in present.items() if known.get(name) != _checksum(path)]
    stale += [name for name in known if name not in present]
    return sorted({*stale, *_stale_macros(manifest, project), *_stale_yml(manifest, project)})


def _checksum(path: Path) -> str:
    # As dbt makes the sum: without the blanks around the text.
    return hashlib.sha256(path.read_text(encoding="utf-8").strip().encode()).hexdigest()


def _stale_macros(manifest: Mapping[str, Any], project: Path) -> Iterator[str]:
    ours = [macro for macro in manifest["macros"].values() if macro["package_name"] == "tidemark"]
    known = {macro["original_file_path"] for macro in ours}
    for macro in ours:
        file = project / macro["original_file_path"]
        if not file.exists() or macro["macro_sql"].strip() not in file.read_text(encoding="utf-8"):
            yield macro["original_file_path"]
    for folder in ("macros", "tests/generic"):
        for file in (project / folder).rglob("*.sql"):
            if (name := file.relative_to(project).as_posix()) not in known:
                yield name


def _stale_yml(manifest: Mapping[str, Any], project: Path) -> Iterator[str]:
    described = {
        f"{node['resource_type']}:{node['name']}": set(node["columns"])
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    } | {f"source:{each['name']}": set(each["columns"]) for each in manifest["sources"].values()}
    tests: dict[str, int] = {}
    for node in manifest["nodes"].values():
        if "test_metadata" in node:
            tests[node["original_file_path"]] = tests.get(node["original_file_path"], 0) + 1
    for file in sorted(each for folder in ("models", "seeds") for each in (project / folder).rglob("*.yml")):
        name = file.relative_to(project).as_posix()
        content = read_yaml(file.read_text(encoding="utf-8"))
        parts = _parts(content or {})
        count = sum(_number_of_tests(part) for part in parts.values())
        if count != tests.get(name, 0) or any(
            not _describes(part, described.get(key)) for key, part in parts.items()
        ):
            yield name


def _describes(part: Mapping[str, Any], known: set[str] | None) -> bool:
    """Whether the columns are those that the manifest knows; names that dbt computes are only counted."""
    names = [str(column["name"]) for column in part.get("columns", ())]
    return known is not None and len(names) == len(known) and {n for n in names if "{{" not in n} <= known


def _parts(content: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        f"{kind}:{part['name']}": part
        for kind, key in (("model", "models"), ("seed", "seeds"))
        for part in content.get(key, ())
    }
    tables = [table for source in content.get("sources", ()) for table in source.get("tables", ())]
    return found | {f"source:{table['name']}": table for table in tables}


def _number_of_tests(part: Mapping[str, Any]) -> int:
    holders = [part, *part.get("columns", ())]
    return sum(len(holder.get("data_tests", ())) + len(holder.get("tests", ())) for holder in holders)
