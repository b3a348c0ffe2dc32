"""One landing file, staged."""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from include.tidemark.sources.sources_file import CsvOptions, FileFormat
from include.tidemark.sources.tabular import columns_of, stage


class Staged:
    """What a file of this content is read as."""

    def __init__(
        self,
        folder: Path,
        content: bytes | str,
        name: str = "orders.csv",
        format: FileFormat = "csv",
        csv: CsvOptions | None = None,
        partitions: Mapping[str, str | None] | None = None,
        promised: int | None = None,
    ) -> None:
        file = folder / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        with duckdb.connect() as engine:
            engine.execute("set preserve_insertion_order = true")
            self.count = stage(
                engine,
                file,
                f"s3://landing/{name}",
                format,
                csv or CsvOptions(),
                partitions or {},
                folder,
                promised,
            )
            self.columns = columns_of(engine)
            self.rows = engine.execute("from landing").fetchall()
            self.types = {name: kind for name, kind, *_ in engine.execute("describe landing").fetchall()}
