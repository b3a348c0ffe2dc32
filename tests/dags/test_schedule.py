"""A scheduled month is as of the first in every zone, and a change of the zone computes no month again; on
every supported Airflow."""

import runpy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from airflow.timetables import interval
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable
from pendulum import DateTime, instance

from include.tidemark.as_of import resolve_as_of_date
from include.tidemark.errors import NothingToDoError
from include.tidemark.history.ledger import refuse_scheduled_again
from include.tidemark.orchestration import stage_tasks
from include.tidemark.orchestration.schedule import business_zone
from include.tidemark.settings import Settings
from include.tidemark.zones import zones

PROJECT = Path(__file__).resolve().parents[2]
MONTHS = [
    instance(datetime(year, month, 15, tzinfo=UTC)) for year in range(2021, 2030) for month in (1, 4, 10)
]
CHANGES_AT_MIDNIGHT_ON_A_FIRST = {
    "Asia/Amman": [datetime(2016, 4, 1), datetime(2022, 2, 25)],
    "America/Asuncion": [datetime(2017, 10, 1), datetime(2023, 10, 1)],
    "Asia/Gaza": [datetime(2016, 10, 29)],
    "America/Bahia_Banderas": [datetime(2010, 4, 4)],
    "Africa/Juba": [datetime(2021, 2, 1)],
    "Europe/Volgograd": [datetime(2020, 12, 27)],
    "Africa/Cairo": [datetime(2010, 10, 1)],
    "Asia/Damascus": [datetime(2011, 4, 1)],
}


def timetable_of(settings: Settings) -> CronDataIntervalTimetable:
    """The schedule as the scheduler has it: made anew of what the DAG file wrote."""
    zone = business_zone(settings)
    written = CronDataIntervalTimetable("0 2 1 * *", timezone=zone).serialize()
    read = CronDataIntervalTimetable.deserialize(written)
    assert isinstance(read, CronDataIntervalTimetable)
    return read


@pytest.fixture
def rules(tmp_path: Path) -> Callable[[str], Settings]:
    def write(text: str) -> Settings:
        (tmp_path / "rules.yml").write_text(text)
        return Settings(config_dir=tmp_path)

    return write


def as_of(end: DateTime, zone: str):
    return resolve_as_of_date(None, end, end, zone)


def test_a_scheduled_month_is_as_of_the_first_in_every_zone(rules):
    wrong = {}
    for zone in sorted(zones()):
        timetable = timetable_of(rules(f"business_timezone: {zone}\n"))
        local = ZoneInfo(zone)
        ends = [timetable.infer_manual_data_interval(run_after=month).end for month in MONTHS]
        firsts = [month.astimezone(local).date().replace(day=1) for month in MONTHS]
        if found := [
            (end, first) for end, first in zip(ends, firsts, strict=True) if as_of(end, zone) != first
        ]:
            wrong[zone] = found
    assert wrong == {}


@pytest.mark.parametrize("zone", CHANGES_AT_MIDNIGHT_ON_A_FIRST)
def test_every_month_of_a_zone_whose_clocks_change_at_midnight_is_as_of_its_first(rules, zone):
    timetable = timetable_of(rules(f"business_timezone: {zone}\n"))
    restriction = TimeRestriction(
        earliest=instance(datetime(2010, 1, 1, tzinfo=UTC)), latest=None, catchup=True
    )
    last: DataInterval | None = None
    seen = []
    while last is None or last.end < instance(datetime(2026, 1, 1, tzinfo=UTC)):
        info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        assert info is not None
        last = info.data_interval
        seen.append(as_of(last.end, zone))
    assert {day.day for day in seen} == {1}
    assert [(day.year * 12 + day.month) - (seen[0].year * 12 + seen[0].month) for day in seen] == list(
        range(len(seen))
    )


def test_the_schedule_is_that_of_the_deployment_s_own_zone(tmp_path, monkeypatch):
    (tmp_path / "rules.yml").write_text("business_timezone: Asia/Tokyo\n")
    monkeypatch.setenv("TIDEMARK_CONFIG_DIR", str(tmp_path))
    dag_file = runpy.run_path(str(PROJECT / "dags" / "monthly_segmentation.py"))
    dag = dag_file["monthly_segmentation"]
    assert dag_file["ZONE"].name == "Asia/Tokyo"
    assert dag is not None


