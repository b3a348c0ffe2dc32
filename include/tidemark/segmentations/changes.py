"""Which segmentations are declared otherwise than in the publication that they are compared with."""

from include.tidemark.documents.digest import digest_of
from include.tidemark.run import Run
from include.tidemark.segmentations.declaration import segmentations_of
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.control import replace_run_rows

TABLE = "control.segmentations"


def record_declared(run: Run, warehouse: Warehouse) -> tuple[str, ...]:
    """Keep what the run's files declare, and name those that were published before and have changed since."""
    digests = {
        name: digest_of({name: segmentation.model_dump(mode="json")})
        for name, segmentation in segmentations_of(run.config).items()
    }
    identity = {"as_of_date": run.as_of_date, "run_key": run.run_key}
    rows = [identity | {"segmentation": name, "digest": digest} for name, digest in digests.items()]
    replace_run_rows(warehouse, TABLE, run.run_key, rows, {"segmentation": list(digests)} if digests else {})
    return tuple(
        name for name, digest in digests.items() if _digest_then(run, warehouse, name) not in (None, digest)
    )


def _digest_then(run: Run, warehouse: Warehouse, name: str) -> str | None:
    rows = warehouse.fetch(
        f"select digest from {TABLE} where run_key = ? and segmentation = ?",
        (run.previous_key_of(name), name),
    )
    return rows[0]["digest"] if rows else None
