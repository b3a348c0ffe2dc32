"""The publication ledger: append only. Its newest row of an as-of date says which run consumers see."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import takewhile
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from include.tidemark.as_of import month_before, year_before
from include.tidemark.errors import NothingToDoError, RunIdentityError
from include.tidemark.run import WINDOW, PublishedRun, Run
from include.tidemark.warehouse.base import Row, Warehouse


class Publication(BaseModel):
    """One row of the ledger."""

    model_config = ConfigDict(frozen=True)

    publication_id: int
    as_of_date: date
    run_key: str
    published_at: datetime
    action: Literal["publish", "rollback", "erasure"]
    rules_hash: str
    code_version: str
    manifest_uri: str
    manifest_sha256: str
    dag_run_id: str
    published_by: str | None = None
    """Who asked for it: a user of Airflow or of the shell, or what started the run, such as `scheduled`. None
    before it was recorded."""
    reason: str | None = None


class ComparisonRuns(NamedTuple):
    """The published runs that a run is compared with; the fields are those of `Run`."""

    previous: PublishedRun | None
    previous_by_family: dict[str, PublishedRun]
    backtest_by_family: dict[str, PublishedRun]
    year_before_by_family: dict[str, PublishedRun]
    months_by_family: dict[str, tuple[PublishedRun, ...]]


MOST_MONTHS = 12
"""Of a trend, with the run's own: a year, after which another season would count twice."""

_SCHEDULED = "scheduled__"
"""How Airflow begins the id of a run that its scheduler starts."""
_COLUMNS = ", ".join(Publication.model_fields)
_WHO_AND_WHY = ("published_by", "reason")
# Snowflake has no lock for inserts, so two tasks that publish at once can get the same id: the run that
# started later then wins, here and in the view published_runs.
# Without who and why: a shell that may only read meets warehouses of earlier releases, which do not have
# these columns yet.
_CURRENT = f"""
    select {", ".join(name for name in Publication.model_fields if name not in _WHO_AND_WHY)} from control.publications
    {{until}}
    qualify row_number() over (partition by as_of_date order by publication_id desc, run_key desc) = 1
    order by as_of_date
"""


def current_publications(warehouse: Warehouse, at: datetime | None = None) -> list[Publication]:
    """What is published now, without who and why: one row per as-of date, oldest date first.

    Args:
        at: what was published at that instant instead.
    """
    if at is None:
        return _publications(warehouse.fetch(_CURRENT.format(until="")))
    then = at.astimezone(UTC).replace(tzinfo=None)
    return _publications(warehouse.fetch(_CURRENT.format(until="where published_at <= ?"), (then,)))


def publications_of(warehouse: Warehouse, as_of_date: date) -> list[Publication]:
    """Every publication and rollback of one as-of date, oldest first."""
    return _publications(
        warehouse.fetch(
            f"select {_COLUMNS} from control.publications where as_of_date = ? order by publication_id, run_key",
            (as_of_date,),
        )
    )


def publications_by_date(warehouse: Warehouse) -> dict[date, list[Publication]]:
    """Every publication, oldest first, by as-of date, oldest date first; the last one of a date is what is
    published now."""
    there = warehouse.columns("control", "publications")  # a shell that may only read, as above
    columns = (name if name in there else f"null as {name}" for name in Publication.model_fields)
    rows = warehouse.fetch(
        f"select {', '.join(columns)} from control.publications order by as_of_date, publication_id, run_key"
    )
    found: dict[date, list[Publication]] = {}
    for publication in _publications(rows):
        found.setdefault(publication.as_of_date, []).append(publication)
    return found


def find_publication(warehouse: Warehouse, run_key: str) -> Publication | None:
    """The publication that first published this run, or None."""
    rows = warehouse.fetch(
        f"select {_COLUMNS} from control.publications where run_key = ? order by publication_id, published_at limit 1",
        (run_key,),
    )
    return _publications(rows)[0] if rows else None


def refuse_published(warehouse: Warehouse, run_key: str) -> None:
    """Raise when this run has been published: its rows and files never change again.

    Raises:
        RunIdentityError: with what to do instead.
    """
    if find_publication(warehouse, run_key):
        raise RunIdentityError(
            f"Run {run_key} has been published, and published rows are never written again;"
            " to recompute the month, trigger a new run with the same as_of_date instead of clearing tasks of this one."
        )


