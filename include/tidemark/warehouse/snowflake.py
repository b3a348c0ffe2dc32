"""Snowflake, through the provider's hook, so that the connection and its secrets stay Airflow's."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook
from snowflake.connector.constants import FIELD_ID_TO_NAME
from snowflake.connector.errors import DatabaseError, ProgrammingError

from include.tidemark.scratch import scratch_folder
from include.tidemark.settings import Settings
from include.tidemark.warehouse.base import Row, WarehouseDataError, WarehouseRefusedError
from include.tidemark.warehouse.query_tag import current_tag

# What our SQL takes for granted, and what an account, a user or a connection may have set otherwise.
_SESSION = {"TIMEZONE": "UTC", "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ", "WEEK_START": 0}

# The connector writes the values into the statement, and Snowflake takes statements of up to 1 MB: our widest
# rows have about 1 KB. More rows go through a file.
_ROWS_AN_INSERT = 200

_ABOUT_VALUES = ("22", "23")
"""SQLSTATE's classes for data and for constraints: such messages quote values of rows."""


class _Hook(SnowflakeHook):
    """The provider's hook, which before its version 6.20 gives a programmatic access token where the
    connector reads none."""

    def _get_conn_params(self) -> dict[str, str | None]:
        parameters: dict[str, str | None] = super()._get_conn_params()
        if parameters.get("authenticator") == "programmatic_access_token":
            parameters["token"] = parameters.get("token") or parameters["password"]
        return parameters


def connect_to_snowflake(settings: Settings) -> Any:
    """A connection of the provider's hook, with our session parameters and the tag of what it is opened
    for."""
    hook = _Hook(
        snowflake_conn_id=settings.snowflake_conn_id,
        **{
            name: value
            for name, value in (
                ("role", settings.snowflake_role),
                ("warehouse", settings.snowflake_warehouse),
                ("database", settings.snowflake_database),
            )
            if value
        },
    )
    theirs = hook.get_connection(settings.snowflake_conn_id).extra_dejson.get("session_parameters") or {}
    hook.session_parameters = theirs | _SESSION | {"QUERY_TAG": current_tag()}
    return hook.get_conn()


