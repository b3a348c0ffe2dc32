"""The plan of a backfill: what is published for each month, what would differ and why, and what it will
take."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from include.tidemark.backfill.cost import credits_of_runs, median_or_none
from include.tidemark.backfill.late_rows import LateRows, late_rows, rows_before, staged_sources
from include.tidemark.backfill.request import BackfillRequest
from include.tidemark.config.folder import SOURCES, Config
from include.tidemark.difference.compare import value_changes
from include.tidemark.difference.result import Cells, ValueChange
from include.tidemark.difference.runs import KnownRun, known_run
from include.tidemark.history.ledger import publications_by_date
from include.tidemark.settings import Settings
from include.tidemark.sources.sources_file import sources_model
from include.tidemark.sources.waiting import waiting_files
from include.tidemark.warehouse.base import Warehouse

_PAST_RUNS = 12
_UNKNOWN_CREDITS = " (the credits are unknown: the role may not read snowflake.account_usage, or past runs are not in it yet)"


@dataclass(frozen=True)
class Present:
    """What a run would be computed with now."""

    config: Config
    families: Sequence[str]
    code_version: str


class MonthPlan(BaseModel):
    """One month of the plan."""

    model_config = ConfigDict(frozen=True)

    as_of_date: date
    run_key: str | None
    """The run that consumers see; None where the month is not published."""
    published_at: datetime | None
    published_by: str | None
    reason: str | None
    rules_hash: str | None
    code_version: str | None
    values: tuple[ValueChange, ...]
    """Rules, configuration and code that are others now."""
    families_added: tuple[str, ...]
    """Families that are enabled now, and that the published run does not hold."""
    families_lost: tuple[str, ...]
    """Families that the published run holds, and that are not enabled now: consumers would lose them."""
    late: tuple[LateRows, ...]
    loads: tuple[str, ...]
    """Landing files that were loaded after the published run had started, each with what it was."""
    rows_to_read: dict[str, int]

    @property
    def why(self) -> list[str]:
        """Why the new run's numbers may be others, in a few words each."""
        if self.run_key is None:
            return ["not published yet"]
        names = [each.name for each in self.values if each.kind == "rule"]
        said = (
            [
                f"{len(names)} rule{'s' if len(names) > 1 else ''} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
            ]
            if names
            else []
        )
        said += [each.name for each in self.values if each.kind == "configuration"]
        said += ["code" for each in self.values if each.kind == "code"]
        said += [
            f"{each.table}: every row was loaded again"
            if each.all_anew
            else f"{each.rows:,} late rows of {each.table}"
            for each in self.late
        ]
        said += [f"{name} is new" for name in self.families_added]
        said += [f"{name} would be lost" for name in self.families_lost]
        return said or ["nothing"]


class BackfillPlan(BaseModel):
    """The whole plan."""

    model_config = ConfigDict(frozen=True)

    request: BackfillRequest
    months: tuple[MonthPlan, ...]
    seconds: float | None
    """What all months take together, by the median of past runs; None where no past run says."""
    credits: float | None
    """The same on Snowflake, in credits."""
    unknown_credits: str = ""
    """Why the credits are not known, where there are some."""
    notes: tuple[str, ...]

    def tables(self) -> Iterator[tuple[str, Cells]]:
        """The plan as tables for people, each with its title."""
        yield "months", [_month_line(month) for month in self.months]
        yield (
            "rules, configuration and code",
            [
                {
                    "as of": month.as_of_date,
                    "what": each.kind,
                    "name": each.name,
                    "published": each.earlier,
                    "now": each.later,
                }
                for month in self.months
                for each in month.values
            ],
        )
        yield (
            "late rows",
            [
                {"as of": month.as_of_date, "table": late.table, "day": day, "rows": rows}
                for month in self.months
                for late in month.late
                if not late.all_anew
                for day, rows in late.days
            ],
        )
        yield (
            "landing files loaded since",
            [{"as of": month.as_of_date, "file": load} for month in self.months for load in month.loads],
        )
        yield (
            "rows to read",
            [
                {"as of": month.as_of_date, **month.rows_to_read}
                for month in self.months
                if month.rows_to_read
            ],
        )

    def sentences(self) -> list[str]:
        """What the tables do not say."""
        number = f"{len(self.months)} month{'s' if len(self.months) > 1 else ''}"
        takes = (
            f"about {self.seconds / 60:.0f} min"
            if self.seconds and self.seconds >= 90
            else (
                f"about {self.seconds:.0f} s"
                if self.seconds
                else "an unknown time, because no past run says how long it took"
            )
        )
        cost = f" and {self.credits:.2f} credits" if self.credits is not None else self.unknown_credits
        at_once = f", {self.request.max_parallel} at once" if self.request.max_parallel > 1 else ""
        return [f"{number}{at_once}: {takes}{cost}.", *self.notes]