def refuse_scheduled_again(warehouse: Warehouse, as_of_date: date, dag_run_id: str) -> None:
    """Raise when the schedule has published this month by another run.

    Another zone moves the end of the last interval, which the scheduler then takes for one that it has not
    run yet.

    Raises:
        NothingToDoError: with what to do where the month is to be computed again.
    """
    if not dag_run_id.startswith(_SCHEDULED):
        return
    for published in publications_of(warehouse, as_of_date):
        if (
            published.action == "publish"
            and published.dag_run_id.startswith(_SCHEDULED)
            and published.dag_run_id != dag_run_id
        ):
            raise NothingToDoError(
                f"The month as of {as_of_date} has been published by the scheduled run {published.dag_run_id}, so this run has nothing"
                " to do; to recompute the month, trigger a new run with this as_of_date."
            )


def comparison_runs(
    warehouse: Warehouse, as_of_date: date, known_at: datetime | None = None
) -> ComparisonRuns:
    """The published runs that this as-of date is compared with: the previous months', the backtests', and
    those of a year before.

    Families are enabled at different times, so each has a previous month of its own: the newest that holds
    its numbers. A backtest needs the 90 days after its as-of date to be over, so it looks at the newest one
    at least 90 days back.

    Args:
        known_at: compare with what was published at that instant.
    """
    earlier = [p for p in current_publications(warehouse, known_at) if p.as_of_date < as_of_date]
    of_family = {
        family: [p for p in earlier if p.run_key in keys]
        for family, keys in _runs_by_family(warehouse).items()
    }
    mature = {
        family: [p for p in held if p.as_of_date + WINDOW <= as_of_date] for family, held in of_family.items()
    }
    then = year_before(as_of_date)
    same_day = {family: [p for p in held if p.as_of_date == then] for family, held in of_family.items()}
    months = {family: _without_gap(held, as_of_date) for family, held in of_family.items()}
    return ComparisonRuns(
        _newest(earlier),
        _newest_of_each(of_family),
        _newest_of_each(mature),
        _newest_of_each(same_day),
        {family: found for family, found in months.items() if found},
    )


def _runs_by_family(warehouse: Warehouse) -> dict[str, set[str]]:
    """The published runs that hold each family. No family is published without statistics, so these tell."""
    rows = warehouse.fetch(
        "select distinct family, run_key from runs.statistics"
        " where run_key in (select run_key from control.publications) order by family"
    )
    held: dict[str, set[str]] = {}
    for row in rows:
        held.setdefault(row["family"], set()).add(row["run_key"])
    return held


def record_publication(
    warehouse: Warehouse, run: Run, manifest_uri: str, manifest_sha256: str
) -> Publication:
    """Append the row that publishes the run. From that moment every view shows it.

    A run that is in the ledger already is not published twice: its first row is returned, so a retry is
    harmless.
    """
    return _append(
        warehouse,
        as_of_date=run.as_of_date,
        run_key=run.run_key,
        action="publish",
        rules_hash=run.rules_hash,
        code_version=run.code_version,
        manifest_uri=manifest_uri,
        manifest_sha256=manifest_sha256,
        dag_run_id=run.dag_run_id,
        published_by=run.started_by,
        reason=run.reason,
    )


def record_rollback(
    warehouse: Warehouse, as_of_date: date, run_key: str, published_by: str | None, reason: str | None
) -> Publication:
    """Append the row that shows another published run of this as-of date again, an earlier or a later one.

    Raises:
        RunIdentityError: the run was never published for that date, or is the one that is shown now.
    """
    _, target = rollback_of(publications_of(warehouse, as_of_date), as_of_date, run_key)
    values = target.model_dump(exclude={"publication_id", "published_at", "action", *_WHO_AND_WHY})
    return _append(warehouse, action="rollback", published_by=published_by, reason=reason, **values)


