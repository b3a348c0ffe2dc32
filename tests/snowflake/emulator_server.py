"""An emulated Snowflake behind TLS. Runs in the emulator's own environment, not in pytest's.

`emulator_server.py FOLDER PORT` serves until it is interrupted (SIGINT). Needs FOLDER/cert.pem and
FOLDER/key.pem. The account starts with the tables of FOLDER/given/setup.sql and the rows of
FOLDER/given/<schema>.<table>.parquet, or empty. Each login and each statement becomes one line of
FOLDER/requests.jsonl, without the credentials of a login. At the end every table and view of the project's
schemas is written to FOLDER/<schema>.<table>.parquet.
"""

import gzip
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import fakesnow.arrow
import fakesnow.server
import fakesnow.transforms
import pyarrow as pa
import pyarrow.compute as pc
import uvicorn

DATABASE = "TIDEMARK"
SCHEMAS = ("RAW", "CORE", "RUNS", "MARTS", "CONTROL")
SHOWN_AT_LOGIN = (
    "LOGIN_NAME", "ACCOUNT_NAME", "AUTHENTICATOR", "SESSION_PARAMETERS", "CLIENT_ENVIRONMENT",
)  # fmt: skip
LOGIN = "/session/v1/login-request"
QUERY = "/queries/v1/query-request"
UNKNOWN = ("alter session set", "remove @")
"""Statements that the emulator can't run, and takes for done: its sessions have no parameters."""


class Recorder:
    """ASGI: passes everything on, and writes down who logs in and which statements come in which session."""

    def __init__(self, app: Any, file: Path) -> None:
        self.app = app
        self.lines = file.open("a", encoding="utf-8", buffering=1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] not in (LOGIN, QUERY):
            await self.app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        request = json.loads(gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
        answer, start = bytearray(), dict[str, Any]()

        async def again() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def listen(message: Any) -> None:
            if scope["path"] != LOGIN:
                await send(message)
            elif message["type"] == "http.response.start":
                start.update(message)
            else:
                answer.extend(with_session(message["body"], scope["query_string"].decode()))
                length = (b"content-length", str(len(answer)).encode())
                await send(start | {"headers": [length, (b"content-type", b"application/json")]})
                await send(message | {"body": bytes(answer)})

        if scope["path"] == QUERY:
            self._write(session=headers.get("authorization", "")[17:29], sql=request["sqlText"])
            if request["sqlText"].lstrip().lower().startswith(UNKNOWN):
                body = json.dumps(request | {"sqlText": "select 'Statement executed successfully.'"}).encode()
                encoded = (b"content-length", b"content-encoding")
                scope = scope | {"headers": [h for h in scope["headers"] if h[0].lower() not in encoded]}
        await self.app(scope, again, listen)
        if scope["path"] == LOGIN:
            data = request["data"]
            self._write(
                session=json.loads(answer)["data"]["token"][:12],
                login={name: data.get(name) for name in SHOWN_AT_LOGIN},
                query=scope["query_string"].decode(),
            )

    def _write(self, **line: Any) -> None:
        self.lines.write(json.dumps(line) + "\n")


def with_session(answer: bytes, query: str) -> bytes:
    """The answer to a login with the role and the warehouse of the session, which the emulator leaves out."""
    asked, content = parse_qs(query), json.loads(answer)
    names = {"roleName": "roleName", "warehouseName": "warehouse"}
    content["data"]["sessionInfo"] |= {ours: asked.get(theirs, [None])[0] for ours, theirs in names.items()}
    return json.dumps(content).encode()


def with_nulls(to_struct: Any) -> Any:
    """The emulator's own conversion of timestamps, with the nulls that it forgets: they would be 1970 in
    Arrow batches."""

    def convert(moments: Any) -> Any:
        moments = moments.combine_chunks() if isinstance(moments, pa.ChunkedArray) else moments
        struct = to_struct(moments)
        parts = [pc.fill_null(struct.field(place), 0) for place in range(struct.type.num_fields)]
        return pa.StructArray.from_arrays(parts, fields=list(struct.type), mask=moments.is_null())

    return convert


def fill(folder: Path) -> None:
    """Give the account what it starts with."""
    shared = fakesnow.server.shared_fs
    cursor = shared.connect(database=DATABASE, schema="PUBLIC").cursor()
    setup = folder / "setup.sql"
    for statement in setup.read_text(encoding="utf-8").split(";") if setup.exists() else []:
        cursor.execute(statement)
    # Straight into the DuckDB below: thousands of rows as SQL text take the emulator half a minute to
    # translate.
    for file in folder.glob("*.parquet"):
        shared.duck_conn.execute(f"insert into {DATABASE}.{file.stem} from '{file}'")


def main(folder: Path, port: int) -> None:
    # It takes every sum through doubles, lest the argument be text. Snowflake sums its decimal numbers
    # exactly, and so shall the emulator: no sum of ours is of text.
    fakesnow.transforms.numeric_agg_implicit_cast = lambda expression: expression
    fakesnow.arrow.timestamp_to_sf_struct = with_nulls(fakesnow.arrow.timestamp_to_sf_struct)
    fill(folder / "given")
    app = Recorder(fakesnow.server.app, folder / "requests.jsonl")
    with suppress(KeyboardInterrupt):
        uvicorn.run(
            app,
            host="127.0.0.1",
            port=port,
            log_level="warning",
            timeout_graceful_shutdown=2,
            ssl_certfile=str(folder / "cert.pem"),
            ssl_keyfile=str(folder / "key.pem"),
        )
    shared = fakesnow.server.shared_fs
    tables = shared.duck_conn.execute(
        "select table_schema, table_name from information_schema.tables"
        f" where table_catalog = '{DATABASE}' and upper(table_schema) in {SCHEMAS}"
    ).fetchall()
    for schema, table in tables:
        file = folder / f"{schema}.{table}.parquet".lower()
        shared.duck_conn.execute(
            f'copy (from {DATABASE}."{schema}"."{table}") to \'{file}\' (format parquet)'
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
