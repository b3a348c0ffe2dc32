"""What the checks of one call share: each part is made once, when the first check asks for it."""

from contextlib import ExitStack
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from include.tidemark.config.folder import SOURCES, Config, load_config
from include.tidemark.doctor.findings import CannotLookError
from include.tidemark.errors import SettingsError
from include.tidemark.families import enabled_families
from include.tidemark.families.family import Family
from include.tidemark.rules import Rules
from include.tidemark.run import Run, RunOptions, make_run_key
from include.tidemark.scratch import scratch_folder
from include.tidemark.settings import Settings, load_settings
from include.tidemark.sources.sources_file import TableSource, sources_model
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.query_tag import QueryTag

if TYPE_CHECKING:
    from include.tidemark.doctor.sources import SeenTable
    from include.tidemark.orchestration.metadata_database import MetadataDatabase


class Examination:
    """One look at a deployment.

    A part that can't be made raises `CannotLookError` for every check that needs it, but for the check which
    is about it.
    """

    def __init__(self, started_at: datetime, as_of_date: date | None = None) -> None:
        """Begin.

        Args:
            as_of_date: the month that is asked about; today in the business time zone where none is named.
        """
        self.started_at = started_at
        self._as_of_date = as_of_date
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @cached_property
    def settings(self) -> Settings:
        try:
            return load_settings()
        except SettingsError:
            raise CannotLookError("a setting can't be used") from None

    @property
    def config(self) -> Config:
        loaded = self.config_or_error
        if isinstance(loaded, SettingsError):
            raise CannotLookError("the configuration folder can't be used") from None
        return loaded

    @cached_property
    def config_or_error(self) -> Config | SettingsError:
        """The folder, or what is wrong with it."""
        try:
            return load_config(self.settings)
        except SettingsError as error:
            return error

    @property
    def rules(self) -> Rules:
        return self.config.rules

    @cached_property
    def families(self) -> list[Family]:
        try:
            return enabled_families(self.settings.families)
        except SettingsError:
            raise CannotLookError("the families can't be used") from None

    @cached_property
    def needed(self) -> dict[str, str]:
        """The tables that the enabled families need, each with the name of a family that needs it."""
        return {source: family.name for family in self.families for source in family.sources}

    @cached_property
    def optional(self) -> dict[str, str]:
        """The tables that they read and can do without, in the same way; a table that another family needs is
        not among them."""
        read = {source: family.name for family in self.families for source in family.optional_sources}
        return {source: family for source, family in read.items() if source not in self.needed}

    @cached_property
    def mapped(self) -> dict[str, TableSource]:
        """What `sources.yml` maps."""
        return sources_model().model_validate(self.config.documents.get(SOURCES, {})).mapped()

    @cached_property
    def as_of_date(self) -> date:
        return self._as_of_date or self.started_at.astimezone(ZoneInfo(self.rules.business_timezone)).date()

    @cached_property
    def run(self) -> Run:
        """What a run of now would be, as far as the gate's checks of the sources ask for it; it is never
        run."""
        return Run(
            as_of_date=self.as_of_date,
            run_key=make_run_key(self.as_of_date, self.started_at, "doctor", 0),
            started_at=self.started_at,
            dag_run_id="doctor",
            families=tuple(family.name for family in self.families),
            rules=self.rules,
            rules_hash=self.rules.digest(),
            code_version="",
            options=RunOptions(),
        )

    @cached_property
    def scratch(self) -> Path:
        """A folder that is gone at the end."""
        return self._open.enter_context(scratch_folder(self.settings, "doctor"))

    @property
    def warehouse(self) -> Warehouse | None:
        """The warehouse, to look only; None for a DuckDB file that the first run has yet to make."""
        opened = self.warehouse_or_error
        if isinstance(opened, Exception):
            raise CannotLookError("the warehouse can't be opened") from None
        return opened

    @cached_property
    def warehouse_or_error(self) -> Warehouse | Exception | None:
        """The same, or why it can't be opened. Tried once: a login that is refused again and again would lock
        the user."""
        settings = self.settings
        if settings.warehouse == "duckdb" and not settings.duckdb_path.exists():
            return None
        tag = QueryTag(run_key="none", task="doctor")
        try:
            return self._open.enter_context(open_warehouse(settings, tag, read_only=True))
        except Exception as error:
            return error

    @cached_property
    def reader(self) -> Warehouse:
        """DuckDB that reads what landing files hold: the warehouse itself where it is one, so that both can
        be joined."""
        if self.settings.warehouse == "duckdb":
            try:
                if self.warehouse is not None:
                    return self.warehouse
            except CannotLookError:
                pass
        from include.tidemark.warehouse.duckdb import DuckDBWarehouse

        reader = DuckDBWarehouse(Path(":memory:"))
        self._open.callback(reader.close)
        return reader

    @cached_property
    def metadata(self) -> "MetadataDatabase | None":
        """Airflow's metadata database, where this shell has one to ask."""
        from include.tidemark.orchestration.metadata_database import find_metadata_database

        return self._open.enter_context(find_metadata_database())

    @cached_property
    def tables(self) -> "list[SeenTable]":
        """The tables that the enabled families read, as far as they can be read."""
        from include.tidemark.doctor.sources import see_tables

        return see_tables(self)
