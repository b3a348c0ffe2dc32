"""What the weekly maintenance does: the same checks as `tidemark repair`, pruning, and a report on
storage."""

import logging
from datetime import datetime
from typing import Any

from include.tidemark.artifacts.pruning import prune_before
from include.tidemark.errors import TidemarkError
from include.tidemark.kept_logs import remove_old_logs
from include.tidemark.pipeline.repair import look
from include.tidemark.scratch import remove_left_folders
from include.tidemark.settings import Settings
from include.tidemark.upkeep.findings import folded
from include.tidemark.upkeep.storage import stored
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)

_NAMED = 5
"""How many findings the error names; the log has all."""


class NotAsPublishedError(TidemarkError):
    """Ledger, views, pointers, manifests and files contradict each other."""


def check_publications(settings: Settings) -> dict[str, Any]:
    """Hold ledger, views, pointers, manifests and files against each other; returns how many names are not
    ours.

    Raises:
        NotAsPublishedError: something is wrong; it names the first of it, with what to do.
    """
    findings = look(settings)
    problems = [each for each in findings if each.is_problem]
    for each in findings:
        log.log(
            logging.ERROR if each.is_problem else logging.INFO,
            "%s: %s %s",
            each.where,
            each.what,
            each.action,
        )
    if problems:
        told = folded(problems)
        named = " ".join(f"{each.where}: {each.what} {each.action}" for each in told[:_NAMED])
        more = f" And {len(told) - _NAMED} more: `tidemark repair` lists them." if len(told) > _NAMED else ""
        raise NotAsPublishedError(
            f"{len(problems)} of what is published is not as it was published. {named}{more}"
        )
    return {"left_alone": [each.where for each in findings]}


def prune(settings: Settings, now: datetime) -> dict[str, Any]:
    """Remove old unpublished runs, leftovers of processes that died, and old logs."""
    with open_warehouse(settings, QueryTag("none", "prune")) as warehouse:
        ensure_control_tables(warehouse)
        pruned = prune_before(settings, warehouse, now)
    left = [*remove_left_folders(settings), *remove_old_logs(now)]
    return {"pruned": [old.run_key for old in pruned], "removed": [str(path) for path in left]}


def report_storage(settings: Settings) -> dict[str, Any]:
    """Bytes by place, logged and returned."""
    places = stored(settings)
    for each in places:
        log.info("%s: %s bytes in %s files", each.place, f"{each.bytes:,}", f"{each.files:,}")
    return {"storage": [each.model_dump() for each in places]}