def rollback_of(
    history: Sequence[Publication], as_of_date: date, run_key: str
) -> tuple[Publication, Publication]:
    """What a rollback would do: the publication that is shown now, and the newest one of the run that would
    be shown.

    Args:
        history: the publications of the as-of date, oldest first.

    Raises:
        RunIdentityError: the run was never published for that date, or is the one that is shown now.
    """
    known = {p.run_key: p for p in history}
    if run_key not in known:
        choices = ", ".join(sorted(known)) or "none"
        raise RunIdentityError(
            f"Run {run_key} was never published for {as_of_date}; published runs of that date: {choices}."
        )
    if history[-1].run_key == run_key:
        raise RunIdentityError(
            f"Run {run_key} is what consumers of {as_of_date} see already; there is nothing to roll back."
        )
    return history[-1], known[run_key]


def record_erasure(warehouse: Warehouse, as_of_date: date, digests: Mapping[str, str]) -> list[Publication]:
    """Append what the ledger has to know after rows of persons were removed from runs' files: their
    manifests' new digests.

    A row for each published run of the date whose digest changed, and at last one of the run that is shown,
    so that the same run is shown as before; all of them or none. Nothing where the ledger knows the digests
    already.

    Args:
        digests: SHA-256 of the manifest by run key; runs that were never published do not matter.
    """
    history = publications_of(warehouse, as_of_date)
    newest = {publication.run_key: publication for publication in history}
    changed = [
        key
        for key, known in newest.items()
        if digests.get(key, known.manifest_sha256) != known.manifest_sha256
    ]
    if not changed:
        return []
    shown = history[-1].run_key
    rows = [
        newest[key].model_dump(exclude={"publication_id", "published_at", *_WHO_AND_WHY})
        | {"action": "erasure", "manifest_sha256": digests.get(key, newest[key].manifest_sha256)}
        for key in (*(key for key in changed if key != shown), shown)
    ]
    with warehouse.transaction():
        return _insert(warehouse, rows)


def published_digests(warehouse: Warehouse) -> dict[str, str]:
    """The manifest's digest of every run that was ever published, as the ledger knows it last."""
    rows = warehouse.fetch(
        "select run_key, manifest_sha256 from control.publications order by publication_id"
    )
    return {row["run_key"]: row["manifest_sha256"] for row in rows}


def _append(warehouse: Warehouse, **values: object) -> Publication:
    with warehouse.transaction():
        if values["action"] == "publish" and (
            existing := find_publication(warehouse, str(values["run_key"]))
        ):
            return existing
        (row,) = _insert(warehouse, [values])
    return row


def _insert(warehouse: Warehouse, rows: Sequence[Mapping[str, object]]) -> list[Publication]:
    """Append rows within the caller's transaction."""
    (newest,) = warehouse.fetch("select coalesce(max(publication_id), 0) as id from control.publications")
    # The ledger's own time stamp is, beside the run's start, the one place that reads the clock.
    moment = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    numbered = [
        {"publication_id": int(newest["id"]) + number, "published_at": moment, **row}
        for number, row in enumerate(rows, start=1)
    ]
    warehouse.insert("control.publications", numbered)
    return [Publication.model_validate(row) for row in numbered]


def _newest_of_each(held: Mapping[str, Sequence[Publication]]) -> dict[str, PublishedRun]:
    return {family: newest for family, publications in held.items() if (newest := _newest(publications))}


def _without_gap(held: Sequence[Publication], as_of_date: date) -> tuple[PublishedRun, ...]:
    """The publications of the same day of the months before, until one is missing, the earliest first."""
    by_day = {p.as_of_date: PublishedRun(as_of_date=p.as_of_date, run_key=p.run_key) for p in held}
    days = (month_before(as_of_date, months) for months in range(1, MOST_MONTHS))
    return tuple(by_day[day] for day in takewhile(by_day.__contains__, days))[::-1]


def _newest(publications: Sequence[Publication]) -> PublishedRun | None:
    if not publications:
        return None
    newest = max(publications, key=lambda p: p.as_of_date)
    return PublishedRun(as_of_date=newest.as_of_date, run_key=newest.run_key)


def _publications(rows: list[Row]) -> list[Publication]:
    return [Publication.model_validate(row) for row in rows]
