"""The two runs of a comparison: found by as-of date and key, with what the warehouse and the artifacts know
of each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from include.tidemark.artifacts.manifest import MANIFEST
from include.tidemark.artifacts.store import RunFolder
from include.tidemark.difference.result import ComparedRun
from include.tidemark.errors import RunIdentityError
from include.tidemark.history.ledger import Publication, publications_of
from include.tidemark.history.run_inputs import TABLE
from include.tidemark.run import RUN_KEY
from include.tidemark.settings import Settings
from include.tidemark.warehouse.base import Row, Warehouse

_READ = {"started_at", "rules", "rules_hash", "options", "config_hash", "code_version", "sources", "files"}
"""What is read of a manifest; one without it is damaged."""


@dataclass(frozen=True)
class KnownRun:
    """What is known of a run."""

    as_of_date: date
    run_key: str
    publications: tuple[Publication, ...]
    """Its own rows of the ledger, oldest first."""
    is_shown: bool
    inputs: Row
    """Its row of `control.run_inputs`; empty for a run of an earlier release."""
    manifest: dict[str, Any] | None
    """None where its files were never made, or can't be read."""

    @cached_property
    def compared(self) -> ComparedRun:
        """The run as the result names it."""
        first = self.publications[0] if self.publications else None
        known = self.manifest or {}
        return ComparedRun(
            as_of_date=self.as_of_date,
            run_key=self.run_key,
            published_at=first.published_at if first else None,
            published_by=first.published_by if first else None,
            is_shown=self.is_shown,
            rules_hash=first.rules_hash
            if first
            else known.get("rules_hash") or self.inputs.get("rules_hash"),
            code_version=first.code_version
            if first
            else known.get("code_version") or self.inputs.get("code_version"),
        )

    @property
    def started_at(self) -> datetime:
        """When it started (UTC, without a zone), as exactly as is known."""
        if self.manifest:
            return datetime.fromisoformat(self.manifest["started_at"]).replace(tzinfo=None)
        return datetime.strptime(self.run_key.split("_")[1], "%Y%m%dT%H%M%S")  # noqa: DTZ007 (UTC, as the ledger's)


def known_run(
    warehouse: Warehouse, settings: Settings, as_of_date: date, run_key: str | None = None
) -> KnownRun:
    """A run of an as-of date.

    Args:
        run_key: by default that of the run which consumers see.

    Raises:
        RunIdentityError: there is no such run; the message names those that there are.
    """
    history = publications_of(warehouse, as_of_date)
    if run_key is None:
        if not history:
            raise RunIdentityError(
                f"No run is published as of {as_of_date}, so there is nothing to compare; `tidemark runs` lists the published dates."
            )
        run_key = history[-1].run_key
    own = tuple(publication for publication in history if publication.run_key == run_key)
    inputs = _inputs(warehouse, as_of_date, run_key)
    if not own and not inputs:
        raise RunIdentityError(_unknown(warehouse, as_of_date, run_key, history))
    return KnownRun(
        as_of_date,
        run_key,
        own,
        bool(history) and history[-1].run_key == run_key,
        inputs,
        read_manifest(settings, as_of_date, run_key),
    )


def read_manifest(settings: Settings, as_of_date: date, run_key: str) -> dict[str, Any] | None:
    """The manifest of a run; None where there is none, or none that can be read."""
    try:
        found: dict[str, Any] = json.loads(RunFolder(settings, as_of_date, run_key).read_bytes(MANIFEST))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) and found.keys() >= _READ else None


def _inputs(warehouse: Warehouse, as_of_date: date, run_key: str) -> Row:
    if not RUN_KEY.fullmatch(run_key):
        return {}
    rows = warehouse.fetch(
        f"select * from {TABLE} where run_key = ? and as_of_date = ?", (run_key, as_of_date)
    )
    return rows[0] if rows else {}


def _unknown(warehouse: Warehouse, as_of_date: date, run_key: str, history: Sequence[Publication]) -> str:
    others = warehouse.fetch(
        f"select run_key from {TABLE} where as_of_date = ? order by run_key desc", (as_of_date,)
    )
    known = dict.fromkeys([p.run_key for p in history] + [str(row["run_key"]) for row in others])
    choices = ", ".join(known) or "none"
    named = f"run {run_key}" if RUN_KEY.fullmatch(run_key) else "run of that key"
    return f"There is no {named} as of {as_of_date}; runs of that date: {choices}."
