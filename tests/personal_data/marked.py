"""A deployment whose data hold one word in every text that may say who somebody is, and a search for that
word."""

import base64
import gzip
import json
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
from pydantic import SecretStr

from include.tidemark.demo.synthetic.dataset import FAMILIES, synthetic
from include.tidemark.demo.synthetic.writing import write_landing_files
from include.tidemark.settings import Settings

MARK = "qzmarked"
"""Eight letters: a report holds a megabyte of base 64, in which six letters of either case were found by
chance."""
_PACKED = re.compile(r'<script type="text/plain" id="file:[^"]+">([^<]+)</script>')
AS_OF, USERS = "2026-07-01", 400


def _of_one(column: str, users: str = "7") -> str:
    """A text of its own for each of the users whose ids end so."""
    return f"case when ends_with(user_id, '{users}') then '{column} of Qzmarked ' || user_id else {column} end as {column}"


_MARKS = {
    "users": f"""
        'qzmarked-' || user_id as user_id, 'Zoë Qzmarked ' || user_id as username, 'zoe.qzmarked.' || email as email,
        {_of_one("platform")}, {_of_one("country")}""",
    "events": f"""
        'qzmarked-' || user_id as user_id, 'qzmarked-' || event_id as event_id, 'qzmarked-' || session_id as session_id,
        json_object('note', 'Qzmarked of ' || user_id, 'qzmarked key', 1) as properties, {_of_one("event_name", "71")}""",
    "transactions": f"""
        'qzmarked-' || user_id as user_id, 'qzmarked-' || transaction_id as transaction_id, {_of_one("category", "71")},
        case when user_id = 'u72' and status = 'posted' then 'Qzmarked status' else status end as status""",
}

IDENTIFY = frozenset(
    """
    raw.users raw.events raw.transactions staging.stg_users staging.stg_events staging.stg_transactions
    core.fct_customer_category_daily core.fct_user_activity_daily core.fct_user_event_daily
    runs.customer_segments runs.customer_spend runs.user_engagement runs.user_segmentation runs.journey_times
    runs.dim_user_early_engagement runs.fct_user_cohorts
    runs.fct_user_weekly_summary runs.int_user_first_seen
    marts.dim_users marts.fact_events marts.fact_daily_user_events marts.fct_user_weekly_summary
    marts.fct_user_weekly_summary_current marts.customer_segments marts.customer_segments_current marts.user_engagement marts.user_engagement_current
    marts.user_segmentation marts.user_segmentation_current marts.dim_user_early_engagement
    marts.dim_user_early_engagement_current marts.fct_user_cohorts marts.fct_user_cohorts_current
    """.split()  # noqa: SIM905 - names to read
)
"""The only tables and views that may say who somebody is. Files may hold keyed hashes of the ids; nothing
else may hold anything."""


def write_marked_files(landing: Path, users: int = USERS) -> None:
    """The synthetic data set as landing files, with the mark in each text of a person's rows."""
    write_landing_files(landing, users)
    for table, marks in _MARKS.items():
        file, plain = landing / f"{table}.parquet", landing / "truth" / f"plain_{table}.parquet"
        shutil.move(file, plain)
        duckdb.sql(f"copy (select * replace ({marks}) from '{plain}') to '{file}' (format parquet)")
    shutil.rmtree(landing / "truth")


def marked_settings(folder: Path, **changes: Any) -> Settings:
    """A deployment of all families below a folder; ids are hashed as they are unless a deployment says
    otherwise."""
    config = folder / "config"
    if not config.exists():
        shutil.copytree(synthetic(USERS).config_dir, config)
        with (config / "rules.yml").open("a", encoding="utf-8") as rules:
            rules.write("\njourney_funnel_group: platform\n")
    return Settings(
        **{
            "duckdb_path": folder / "warehouse.duckdb",
            "landing_url": (folder / "landing").as_uri(),
            "artifact_root": (folder / "artifacts").as_uri(),
            "scratch_dir": folder,
            "config_dir": config,
            "families": FAMILIES,
            "id_hash_key": SecretStr("the key of the tests on personal data"),
        }
        | changes
    )


def marked_files(folder: Path) -> list[str]:
    """Files below a folder whose name or content says who somebody is."""
    return [
        str(file.relative_to(folder))
        for file in sorted(folder.rglob("*"))
        if file.is_file() and is_marked(str(file.relative_to(folder)), *_texts(file))
    ]


def _texts(file: Path) -> Iterator[str]:
    """Everything that a reader can get out of a file."""
    content = file.read_bytes()
    if content[:4] == b"PAR1":
        yield str(duckdb.sql(f"from '{file}'").fetchall())
    elif zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            yield from (archive.read(name).decode(errors="replace") for name in archive.namelist())
    text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode(errors="replace")
    yield text
    yield from (gzip.decompress(base64.b64decode(packed)).decode() for packed in _PACKED.findall(text))


def is_marked(*texts: object) -> bool:
    """Whether any text has the mark, in any letter case."""
    return any(MARK in str(text).lower() for text in texts)


def marked_tables(rows: Mapping[str, Any]) -> set[str]:
    """Tables with a marked cell, or a marked name of a column."""
    return {name for name, table in rows.items() if is_marked(table)}


def as_json(value: Any) -> str:
    """What Airflow's metadata database would keep of a task's result."""
    return json.dumps(value, ensure_ascii=False)