def make_plan(
    warehouse: Warehouse,
    settings: Settings,
    request: BackfillRequest,
    present: Present,
) -> BackfillPlan:
    """Look at what is published and what is there now; nothing is changed."""
    shown = {day: history[-1] for day, history in publications_by_date(warehouse).items()}
    sources = staged_sources(warehouse)
    months = [
        _month(
            warehouse,
            day,
            known_run(warehouse, settings, day, shown[day].run_key) if day in shown else None,
            present,
            rows_to_read=rows_before(warehouse, sources, day),
        )
        for day in request.months
    ]
    recent = [
        known_run(warehouse, settings, p.as_of_date, p.run_key) for p in list(shown.values())[-_PAST_RUNS:]
    ]
    seconds = median_or_none(
        [sum(times.values()) for run in recent if (times := (run.manifest or {}).get("timings_seconds"))]
    )
    paid = credits_of_runs(warehouse, [run.run_key for run in recent])
    return BackfillPlan(
        request=request,
        months=tuple(months),
        # Months at once wait for the slowest.
        seconds=None if seconds is None else seconds * -(-len(months) // request.max_parallel),
        unknown_credits=_UNKNOWN_CREDITS if settings.warehouse == "snowflake" and not paid else "",
        credits=None if not paid else (median_or_none(list(paid.values())) or 0.0) * len(months),
        notes=tuple(_notes(warehouse, settings, request, present.config, months)),
    )


def _month(
    warehouse: Warehouse,
    day: date,
    published: KnownRun | None,
    present: Present,
    *,
    rows_to_read: dict[str, int],
) -> MonthPlan:
    families = present.families
    if published is None:
        return MonthPlan(
            as_of_date=day,
            run_key=None,
            published_at=None,
            published_by=None,
            reason=None,
            rules_hash=None,
            code_version=None,
            values=(),
            families_added=tuple(families),
            families_lost=(),
            late=(),
            loads=(),
            rows_to_read=rows_to_read,
        )
    newest = published.publications[-1]
    manifest = published.manifest or {}
    held = [each["name"] for each in manifest.get("families", ()) if each["status"] == "computed"]
    return MonthPlan(
        as_of_date=day,
        run_key=published.run_key,
        published_at=newest.published_at,
        published_by=newest.published_by,
        reason=newest.reason,
        rules_hash=newest.rules_hash,
        code_version=newest.code_version,
        values=tuple(_values(published, present.config, present.code_version)),
        families_added=tuple(name for name in families if name not in held) if manifest else (),
        families_lost=tuple(name for name in held if name not in families),
        late=tuple(late_rows(warehouse, list(rows_to_read), day, published.started_at)),
        loads=tuple(_loads_since(warehouse, published.started_at)),
        rows_to_read=rows_to_read,
    )


def _values(published: KnownRun, config: Config, code_version: str) -> Iterator[ValueChange]:
    then = published.compared
    rules = config.rules.model_dump(mode="json")
    if published.manifest:
        yield from value_changes(published.manifest["rules"], rules)
        if published.manifest["config_hash"] != config.digest:
            yield _hashes("configuration", published.manifest["config_hash"], config.digest)
    elif then.rules_hash != config.rules.digest():
        yield _hashes("rule", then.rules_hash, config.rules.digest())
    if then.code_version != code_version:
        yield ValueChange(kind="code", name="code_version", earlier=then.code_version, later=code_version)


def _hashes(kind: Any, then: str | None, now: str) -> ValueChange:
    return ValueChange(kind=kind, name=f"{kind}_hash", earlier=(then or "")[:12], later=now[:12])


def _loads_since(warehouse: Warehouse, started_at: datetime) -> Iterator[str]:
    """The landing files that were loaded after an instant; what a run loaded itself bears the instant of its
    start."""
    rows = warehouse.fetch(
        "select table_name, uri, row_count, loaded_at from control.loads order by loaded_at, uri"
    )
    before = {row["uri"] for row in rows if row["loaded_at"] <= started_at}
    for row in rows:
        if row["loaded_at"] > started_at:
            what = "delivered again" if row["uri"] in before else "new"
            yield f"{row['uri'].rpartition('/')[2]} ({row['table_name']}, {row['row_count']:,} rows, {what}, {row['loaded_at']:%Y-%m-%d %H:%M} UTC)"


def _notes(
    warehouse: Warehouse,
    settings: Settings,
    request: BackfillRequest,
    config: Config,
    months: Sequence[MonthPlan],
) -> Iterator[str]:
    mapped = sources_model().model_validate(config.documents.get(SOURCES, {})).mapped()
    for file in waiting_files(settings, warehouse, mapped, config.rules.currency):
        what = "delivered again" if file.again else "new"
        yield (
            f"The landing file {file.uri.rpartition('/')[2]} of {file.table} is {what} and not loaded yet: the first run loads it, and its"
            " rows are not among the late ones above."
        )
    if lost := sorted({name for month in months for name in month.families_lost}):
        yield f"Consumers would lose {', '.join(lost)}, which TIDEMARK_FAMILIES does not name any more; add it, or leave these months alone."
    if request.max_parallel > 1:
        yield (
            "Months that are computed at once are compared with what was published before them when they start; one at a time, each is"
            " compared with the new run of the month before."
        )
    if not request.publish:
        yield "Nothing will be published: the runs are computed and checked, and consumers see what they see now."
    yield "A plan can't know what a run finds in the sources that nobody has loaded, nor what the gate will say."


def _month_line(month: MonthPlan) -> dict[str, Any]:
    return {
        "as of": month.as_of_date.isoformat(),
        "published run": month.run_key or "none",
        "when": f"{month.published_at:%Y-%m-%d %H:%M}" if month.published_at else "",
        "by": month.published_by or "",
        "rules": (month.rules_hash or "")[:12],
        "code": month.code_version or "",
        "what would differ": "; ".join(month.why),
    }
