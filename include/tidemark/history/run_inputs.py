"""What an earlier run was computed with, as far as it was recorded: whether its numbers and this run's
measure the same."""

from include.tidemark.documents.digest import digest_of
from include.tidemark.history.ledger import find_publication
from include.tidemark.run import PublishedRun, Run
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.control import replace_run_rows

TABLE = "control.run_inputs"


def record_inputs(run: Run, warehouse: Warehouse) -> None:
    """Keep the digest of what the run's `sources.yml` says, and those of rules and code, which the ledger has
    of published runs only, and by which instant the rows that it sees had been loaded."""
    row = {
        "as_of_date": run.as_of_date, "run_key": run.run_key, "sources_hash": _sources_hash(run),
        "rules_hash": run.rules_hash, "code_version": run.code_version, "dag_run_id": run.dag_run_id,
        "known_at": run.known_at.replace(tzinfo=None) if run.known_at else None,
    }  # fmt: skip
    replace_run_rows(warehouse, TABLE, run.run_key, [row], {})


def differences(run: Run, earlier: PublishedRun, warehouse: Warehouse) -> tuple[str, ...]:
    """What has changed since an earlier run: of `rules changed`, `code changed` and `sources changed`."""
    published = find_publication(warehouse, earlier.run_key)
    rows = warehouse.fetch(f"select sources_hash from {TABLE} where run_key = ?", (earlier.run_key,))
    now_and_then = {
        "rules changed": (run.rules_hash, published.rules_hash if published else run.rules_hash),
        "code changed": (run.code_version, published.code_version if published else run.code_version),
        "sources changed": (_sources_hash(run), rows[0]["sources_hash"] if rows else _sources_hash(run)),
    }
    return tuple(what for what, (now, then) in now_and_then.items() if now != then)


def _sources_hash(run: Run) -> str:
    return digest_of({"sources.yml": run.config.get("sources.yml") or {}})
