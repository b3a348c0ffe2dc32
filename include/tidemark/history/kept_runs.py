"""What is kept in the warehouse of a published run so that its files can be made again: the run itself, and
its manifest."""

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass
from functools import cached_property

from include.tidemark.history.ledger import published_digests
from include.tidemark.history.run_inputs import TABLE, record_inputs
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Warehouse


@dataclass(frozen=True)
class KeptRun:
    """What the warehouse holds of a published run."""

    run: Run
    manifest: bytes
    """The manifest, byte for byte as the ledger knows it."""

    @cached_property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of each file that the manifest lists."""
        return {entry["path"]: entry["sha256"] for entry in json.loads(self.manifest)["files"]}


def keep_run(warehouse: Warehouse, run: Run, manifest: bytes) -> None:
    """Keep a run and its manifest, before the ledger names it."""
    record_inputs(run, warehouse)
    warehouse.execute(
        f"update {TABLE} set run = ?, manifest = ? where run_key = ?",
        (_packed(run.model_dump_json().encode()), _packed(manifest), run.run_key),
    )


def keep_manifest(warehouse: Warehouse, run_key: str, manifest: bytes) -> None:
    """Keep the new manifest of a run whose files were changed, as by an erasure."""
    warehouse.execute(
        f"update {TABLE} set manifest = ? where run_key = ? and manifest is not null",
        (_packed(manifest), run_key),
    )


def kept_runs(warehouse: Warehouse) -> dict[str, KeptRun]:
    """By their keys, the published runs whose files can be made again. One of an earlier release may not be
    among them."""
    if "manifest" not in warehouse.columns(*TABLE.split(".")):
        return {}  # the table of an earlier release
    digests = published_digests(warehouse)
    rows = warehouse.fetch(f"select run_key, run, manifest from {TABLE} where manifest is not null")
    found = {}
    for row in rows:
        manifest = _unpacked(row["manifest"])
        if digests.get(row["run_key"]) == hashlib.sha256(manifest).hexdigest():
            found[row["run_key"]] = KeptRun(Run.model_validate_json(_unpacked(row["run"])), manifest)
    return found


def _packed(data: bytes) -> str:
    """Text, a tenth as long: a statement may be as long as a megabyte, and a manifest nearly as much."""
    return base64.b64encode(zlib.compress(data, 9)).decode()


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))
