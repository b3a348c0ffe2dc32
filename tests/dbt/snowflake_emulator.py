"""An emulated Snowflake for one test. Runs in the emulator's own environment, not in pytest's.

`serve FOLDER PORT` makes the tables of FOLDER/setup.sql, fills them from FOLDER/<schema>.<table>.parquet, serves them until
it is interrupted (SIGINT), and then writes the tables that FOLDER/export.txt names to FOLDER/<schema>.<table>.out.parquet.
`execute PORT` runs the statements of its standard input, one a line, as a client.
"""

import gzip
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import fakesnow.server
import snowflake.connector
import uvicorn

DATABASE = "TIDEMARK"


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """The emulator, for which `alter session` (dbt's query tag) is no statement: its sessions have no parameters."""
    if scope["type"] != "http" or scope["path"] != "/queries/v1/query-request":
        await fakesnow.server.app(scope, receive, send)
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.lower(): value for name, value in scope["headers"]}
    plain = gzip.decompress(body) if headers.get(b"content-encoding") == b"gzip" else body
    request = json.loads(plain)
    if request["sqlText"].lstrip().lower().startswith("alter session set"):
        plain = json.dumps(request | {"sqlText": "select 'Statement executed successfully.'"}).encode()
    headers.pop(b"content-encoding", None)
    headers[b"content-length"] = str(len(plain)).encode()

    async def again() -> Any:
        return {"type": "http.request", "body": plain, "more_body": False}

    await fakesnow.server.app(scope | {"headers": list(headers.items())}, again, send)


def serve(folder: Path, port: int) -> None:
    shared = fakesnow.server.shared_fs
    cursor = shared.connect(database=DATABASE, schema="PUBLIC").cursor()
    for statement in (folder / "setup.sql").read_text(encoding="utf-8").split(";"):
        if statement.strip():
            cursor.execute(statement)
    # Straight into the DuckDB below: thousands of rows as SQL text take the emulator half a minute to translate.
    for file in folder.glob("*.parquet"):
        shared.duck_conn.execute(f"insert into {DATABASE}.{file.stem} from '{file}'")
    with suppress(KeyboardInterrupt):
        uvicorn.run(answer, host="127.0.0.1", port=port, log_level="warning")
    for table in (folder / "export.txt").read_text(encoding="utf-8").split():
        shared.duck_conn.execute(f"copy {DATABASE}.{table} to '{folder / table}.out.parquet'")


def execute(port: int) -> None:
    with snowflake.connector.connect(
        user="test", password="none", account="emulator", database=DATABASE, schema="PUBLIC",
        host="127.0.0.1", port=port, protocol="http",
    ) as connection:  # fmt: skip
        for statement in sys.stdin.read().splitlines():
            connection.cursor().execute(statement)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        execute(int(sys.argv[2]))
