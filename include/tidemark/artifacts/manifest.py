"""The manifest of a run folder: every file with its digest, and everything that is needed to trace or to
doubt it."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import jsonschema_rs

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.run_summary import run_summary
from include.tidemark.artifacts.tables import WrittenFile
from include.tidemark.currency import Currency
from include.tidemark.enabled import families_of
from include.tidemark.errors import TidemarkError
from include.tidemark.families.left_out import LeftOut
from include.tidemark.run import PublishedRun, Run
from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.rows import SourceRows
from include.tidemark.version import __version__
from include.tidemark.warehouse.base import Row, Warehouse

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1
_LIBRARIES = (
    "apache-airflow", "astronomer-cosmos", "great-expectations", "duckdb", "snowflake-connector-python", "numpy", "scipy",
    "statsmodels", "pandas", "pyarrow", "altair", "vl-convert-python",
)  # fmt: skip
_MEDIA_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".yml": "application/yaml; charset=utf-8",
}


@dataclass(frozen=True)
class ListedFile:
    """One file as the manifest lists it."""

    path: str
    bytes: int
    sha256: str
    rows: int | None = None
    schema_version: int | None = None

    def entry(self) -> dict[str, Any]:
        """The file's object in the manifest."""
        media_type = _MEDIA_TYPES.get(Path(self.path).suffix, "application/octet-stream")
        return {
            "path": self.path, "bytes": self.bytes, "sha256": self.sha256, "rows": self.rows,
            "schema_version": self.schema_version, "media_type": media_type,
        }  # fmt: skip


def list_local(folder: Path, written: WrittenFile) -> ListedFile:
    """A file that was written below a local folder."""
    with (folder / written.path).open("rb") as source:
        digest = hashlib.file_digest(source, "sha256")
    size = (folder / written.path).stat().st_size
    return ListedFile(written.path, size, digest.hexdigest(), written.rows, written.schema_version)


def list_bytes(path: str, data: bytes) -> ListedFile:
    """A file that another task put into the run's folder."""
    return ListedFile(path, len(data), hashlib.sha256(data).hexdigest())


def make_manifest(
    run: Run,
    warehouse: Warehouse,
    results: StatisticRows,
    gate: Sequence[Row],
    files: Sequence[ListedFile],
    *,
    left_out: Sequence[LeftOut] = (),
    changes: Mapping[str, Sequence[str] | None] | None = None,
    timings: Mapping[str, float] | None = None,
) -> bytes:
    """The manifest's bytes, held against its JSON Schema.

    Args:
        gate: the run's rows of `control.gate_results`.
        left_out: the families that the run does not compute.
        changes: by family what changed beyond chance since its last published month, in sentences; None where
            there is none.
        timings: seconds by stage, where they are known.

    Raises:
        TidemarkError: it does not keep the schema that its readers rely on.
    """
    document = {
        "manifest_version": MANIFEST_VERSION,
        "as_of_date": run.as_of_date.isoformat(),
        "run_key": run.run_key,
        "dag_run_id": run.dag_run_id,
        "started_at": run.started_at.isoformat(),
        "product_version": __version__,
        "code_version": run.code_version,
        "rules_hash": run.rules_hash,
        "config_hash": run.config_hash,
        "rules": run.rules.model_dump(mode="json"),
        "options": run.options.model_dump(mode="json"),
        "windows": _windows(run),
        "compared_with": {
            "previous": _reference(run.previous),
            "backtest": _reference(run.backtest),
            "backtest_reason": run.backtest_reason,
        },
        "families": [
            *(_computed(name, run, (changes or {}).get(name)) for name in run.families),
            *(_family(family.name, "skipped", reason=family.reason) for family in left_out),
        ],
        "sources": source_counts(run, warehouse),
        "seeds": _seeds(results, run.rules.money),
        "gate": gate_summary(gate),
        "timings_seconds": dict(timings) if timings else None,
        "python": platform.python_version(),
        "libraries": _libraries(),
        "files": [file.entry() for file in sorted(files, key=lambda file: file.path)],
    }
    document["summary"] = run_summary(document)
    for error in jsonschema_rs.Draft202012Validator(manifest_schema()).iter_errors(document):
        place = "/".join(str(part) for part in error.instance_path) or "the top level"
        raise TidemarkError(
            f"The manifest of run {run.run_key} does not keep its schema at {place}: {error.message}."
        )
    return encode_manifest(document)


