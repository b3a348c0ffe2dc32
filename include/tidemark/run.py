"""A run's identity: what it is as of, which rows it may see, and under which key it writes.

It is made once, by the first task, and every later task receives it. Nothing else asks what the date is.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from include.tidemark.as_of import parse_instant
from include.tidemark.rules import Rules
from include.tidemark.shared_texts import shown
from include.tidemark.sources.contract import may_be_missing
from include.tidemark.sources.rows import SourceRows, raw_rows
from include.tidemark.statistics.config import StatisticsConfig

WINDOW = timedelta(days=90)
"""Length of the current and of the prior window. Fixed: the published columns carry it in their names."""

BACKTESTED = "customer_segments"
"""The family whose models look back at earlier published rows, in movement and backtest."""

RUN_KEY = re.compile(r"[0-9]{8}_[0-9]{8}T[0-9]{6}_[0-9a-f]{8}")


class RunOptions(BaseModel):
    """What the person or schedule that started the run chose."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    full_refresh: bool = False
    lookback_days: int | None = Field(default=None, ge=0, le=3660)
    """Look-back of every fact in this run; None: the rules' own, `lookback_days` and
    `lookback_window_days`."""
    publish: bool = True
    n_resamples: int = Field(default=10_000, ge=1_000, le=1_000_000)
    confidence_level: float = Field(default=0.95, gt=0.5, lt=1.0)
    run_hash: str | None = Field(default=None, pattern=r"^[0-9A-Za-z_-]{1,32}$")
    """Label of the orchestration that the run belongs to, for those who look for it there; the run key alone
    identifies it."""
    allow_missing: tuple[str, ...] = ()
    """What the sources had before and may lack now: tables whose landing files are gone (their rows of then
    are used once more) or whose newest month holds far fewer rows, and columns (`transactions.status`) that
    are null now, or lost values. With `known_at`, also tables whose rows of then were replaced since: those
    of now are used for them."""
    known_at: datetime | None = None
    """The run sees only what had been loaded by this instant (UTC). Such a run loads no file, builds staging
    and facts in schemas of its own, and is never published, whatever `publish` says."""

    @model_validator(mode="before")
    @classmethod
    def _never_published(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("known_at") not in (None, ""):
            return {**given, "publish": False}
        return given

    @field_validator("known_at", mode="before")
    @classmethod
    def _instant(cls, value: Any) -> datetime | None:
        return None if value in (None, "") else parse_instant(value)

    @field_validator("allow_missing")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in may_be_missing():
                raise ValueError(
                    f"{shown(name)} is no source table and no column that may be null; there are {', '.join(may_be_missing())}"
                )
        return tuple(dict.fromkeys(names))


class PublishedRun(BaseModel):
    """A run that the ledger names as the published one of its as-of date."""

    model_config = ConfigDict(frozen=True)

    as_of_date: date
    run_key: str

    @property
    def started_at(self) -> datetime:
        """When it started, to the second, as its key says."""
        return datetime.strptime(self.run_key.split("_")[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


class Run(BaseModel):
    """One run. Dates are half open: rows of `as_of_date` itself are not seen."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    as_of_date: date
    run_key: str
    started_at: datetime
    dag_run_id: str
    started_by: str | None = None
    """Who or what started it, for the ledger."""
    reason: str | None = None
    """Why, in the words of who started it."""
    families: tuple[str, ...]
    rules: Rules
    rules_hash: str
    config: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Content of the files of the configuration folder when the run was resolved: later tasks look at this,
    never at the folder."""
    config_hash: str = ""
    source_places: dict[str, str] = Field(default_factory=dict)
    """File and line of each key of `sources.yml`, for messages."""
    sources: dict[str, SourceRows] = Field(default_factory=dict)
    """Where the rows of each table are, once `load_sources` has found them; before that, and for tables of
    nobody, in `raw`."""
    code_version: str
    rebuild_facts: bool = False
    """Whether all days of the daily facts have to be built again, because the zone, the mapping or the
    families changed."""
    options: RunOptions
    previous: PublishedRun | None = None
    """The newest published as-of date before this one: what the volume of the sources is compared with."""
    previous_by_family: dict[str, PublishedRun] = Field(default_factory=dict)
    """By family, the newest published as-of date before this one that holds it: what its movement, drift and
    volume are compared with. A family that is in no earlier publication is not in it."""
    year_before_by_family: dict[str, PublishedRun] = Field(default_factory=dict)
    """By family, the publication of the same day a year before that holds it: what its changes over a year
    are measured from."""
    months_by_family: dict[str, tuple[PublishedRun, ...]] = Field(default_factory=dict)
    """By family, the publications of the months before, as far back as none is missing, the earliest first:
    what its trend is over."""
    redeclared: tuple[str, ...] = ()
    """The segmentations whose files say something else than in the publication that they are compared
    with."""
    same_rules_by_family: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """By segmentation, of its earlier publications (`previous`, `year_before`) those whose conditions were
    others and what the conditions look at was not: their people are put into the segments of this run's
    conditions, too."""
    backtest_by_family: dict[str, PublishedRun] = Field(default_factory=dict)
    """By family, the newest published as-of date that holds it and whose following 90 days are over: what a
    backtest looks at."""

    @field_validator("run_key")
    @classmethod
    def _well_formed(cls, value: str) -> str:
        if not RUN_KEY.fullmatch(value):
            raise ValueError(f"{value!r} is not a run key")
        return value

    @property
    def known_at(self) -> datetime | None:
        """The instant by which the rows that it sees had been loaded; None where it sees all that there
        are."""
        return self.options.known_at

    @property
    def schema_suffix(self) -> str:
        """What the names of its schemas of staging, facts and views end in: empty, as those of all runs are,
        but with `known_at`."""
        return f"_{self.run_key}".lower() if self.known_at else ""

    @property
    def statistics_config(self) -> StatisticsConfig:
        """The run's options and rules, as the statistics take them."""
        return StatisticsConfig(
            as_of_date=self.as_of_date.isoformat(),
            confidence_level=self.options.confidence_level,
            n_resamples=self.options.n_resamples,
            minimum_sample_size=self.rules.segmentation_minimum_sample_size,
            minimum_nonzero_users=self.rules.minimum_nonzero_users,
        )

    @property
    def window_start(self) -> date:
        """First day of the current window, which ends before the as-of date."""
        return self.as_of_date - WINDOW

    @property
    def prior_window_start(self) -> date:
        """First day of the prior window, which ends where the current one starts."""
        return self.as_of_date - 2 * WINDOW

    @property
    def as_of_instant(self) -> datetime:
        """The as-of date's midnight in the business time zone, in UTC: the first instant that is not seen."""
        return self.begin_of(self.as_of_date)

    def begin_of(self, day: date) -> datetime:
        """The first instant of a day of the business time zone, in UTC."""
        zone = ZoneInfo(self.rules.business_timezone)
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)

    def previous_of(self, family: str) -> PublishedRun | None:
        """The publication that a family is compared with; None for its first one, whatever else was published
        before."""
        return self.previous_by_family.get(family)

    def year_before_of(self, family: str) -> PublishedRun | None:
        """The publication of a year before; None where there is none of that day, or none with the family."""
        return self.year_before_by_family.get(family)

    def trend_of(self, family: str) -> tuple[PublishedRun, ...]:
        """The publications of the earlier months of a family's trend; none where there are too few for
        one."""
        earlier = self.months_by_family.get(family, ())
        return earlier if len(earlier) + 1 >= self.rules.trend_months else ()

    def same_rules_of(self, family: str) -> tuple[str, ...]:
        """The earlier publications of a segmentation that are compared under this run's rules, too."""
        return self.same_rules_by_family.get(family, ())

    def previous_key_of(self, family: str) -> str:
        """Key of that publication's run, for SQL; empty, and so the key of no run, for the family's first
        one."""
        previous = self.previous_of(family)
        return previous.run_key if previous else ""

    def rows_of(self, table: str) -> SourceRows:
        """Where the rows of a table of the contract are."""
        return self.sources.get(table) or raw_rows(table)

    def lacks(self, table: str) -> bool:
        """Whether a table that the run's families can do without has no row."""
        return self.rows_of(table).lack is not None

    def with_sources(self, loaded: Mapping[str, Any]) -> Self:
        """The run after `load_sources`.

        Args:
            loaded: what that stage returned.
        """
        found = {
            name: SourceRows.model_validate(entry["source"])
            for name, entry in loaded.items()
            if isinstance(entry, Mapping) and "source" in entry
        }
        return self.model_copy(update={"sources": found})

    def backtest_of(self, family: str) -> PublishedRun | None:
        """The publication that a family's backtest looks at."""
        return self.backtest_by_family.get(family)

    def backtest_reason_of(self, family: str) -> str | None:
        """Why a family has no backtest, or None when there is one."""
        if self.backtest_of(family) is not None:
            return None
        return "no_earlier_publication" if self.previous_of(family) is None else "window_not_complete"

    @property
    def backtest(self) -> PublishedRun | None:
        """What the backtest of the customer segments looks at."""
        return self.backtest_of(BACKTESTED)

    @property
    def backtest_reason(self) -> str | None:
        """Why the customer segments have no backtest, or None when there is one."""
        return self.backtest_reason_of(BACKTESTED)

    def to_xcom(self) -> dict[str, Any]:
        """The run as JSON data, for the tasks that follow."""
        return self.model_dump(mode="json")

    @classmethod
    def from_xcom(cls, payload: Any) -> Self:
        """The run that `to_xcom` wrote."""
        return cls.model_validate(payload)


def make_run_key(
    as_of_date: date,
    started_at: datetime,
    dag_run_id: str,
    clear_number: int,
    known_at: datetime | None = None,
) -> str:
    """The key of a run: `<as-of date>_<start in UTC>_<8 hex digits>`, safe in SQL, file names and URLs.

    A retried task gets the same key. A cleared run gets another one, because its start and clear number
    differ, so that the rows of a published run are never written again.
    """
    start = started_at.astimezone(UTC)
    identity = f"{as_of_date}|{start.isoformat()}|{dag_run_id}|{clear_number}"
    if known_at is not None:
        identity += f"|{known_at.isoformat()}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
    return f"{as_of_date:%Y%m%d}_{start:%Y%m%dT%H%M%S}_{digest}"
