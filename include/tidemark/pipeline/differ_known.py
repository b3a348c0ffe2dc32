"""A published month held against what was known then and what is known now: the two runs that this takes, and
their differences."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from include.tidemark.as_of import refuse_unseen
from include.tidemark.code_version import code_version
from include.tidemark.config.folder import load_config
from include.tidemark.difference.compare import difference
from include.tidemark.difference.known import KnownDifference
from include.tidemark.difference.runs import KnownRun, known_run, read_manifest
from include.tidemark.history.run_inputs import TABLE
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.pipeline.progress import Progress
from include.tidemark.settings import Settings
from include.tidemark.sources.timestamps import said
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.query_tag import QueryTag

_LIKE_THE_PUBLISHED = ("n_resamples", "confidence_level")
"""Options of the published run that the others are computed with, so that nothing differs for their sake."""


def compare_known(
    settings: Settings,
    as_of_date: date,
    known_at: datetime,
    now: datetime,
    *,
    run_key: str | None = None,
    allow_missing: Sequence[str] = (),
    started_by: str | None = None,
    progress: Progress | None = None,
    announce: Callable[[str], None] = lambda _: None,
    ids: bool = False,
) -> KnownDifference:
    """Compute the month from what was known then and from what is known now, and compare. Nothing is
    published or loaded.

    The run of what was known then is not computed again where one of the same rules, configuration and code
    is there.

    Args:
        now: the present moment.
        run_key: of the published run; by default the one that consumers see.
        allow_missing: tables whose rows of then are gone, so that those of now may stand in for them.
        progress: told of the stages of either run.
        announce: told what is computed, before that begins.
        ids: whether to name the users who came, went or moved.

    Raises:
        TidemarkError: nothing was published, the instant is in the future, or a run failed.
    """
    refuse_unseen(known_at, now)
    with open_warehouse(settings, QueryTag("none", "diff")) as warehouse:
        ensure_control_tables(warehouse)
        published = known_run(warehouse, settings, as_of_date, run_key)
        options = _options(published) | {"allow_missing": list(allow_missing)}
        then = _finished(warehouse, settings, as_of_date, known_at, options)

    def compute(instant: datetime) -> str:
        parameters = {**options, "as_of_date": as_of_date.isoformat(), "known_at": instant}
        announce(f"As of {as_of_date}, of what had been loaded by {said(instant)}:")
        label = f"diff__{now.isoformat()}__{instant.isoformat()}"
        run, _ = run_in_order(settings, parameters, now, label, progress, started_by=started_by)
        return run.run_key

    then = then or compute(known_at)
    present = compute(now) if now != known_at else then
    with open_warehouse(settings, QueryTag("none", "diff")) as warehouse:
        named = [(as_of_date, key) for key in (published.run_key, then, present)]
        return KnownDifference(
            published_to_then=difference(warehouse, settings, named[0], named[1], ids=ids),
            then_to_now=difference(warehouse, settings, named[1], named[2], ids=ids),
        )


def _options(published: KnownRun) -> dict[str, Any]:
    options = (published.manifest or {}).get("options", {})
    return {name: options[name] for name in _LIKE_THE_PUBLISHED if name in options}


def _finished(
    warehouse: Warehouse, settings: Settings, as_of_date: date, known_at: datetime, options: dict[str, Any]
) -> str | None:
    """A run of what was known then that came to its end, under the present rules and code."""
    config, code = load_config(settings), code_version()
    rows = warehouse.fetch(
        f"select run_key from {TABLE} where as_of_date = ? and known_at = ? order by run_key desc",
        (as_of_date, known_at.replace(tzinfo=None)),
    )
    for key in (str(row["run_key"]) for row in rows):
        manifest = read_manifest(settings, as_of_date, key)
        if (
            manifest
            and (manifest["rules_hash"], manifest["config_hash"]) == (config.rules.digest(), config.digest)
            and manifest["code_version"] == code
            and all(manifest["options"].get(name) == value for name, value in options.items())
        ):
            return key
    return None
