"""Finds and reads landing files in S3; prints what it found as one JSON object.

Run by test_files_on_s3.py in the environment that MWAA would have: it needs the amazon provider and s3fs.
"""

import json
import sys
from pathlib import Path

import duckdb

from include.tidemark.errors import SourceError
from include.tidemark.init.look import look_at
from include.tidemark.init.places import find_places
from include.tidemark.settings import Settings
from include.tidemark.sources.files import find_files, local_copy
from include.tidemark.sources.sources_file import CsvOptions, TableSource
from include.tidemark.sources.tabular import stage
from tests.s3 import client_of


def main(folder: Path, bucket: str, conn_id: str, endpoint: str) -> None:
    """Read what test_files_on_s3.py has written, then again after a file was replaced."""
    settings = Settings(landing_url=f"s3://{bucket}/land", landing_conn_id=conn_id)

    def read(table: str, source: TableSource | None) -> dict[str, object]:
        try:
            files = find_files(settings, table, source)
            rows = []
            for file in files:
                with local_copy(file, folder) as local, duckdb.connect() as engine:
                    stage(
                        engine,
                        local,
                        file.uri,
                        file.format,
                        CsvOptions(),
                        file.partitions,
                        folder,
                        file.sidecar.rows,
                    )
                    rows += engine.execute("from landing").fetchall()
        except SourceError as error:
            return {"error": str(error)}
        return {
            "uris": [file.uri for file in files],
            "fingerprints": [file.fingerprint for file in files],
            "rows": rows,
            "left": sorted(path.name for path in folder.iterdir()),
        }

    found = {
        "contract": read("users", None),
        "partitions": read("orders", TableSource(files="orders/dt=*/*.csv", partitions=("dt",))),
        "spark": read("orders", TableSource(files="spark.csv")),
        "marked": read("orders", TableSource(files="marked/**")),
        "marked Spark": read("orders", TableSource(files="marked.csv")),
        "half": read("orders", TableSource(files="half.csv")),
        "left over": read("orders", TableSource(files="left/*.csv")),
        "folder": read("folder", None),
        "nothing": read("orders", TableSource(files="shop/*.csv")),
        "absent": read("events", None),
        "packed": read("orders", TableSource(files="packed/*")),
    }
    client = client_of(endpoint)
    client.put_object(Bucket=bucket, Key="land/users.csv", Body=b"id\n8\n")
    client.put_object(Bucket=bucket, Key="land/orders/dt=2026-01-03/c.csv", Body=b"id\n3\n")
    found["contract, replaced"] = read("users", None)
    found["partitions, one more"] = read("orders", TableSource(files="orders/dt=*/*.csv", partitions=("dt",)))
    found["looked at"] = [  # type: ignore[assignment]
        {
            "files": look.files,
            "columns": {column.name: column.cells for column in look.columns},
            "many": look.many,
        }
        for look in look_at(
            find_places(
                ["orders/people/*.csv", f"s3://{bucket}/land/orders/one.csv"], settings.landing_url, "duckdb"
            ).found,
            settings,
        )
    ]
    print("FOUND", json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