class SnowflakeWarehouse:
    """A session with Snowflake. `?` in our SQL becomes the connector's own mark; no statement of ours holds a
    literal one."""

    dialect = "snowflake"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection = connect_to_snowflake(settings)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        with _without_values(), self._connection.cursor() as cursor:
            self._run(cursor, sql, parameters)

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        with _without_values():
            return self._fetch(sql, parameters)

    def _fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        with self._connection.cursor() as cursor:
            self._run(cursor, sql, parameters)
            names = [column[0].lower() for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def batches(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[pa.RecordBatch]:
        with _without_values(), self._connection.cursor() as cursor:
            self._run(cursor, sql, parameters)
            for table in cursor.fetch_arrow_batches():
                yield from table.rename_columns([name.lower() for name in table.column_names]).to_batches()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("begin")
        try:
            yield
        except BaseException:
            self.execute("rollback")
            raise
        self.execute("commit")

    def columns(self, schema: str, table: str) -> dict[str, str]:
        rows = self.fetch(
            "select column_name, data_type, numeric_precision, numeric_scale from information_schema.columns"
            " where table_schema = ? and table_name = ? order by ordinal_position",
            (schema.upper(), table.upper()),
        )
        return {_unquoted(row["column_name"]): _type_in_schema(row) for row in rows}

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if len(rows) > _ROWS_AN_INSERT:
            self._insert_as_file(table, rows)
        elif rows:
            names = list(rows[0])
            marks = ", ".join("%s" for _ in names)
            with _without_values(), self._connection.cursor() as cursor:
                cursor.executemany(
                    f"insert into {table} ({', '.join(names)}) values ({marks})",
                    [[row[name] for name in names] for row in rows],
                )

    def describe(self, query: str) -> dict[str, str]:
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(f"select * from ({query}) as described where false")
            except ProgrammingError as error:
                raise WarehouseRefusedError(
                    str(error.raw_msg or error.msg).strip().replace("\n", " ")[:300]
                ) from None
            return {column.name: _type_of(column) for column in cursor.description or []}

    def probe(self, query: str) -> Row:
        try:
            return self._fetch(query)[0]
        except ProgrammingError as error:
            raise WarehouseRefusedError(f"Snowflake's error {error.errno}") from None

    def load_parquet(
        self, table: str, files: Sequence[Path], where: str | None, then: Callable[[int], None]
    ) -> None:
        """Upload first, then change the rows in one transaction (`delete` keeps grants and can roll back).

        Raises:
            RuntimeError: not every row of the files arrived; the table is as it was, and another try may
                succeed.
        """
        with ExitStack() as uploads:
            counts = {file: int(pq.read_metadata(file).num_rows) for file in files}
            # Of a file without rows Snowflake says nothing, so it is left out.
            staged = [
                (uploads.enter_context(self._staged(table, file)), rows)
                for file, rows in counts.items()
                if rows
            ]
            with self.transaction():
                self.execute(f"delete from {table}" + (f" where {where}" if where else ""))
                for place, rows in staged:
                    self._copy(table, place, rows)
                then(sum(rows for _, rows in staged))

    def _insert_as_file(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        with scratch_folder(self._settings, "rows") as folder:
            file = folder / "rows.parquet"
            frame = pa.Table.from_pylist([dict(row) for row in rows])
            untyped = [column.name for column in frame.schema if pa.types.is_null(column.type)]
            for name in untyped:
                frame = frame.set_column(
                    frame.schema.get_field_index(name), name, frame[name].cast(pa.string())
                )
            pq.write_table(frame, file)
            with self._staged(table, file) as place:
                self._copy(table, place, len(rows))

    @contextmanager
    def _staged(self, table: str, file: Path) -> Iterator[str]:
        """Put a file on the table's own stage, which needs no grant but the table; what fails leaves no file
        there.

        The folder is this load's own: other tasks and runs may be filling the same table through the same
        stage.
        """
        place = f"@{_stage(table)}/{uuid.uuid4().hex}/"
        self.execute(f"put '{file.as_uri()}' {place} auto_compress = false")
        try:
            yield place
        except BaseException:
            self.execute(f"remove {place}")
            raise

    def _copy(self, table: str, place: str, rows: int) -> None:
        """Append the rows of an uploaded file, which have to be that many.

        By force: a second try uploads the same bytes, which Snowflake would remember as loaded, and would
        pass over.
        """
        files = self.fetch(
            f"copy into {table} from {place}"
            " file_format = (type = parquet use_logical_type = true) match_by_column_name = case_insensitive"
            " force = true purge = true"
        )
        # Without a file there is one row that says so, and no error.
        loaded = sum(int(each.get("rows_loaded", 0)) for each in files)
        if loaded != rows:
            raise RuntimeError(
                f"Of {rows} rows for {table} Snowflake loaded {loaded}, so none of them is kept; try the task again."
            )

    def in_use(self) -> dict[str, str | None]:
        """Role, warehouse and database of the session, as the server said; None for one that it has not."""
        session = self._connection
        return {"role": session.role, "warehouse": session.warehouse, "database": session.database}

    def close(self) -> None:
        self._connection.close()

    @staticmethod
    def _run(cursor: Any, sql: str, parameters: Sequence[Any]) -> None:
        if parameters:
            cursor.execute(sql.replace("%", "%%").replace("?", "%s"), list(parameters))
        else:
            cursor.execute(sql)


@contextmanager
def _without_values() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        if str(error.sqlstate).startswith(_ABOUT_VALUES):
            raise WarehouseDataError(f"error {error.errno}") from None
        raise


def _stage(table: str) -> str:
    schema, name = table.split(".")
    return f"{schema}.%{name}"


def _unquoted(name: str) -> str:
    """A column as SQL without quotes writes it, or in quotes where SQL without them does not find it."""
    return name.lower() if name == name.upper() else f'"{name}"'


def _type_in_schema(row: Row) -> str:
    """The type of a column in words, with the decimals of a number that has some."""
    name = str(row["data_type"]).lower()
    return f"{name}({row['numeric_precision']},{row['numeric_scale']})" if row["numeric_scale"] else name


def _type_of(column: Any) -> str:
    """The type of a result's column in words."""
    name = str(FIELD_ID_TO_NAME[column.type_code]).lower()
    return f"number({column.precision},{column.scale})" if name == "fixed" else name
