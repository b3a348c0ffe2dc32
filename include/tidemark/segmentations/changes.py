"""Which segmentations are declared otherwise than in the publication that they are compared with."""

from include.tidemark.documents.digest import digest_of
from include.tidemark.run import Run
from include.tidemark.segmentations.declaration import segmentations_of
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.control import replace_run_rows

TABLE = "control.segmentations"


def record_declared(run: Run, warehouse: Warehouse) -> tuple[str, ...]:
    """Keep what the run's files declare, and name those that were published before and have changed since."""
    digests = _digests(run)
    identity = {"as_of_date": run.as_of_date, "run_key": run.run_key}
    rows = [identity | {"segmentation": name, "digest": digest} for name, digest in digests.items()]
    replace_run_rows(warehouse, TABLE, run.run_key, rows, {"segmentation": list(digests)} if digests else {})
    return tuple(name for name in digests if is_redeclared(run, warehouse, name, run.previous_key_of(name)))


def is_redeclared(run: Run, warehouse: Warehouse, name: str, earlier_key: str) -> bool:
    """Whether the file of a segmentation said something else in an earlier run; not where it had no such file."""
    rows = warehouse.fetch(
        f"select digest from {TABLE} where run_key = ? and segmentation = ?", (earlier_key, name)
    )
    return bool(rows) and rows[0]["digest"] != _digests(run).get(name)


def _digests(run: Run) -> dict[str, str]:
    return {
        name: digest_of({name: segmentation.model_dump(mode="json")})
        for name, segmentation in segmentations_of(run.config).items()
    }