def encode_manifest(document: Mapping[str, Any]) -> bytes:
    """The manifest's bytes."""
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


@cache
def manifest_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `manifest.json`."""
    text = resources.files(__package__).joinpath("manifest.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def read_gate(run: Run, warehouse: Warehouse) -> list[Row]:
    """The run's rows of `control.gate_results`, in a fixed order."""
    columns = "stage, suite, expectation, table_name, column_name, severity, success, observed, message"
    rows = warehouse.fetch(f"select {columns} from control.gate_results where run_key = ?", (run.run_key,))
    stages = {"sources": 0, "models": 1, "statistics": 2}
    return sorted(
        rows,
        key=lambda row: (stages.get(row["stage"], 9), *(str(row[n] or "") for n in columns.split(", ")[1:])),
    )


def gate_summary(gate: Sequence[Row]) -> dict[str, Any]:
    """The gate's results with their counts by outcome."""
    failed = [row["severity"] for row in gate if not row["success"]]
    return {
        "checks": len(gate),
        "passed": len(gate) - len(failed),
        "warnings": failed.count("warning"),
        "notes": failed.count("info"),
        "critical_failures": failed.count("critical"),
        "results": [dict(row) for row in gate],
    }


def source_counts(run: Run, warehouse: Warehouse) -> list[dict[str, Any]]:
    """Rows of each source table that the run's families read, where they are, and the columns that it
    lacks."""
    read = sorted({source for family in families_of(run) for source in family.all_sources})
    loads = warehouse.fetch(
        "select table_name, uri, fingerprint, loaded_at from control.loads order by loaded_at"
    )
    then = run.known_at.replace(tzinfo=None) if run.known_at else datetime.max  # noqa: DTZ901 (as control.loads)
    newest = {row["table_name"]: row for row in loads if row["loaded_at"] <= then}
    loaded = {
        name: newest.get(name) if rows.landed or not rows.sql else None
        for name in read
        for rows in (run.rows_of(name),)
    }
    return [
        {
            "table": run.rows_of(name).relation,
            "rows": int(
                warehouse.fetch(f"select count(*) as n from {run.rows_of(name).rows} as counted")[0]["n"]
            ),
            "origin": load["uri"] if load else _origin(run.rows_of(name)),
            "fingerprint": load["fingerprint"] if load else None,
            "loaded_at": load["loaded_at"].isoformat() if load else None,
            "absent": [
                {"column": column, "without": source_tables()[name].column(column).without}
                for column in run.rows_of(name).absent
            ],
        }
        for name, load in loaded.items()
    ]


def _origin(rows: SourceRows) -> str:
    """Of rows that no landing file holds."""
    return "nowhere" if rows.lack == "nowhere" else "warehouse"


def _windows(run: Run) -> dict[str, Any]:
    return {
        "business_timezone": run.rules.business_timezone,
        "as_of_instant": run.as_of_instant.isoformat(),
        "current": {"from": run.window_start.isoformat(), "before": run.as_of_date.isoformat()},
        "prior": {"from": run.prior_window_start.isoformat(), "before": run.window_start.isoformat()},
    }


def _family(
    name: str, status: str, *, reason: str | None = None, previous: PublishedRun | None = None
) -> dict[str, Any]:
    return {"name": name, "status": status, "reason": reason, "previous": _reference(previous)}


def _computed(name: str, run: Run, changes: Sequence[str] | None) -> dict[str, Any]:
    family = _family(name, "computed", previous=run.previous_of(name))
    return family | {"changes": None if changes is None else list(changes)}


def _reference(published: PublishedRun | None) -> dict[str, str] | None:
    return published.model_dump(mode="json") if published else None


def _seeds(results: StatisticRows, currency: Currency) -> list[dict[str, Any]]:
    names = ("family", "metric", "segment", "segment_to", "horizon", "method", "n_resamples", "seed")
    return [
        {name: row[name] for name in names} | {"metric": currency.name(row["metric"])}
        for row in results.rows
        if row["seed"] is not None
    ]


def _libraries() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
