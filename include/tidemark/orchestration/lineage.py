"""What a publication read and wrote, for OpenLineage. Only the OpenLineage provider asks for it, where it is
installed."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from airflow.sdk import BaseHook, get_current_context

from include.tidemark.paths import DBT_MANIFEST
from include.tidemark.settings import Settings


def trace(result: Mapping[str, Any], settings: Settings) -> None:
    """Have the running task say its lineage when it has succeeded; the provider looks for a method of this
    name.

    Args:
        result: what the stage `publish` returned. A dry run wrote no more than its files.
    """
    task = get_current_context()["task"]
    task.get_openlineage_facets_on_complete = partial(_lineage, result, settings)  # type: ignore[union-attr]


def _lineage(result: Mapping[str, Any], settings: Settings, _task_instance: Any) -> Any:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import Dataset

    sources = [source for source in result["sources"] if source["origin"] != "nowhere"]
    files = [source["origin"] for source in sources if "://" in source["origin"]]
    views = [] if result["status"] == "dry_run" else _views(result["changes"])
    tables = partial(_tables, *_warehouse(settings))
    return OperatorLineage(
        inputs=[Dataset(*named) for named in [*tables(s["table"] for s in sources), *map(_file, files)]],
        outputs=[Dataset(*named) for named in [*tables(views), _file(result["manifest_uri"])]],
    )


def _tables(namespace: str, database: str, relations: Iterable[str]) -> list[tuple[str, str]]:
    """Namespace and name of tables, which may name a database of their own."""
    return [
        (namespace, relation if relation.count(".") > 1 else f"{database}.{relation}")
        for relation in relations
    ]


def _file(uri: str) -> tuple[str, str]:
    """Namespace and name of a file, as OpenLineage names those of disks and of object stores.

    >>> _file("s3://bucket/folder/users.csv"), _file("file:///data/users.csv")
    (('s3://bucket', 'folder/users.csv'), ('file', '/data/users.csv'))
    """
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return "file", parts.path
    return f"{parts.scheme}://{parts.netloc}", parts.path.lstrip("/")


def _warehouse(settings: Settings) -> tuple[str, str]:
    """The namespace of the warehouse, and the database of tables that name none."""
    if settings.warehouse == "duckdb":
        return f"duckdb://{settings.duckdb_path}", settings.duckdb_path.stem
    extra = BaseHook.get_connection(settings.snowflake_conn_id).extra_dejson
    return f"snowflake://{extra.get('account', '')}", settings.snowflake_database or str(
        extra.get("database")
    )


def _views(families: Collection[str]) -> list[str]:
    """The views of the families, and those of all families together; a declared segmentation has one, and its
    rows are in shared ones."""
    views: dict[str, list[str]] = defaultdict(list)
    for node in json.loads(DBT_MANIFEST.read_text(encoding="utf-8"))["nodes"].values():
        if node["resource_type"] == "model" and node["schema"] == "marts":
            views[node["fqn"][2]].append(f"marts.{node['alias']}")
    declared = [family for family in families if family not in views]
    folders = ["publication", *(["segmentations"] if declared else []), *families]
    return sorted([f"marts.{family}" for family in declared] + [v for f in folders for v in views.get(f, ())])
