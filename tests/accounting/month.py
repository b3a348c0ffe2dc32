"""A deployment whose first month is published, and whose second month runs again and again on what a test
delivers."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from include.tidemark.pipeline.build import build_command, dbt_environment
from include.tidemark.pipeline.check import check_stage
from include.tidemark.pipeline.dbt_variables import run_environment
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.pipeline.load import load
from include.tidemark.pipeline.resolve import resolve_run
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Row, Warehouse
from tests.accounting.memory import Memory
from tests.accounting.plain_gate import plain_gate
from tests.accounting.truth import AS_OF, FIRST

STARTED = {FIRST: datetime(2026, 9, 1, 6, 30, tzinfo=UTC), AS_OF: datetime(2026, 10, 1, 6, 30, tzinfo=UTC)}


@dataclass(frozen=True)
class Model:
    """One model as dbt compiled it for the second month."""

    relation: str
    sql: str
    replaces: bool
    """Whether it is the whole table, as the daily facts are when all of their days are built."""


@dataclass
class Month:
    """The second month, before its delivery."""

    folder: Path
    settings: Settings
    run: Run
    models: list[Model]
    memory: Memory | None = None

    @classmethod
    def after(cls, folder: Path, first: Mapping[str, bytes]) -> "Month":
        """Publish the first month by the whole pipeline, and let dbt compile the second."""
        settings = Settings(
            duckdb_path=folder / "warehouse.duckdb",
            landing_url=(folder / "landing").as_uri(),
            artifact_root=(folder / "artifacts").as_uri(),
            config_dir=folder / "config",
            scratch_dir=folder / "scratch",
            id_hash_key=SecretStr("a key for tests only, 16 and more"),
        )
        for name in ("config", "scratch"):
            (folder / name).mkdir()
        land(folder, first)
        run_in_order(settings, {"as_of_date": str(FIRST), "n_resamples": 1000}, STARTED[FIRST], "first")
        run = resolve_run(
            settings,
            parameters={"as_of_date": str(AS_OF), "n_resamples": 1000},
            dag_run_id="second",
            run_after=STARTED[AS_OF],
            started_at=STARTED[AS_OF],
        )
        models = _compiled(run, settings, folder / "target")
        shutil.copy(settings.duckdb_path, folder / "template.duckdb")
        return cls(folder, settings, run, models)

    def begin(self, files: Mapping[str, bytes], sources: Mapping[str, Any]) -> None:
        """Go back to the published month, with another delivery.

        Args:
            sources: content of `sources.yml`.
        """
        if self.memory is None:
            shutil.copyfile(self.folder / "template.duckdb", self.settings.duckdb_path)
        else:
            self.memory.go_back(self.run.run_key)
        land(self.folder, files)
        config = {"sources.yml": dict(sources)} if sources else {}
        self.run = self.run.model_copy(update={"sources": {}, "config": config})

    @contextmanager
    def in_memory(self) -> Iterator[None]:
        """Within the block the months run in one database in memory, without Great Expectations."""
        self.memory = Memory(self.folder / "template.duckdb")
        try:
            with plain_gate(), self.memory.for_everything():
                yield
        finally:
            self.memory = None

    def load(self) -> None:
        """The stage that loads; raises what it raises."""
        self.run = self.run.with_sources(load(self.run, self.settings))

    def check(self, stage: str) -> None:
        """The gate of a stage; raises what it raises."""
        check_stage(stage, self.run, self.settings)  # type: ignore[arg-type]

    def build(self) -> None:
        """What dbt would execute."""
        with self._warehouse() as warehouse:
            for model in self.models:
                into = (
                    f"create or replace table {model.relation} as"
                    if model.replaces
                    else f"insert into {model.relation} by name"
                )
                warehouse.execute(f"{into} {model.sql}")

    def fetch(self, sql: str) -> list[Row]:
        """Look into the warehouse."""
        with self._warehouse() as warehouse:
            return warehouse.fetch(sql)

    def _warehouse(self) -> AbstractContextManager[Warehouse]:
        return nullcontext(self.memory) if self.memory else open_warehouse(self.settings)

    def consumers_view(self) -> list[Row]:
        """What must not change when a month is stopped on loading: raw tables, their loads and the ledger."""
        tables = (
            "raw.users",
            "raw.transactions",
            "control.loads",
            "control.publications",
            "runs.customer_segments",
        )
        return self.fetch(
            " union all ".join(
                f"select '{t}' as name, count(*) as n, bit_xor(hash(t)) as h from {t} as t" for t in tables
            )
        )


def land(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace everything that has landed."""
    landing = folder / "landing"
    shutil.rmtree(landing, ignore_errors=True)
    landing.mkdir()
    for name, content in files.items():
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _compiled(run: Run, settings: Settings, target: Path) -> list[Model]:
    command = [
        *build_command(run, settings, target, ["+path:models/customer_segments/customer_segments.sql"]),
        "--full-refresh",
        "--quiet",
    ]
    command[1] = "compile"
    environment = os.environ | dbt_environment(settings) | run_environment(run)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    nodes = json.loads((target / "manifest.json").read_bytes())["nodes"]
    compiled = {
        name: node
        for name, node in nodes.items()
        if node["resource_type"] == "model"
        and node["config"]["materialized"] == "incremental"
        and node.get("compiled_code")
    }
    ordered: list[str] = []
    while len(ordered) < len(compiled):
        ordered += [
            name
            for name, node in compiled.items()
            if name not in ordered and not (set(node["depends_on"]["nodes"]) & compiled.keys()) - set(ordered)
        ]
    return [
        Model(node["relation_name"], node["compiled_code"], node["schema"] == "core")
        for node in map(compiled.__getitem__, ordered)
    ]
