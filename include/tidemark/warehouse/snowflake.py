"""Snowflake, through the provider's hook, so that the connection and its secrets stay Airflow's."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

from include.tidemark.warehouse.base import Row


class SnowflakeWarehouse:
    """A session with Snowflake. `?` in our SQL becomes the connector's own mark; no statement of ours holds a literal one."""

    dialect = "snowflake"

    def __init__(self, conn_id: str) -> None:
        self._connection = SnowflakeHook(snowflake_conn_id=conn_id).get_conn()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        with self._connection.cursor() as cursor:
            self._run(cursor, sql, parameters)

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        with self._connection.cursor() as cursor:
            self._run(cursor, sql, parameters)
            names = [column[0].lower() for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def batches(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[pa.RecordBatch]:
        with self._connection.cursor() as cursor:
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
            "select column_name, data_type from information_schema.columns"
            " where table_schema = ? and table_name = ? order by ordinal_position",
            (schema.upper(), table.upper()),
        )
        return {row["column_name"].lower(): row["data_type"].lower() for row in rows}

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            names = list(rows[0])
            marks = ", ".join("%s" for _ in names)
            with self._connection.cursor() as cursor:
                cursor.executemany(
                    f"insert into {table} ({', '.join(names)}) values ({marks})",
                    [[row[name] for name in names] for row in rows],
                )

    def replace_from_parquet(self, table: str, file: Path) -> int:
        """Upload to the table's own stage, then swap the rows in one transaction (`delete` keeps grants and can roll back)."""
        self.execute(f"put '{file.as_uri()}' @{_stage(table)} overwrite = true")
        with self.transaction():
            self.execute(f"delete from {table}")
            self.execute(
                f"copy into {table} from @{_stage(table)} files = ('{file.name}')"
                " file_format = (type = parquet use_logical_type = true) match_by_column_name = case_insensitive purge = true"
            )
            count = self.fetch(f"select count(*) as n from {table}")[0]["n"]
        return int(count)

    def close(self) -> None:
        self._connection.close()

    @staticmethod
    def _run(cursor: Any, sql: str, parameters: Sequence[Any]) -> None:
        if parameters:
            cursor.execute(sql.replace("%", "%%").replace("?", "%s"), list(parameters))
        else:
            cursor.execute(sql)


def _stage(table: str) -> str:
    schema, name = table.split(".")
    return f"{schema}.%{name}"