@pytest.mark.parametrize(
    "text",
    ["", "business_timezone: Mars/Base\n", "business_timezone: 5\n", "business_timezone: [\n", "- a list\n", "business_timezone: localtime\n"],
)  # fmt: skip
def test_rules_that_can_not_be_used_leave_the_default_zone_and_no_import_error(rules, text):
    assert business_zone(rules(text)).name == "America/New_York"


def test_rules_that_are_wrong_elsewhere_and_the_deprecated_file_still_say_the_zone(tmp_path, rules):
    assert business_zone(rules("nonsense: 1\nbusiness_timezone: Asia/Tokyo\n")).name == "Asia/Tokyo"
    file = tmp_path / "old.yml"
    file.write_text("business_timezone: Europe/Berlin\n")
    assert business_zone(Settings(rules_file=file, config_dir=tmp_path / "none")).name == "Europe/Berlin"
    assert business_zone(Settings(config_dir=tmp_path / "none")).name == "America/New_York"


@pytest.mark.parametrize(
    ("before", "after", "starts_a_run"),
    [
        ("America/New_York", "Pacific/Honolulu", True),
        ("Pacific/Kiritimati", "Pacific/Honolulu", True),
        ("America/New_York", "Asia/Tokyo", False),
    ],
)
def test_a_run_that_a_change_of_the_zone_starts_is_for_a_month_that_the_schedule_has_run(
    rules, monkeypatch, before, after, starts_a_run
):
    now = instance(datetime(2026, 11, 15, tzinfo=UTC))
    monkeypatch.setattr(interval, "utcnow", lambda: now)
    last = timetable_of(rules(f"business_timezone: {before}\n")).infer_manual_data_interval(run_after=now)
    restriction = TimeRestriction(
        earliest=instance(datetime(2015, 1, 1, tzinfo=UTC)), latest=None, catchup=False
    )
    changed = timetable_of(rules(f"business_timezone: {after}\n"))
    info = changed.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
    assert info is not None
    assert (info.run_after <= now) == starts_a_run
    if starts_a_run:
        assert as_of(info.data_interval.end, after) == as_of(last.end, before)


def test_a_month_that_the_schedule_has_published_is_skipped_by_another_scheduled_run_only(monkeypatch):
    day = datetime(2026, 11, 1, tzinfo=UTC).date()
    first, second = "scheduled__2026-11-01T07:00:00+00:00", "scheduled__2026-11-01T12:00:00+00:00"

    def warehouse(*publications: tuple[str, str]) -> SimpleNamespace:
        rows = [
            {
                "publication_id": n,
                "as_of_date": day,
                "run_key": f"k{n}",
                "published_at": datetime(2026, 11, 1) + timedelta(hours=n),
                "action": action,
                "rules_hash": "r",
                "code_version": "c",
                "manifest_uri": "u",
                "manifest_sha256": "0",
                "dag_run_id": run,
            }
            for n, (run, action) in enumerate(publications)
        ]
        return SimpleNamespace(fetch=lambda *_: rows)

    with pytest.raises(
        NothingToDoError, match=f"published by the scheduled run {first[:20]}.*trigger a new run"
    ):
        refuse_scheduled_again(warehouse((first, "publish")), day, second)
    for published, run in [
        ([(first, "publish")], first),
        ([(first, "publish")], "manual__2026-11-15T00:00:00+00:00"),
        ([(first, "publish")], "backfill__2026-11-01T12:00:00+00:00"),
        ([("manual__1", "publish"), (first, "rollback")], second),
        ([], second),
    ]:
        refuse_scheduled_again(warehouse(*published), day, run)

    def nothing():
        raise NothingToDoError("There is nothing to do.")

    monkeypatch.setattr(stage_tasks, "get_current_context", lambda: {})
    with pytest.raises(AirflowSkipException, match="nothing to do"):
        stage_tasks.stage_task(nothing)()
