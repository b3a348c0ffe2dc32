"""JSON Schemas of the files in the deployment's folder, for editors: they complete keys, and mark what is
wrong while one types.

The schemas are made of the typed models (`make schemas`), and a test finds them stale. They refuse what the
models refuse, but for what a schema can't say: names of zones, currencies and encodings, the inside of SQL
expressions, rules that contradict each other, and numbers that JSON does not tell apart (3.0 from 3) or does
not know (.nan). These are checked when the files are read.
"""

import json
import sys
from pathlib import Path
from typing import Any

from include.tidemark.config.folder import RULES, SOURCES
from include.tidemark.config.rule_texts import rule_texts
from include.tidemark.own_checks.declaration import Checks
from include.tidemark.own_checks.tables import checked_tables
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.rules import Rules
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.sources.contract import SourceTable, source_tables
from include.tidemark.sources.sources_file import DIRECTIVES, EPOCH_FORMATS, short_name, sources_model

SCHEMA_FILES = {
    name: PROJECT_ROOT
    / "include"
    / "tidemark"
    / "config"
    / "schemas"
    / f"{name.removesuffix('.yml')}.schema.json"
    for name in (SOURCES, RULES, "segmentation", "checks")
}
"""The committed schema of each file of the folder."""

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
"""Bounds of a union of types, which pydantic leaves under its own names."""

Schema = dict[str, Any]


def sources_schema() -> Schema:
    """The schema of `sources.yml`."""
    schema = sources_model().model_json_schema(by_alias=True)
    parts = schema["$defs"]
    mapping = parts["ColumnMapping"]["properties"]
    mapping["format"]["anyOf"][0]["pattern"] = _format_pattern()
    mapping["values"]["anyOf"][0]["propertyNames"] = {"pattern": r"^\S(?:[\s\S]*\S)?$"}
    csv = parts["CsvOptions"]["properties"]
    parts["CsvOptions"]["allOf"] = [
        *_never_the_same(csv, "delimiter", "quote", ",;|:\t\"'"),
        *_never_the_same(csv, "decimal", "thousands", ".,"),
    ]
    for table in source_tables().values():
        parts[f"{table.name}_source"]["oneOf"] = _places()
        parts[f"{table.name}_columns"]["allOf"] = _columns_once(table)
    return _with_head(
        schema, f"{SOURCES} of Tidemark", "The tables of the contract, and where a deployment has their rows."
    )


def rules_schema() -> Schema:
    """The schema of `rules.yml`: any rules, each of the type and within the bounds of its field."""
    schema = _plain_bounds(Rules.model_json_schema())
    del schema["required"]
    declared = schema["properties"]
    schema["properties"] = {
        name: declared[name]
        | {"default": text.default}
        | ({"description": text.comment} if text.comment else {})
        for name, text in rule_texts().items()
    }
    return _with_head(
        schema, f"{RULES} of Tidemark", "The rules that differ from those of dbt/dbt_project.yml."
    )


def segmentation_schema() -> Schema:
    """The schema of a file below `segmentations/`; its conditions are checked when it is read."""
    schema = Segmentation.model_json_schema()
    schema["properties"]["means"]["items"]["enum"] = [
        feature.name for feature in catalogue().values() if feature.sort == "number"
    ]
    return _with_head(schema, "A segmentation of Tidemark", "Ordered segments of customers or users.")


def checks_schema() -> Schema:
    """The schema of a file below `checks/`; its expressions and the names of shipped checks are looked at
    when it is read."""
    schema = Checks.model_json_schema()
    tables = list(checked_tables())
    schema["$defs"]["OwnCheck"]["properties"]["table"]["enum"] = tables
    schema["$defs"]["OwnCheck"]["oneOf"] = [
        {"required": [name]} for name in ("measure", "rows_where", "reconciles")
    ]
    schema["$defs"]["Reconciliation"]["properties"]["other_table"]["enum"] = tables
    return _with_head(
        schema, "Checks of Tidemark", "A deployment's own checks, and its severities of shipped ones."
    )


def schema_text(name: str) -> str:
    """The file that belongs into the project for one file of the folder."""
    schema = {
        SOURCES: sources_schema,
        RULES: rules_schema,
        "segmentation": segmentation_schema,
        "checks": checks_schema,
    }[name]()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write every schema anew."""
    for name, path in SCHEMA_FILES.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(schema_text(name), encoding="utf-8")
        print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
    return 0


def _places() -> list[Schema]:
    """Rows come from the warehouse or from files, and each has options that the other has not."""
    nothing = {"type": "null"}
    return [
        {
            "required": ["from"],
            "properties": {
                "from": {"type": "string"}, "files": nothing, "format": nothing, "csv": nothing,
                "partitions": {"maxItems": 0}, "mode": {"const": "replace"},
            },
        },
        {
            "required": ["files"],
            "properties": {"files": {"type": "string"}, "from": nothing, "loaded_at": nothing},
        },
    ]  # fmt: skip


def _format_pattern() -> str:
    """Formats whose directives are known and say a year, a month and a day, as the model demands."""
    text = f"(?:[^%]|%[{''.join(sorted(DIRECTIVES))}])*"
    day = f"(?={text}%j|(?={text}%d){text}%[mbB])"
    return f"^(?:{'|'.join(EPOCH_FORMATS)}|(?={text}%[Yy]){day}{text})$"


def _never_the_same(properties: Schema, one: str, other: str, signs: str) -> list[Schema]:
    """Two options that must not be the same sign; one that is not said is its default."""
    conditions: list[Schema] = []
    for sign in signs:
        both = {name: {"const": sign} for name in (one, other)}
        said = [name for name in both if properties[name]["default"] != sign]
        conditions.append({"not": {"properties": both, "required": said}})
    return conditions


def _columns_once(table: SourceTable) -> list[Schema]:
    """Columns that no row can do without are there, and those that have two names are there under one of
    them."""
    conditions: list[Schema] = []
    for column in table.file_columns:
        given = [
            {"required": [name], "properties": {name: {"not": {"type": "null"}}}}
            for name in dict.fromkeys((short_name(column.name), column.name))
        ]
        if column.required:
            conditions.append({"oneOf": given})
        elif len(given) > 1:
            conditions.append({"not": {"allOf": given}})
    return conditions


def _plain_bounds(node: Any) -> Any:
    if isinstance(node, list):
        return [_plain_bounds(each) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("anyOf") == [{"type": "integer"}, {"type": "number"}]:
        node = {"type": "number", **{key: value for key, value in node.items() if key != "anyOf"}}
    return {_BOUNDS.get(key, key): _plain_bounds(value) for key, value in node.items()}


def _with_head(schema: Schema, title: str, description: str) -> Schema:
    return {"$schema": _DRAFT, **schema, "title": title, "description": description}


if __name__ == "__main__":
    sys.exit(main())
