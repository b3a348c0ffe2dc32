"""A run, with everything that it said: log records of every library, printed text, results of its stages, and
its error."""

import contextlib
import io
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
import structlog

from include.tidemark.orchestration.stage_tasks import stage_task
from include.tidemark.pipeline import build, in_order
from include.tidemark.settings import Settings
from tests.personal_data.marked import AS_OF, as_json

_STAGES = ("resolve_run", "load", "check_stage", "estimate", "publish")


@dataclass
class Said:
    """What a run said, place by place."""

    logs: list[str] = field(default_factory=list)
    printed: str = ""
    results: list[str] = field(default_factory=list)
    """What each stage's task would keep as XCom."""
    kept_logs: list[str] = field(default_factory=list)
    """Logs that are kept for whoever looks for the cause."""
    error: BaseException | None = None

    @property
    def everything(self) -> dict[str, list[str]]:
        """All texts by place."""
        return {
            "logs": self.logs,
            "printed": [self.printed],
            "XComs": self.results,
            "kept logs": self.kept_logs,
            "error": [] if self.error is None else as_logged(self.error),
        }


def run_and_listen(
    settings: Settings,
    as_of: str = AS_OF,
    before_models: Callable[[], None] = lambda: None,
    **parameters: Any,
) -> Said:
    """Run all stages, until one fails.

    Args:
        before_models: what happens between the check of the sources and the models.
    """
    said = Said()
    printed = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        _all_records(said.logs),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        for name in _STAGES:
            patch.setattr(in_order, name, _listening(getattr(in_order, name), said.results))
        build_models = in_order.build_models  # type: ignore[attr-defined]

        def build_after(*args: Any, **kwargs: Any) -> None:
            before_models()
            build_models(*args, **kwargs)

        patch.setattr(in_order, "build_models", build_after)
        patch.setattr(build, "keep_log", lambda name, content: said.kept_logs.append(content.decode()))
        try:
            in_order.run_in_order(
                settings,
                {"as_of_date": as_of, "n_resamples": 1000} | parameters,
                datetime(2026, 7, 3, 7, tzinfo=UTC),
            )
        except Exception as error:
            said.error = error
    said.printed = printed.getvalue()
    return said


def _listening(stage: Callable[..., Any], results: list[str]) -> Callable[..., Any]:
    def heard(*args: Any, **kwargs: Any) -> Any:
        result = stage(*args, **kwargs)
        results.append(as_json(result.to_xcom() if hasattr(result, "to_xcom") else result))
        return result

    return heard


@contextlib.contextmanager
def _all_records(texts: list[str]) -> Iterator[None]:
    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            texts.append(self.format(record))

    root, handler = logging.getLogger(), Handler(logging.NOTSET)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def as_logged(error: BaseException) -> list[str]:
    """The error as a shell, and as Airflow logs it where a task raised it: with all behind it that a
    traceback shows."""

    def stage() -> dict[str, Any]:
        raise error

    try:
        stage_task(stage)()
    except Exception as raised:
        # As Airflow sets it up for its task logs.
        transform = structlog.tracebacks.ExceptionDictTransformer(use_rich=False, show_locals=False)
        details = transform((type(raised), raised, raised.__traceback__))
        shell = "".join(traceback.format_exception(error))
        task = "".join(traceback.format_exception(raised))
        return [str(error), shell, task, as_json(details), as_json([str(arg) for arg in raised.args])]
    raise AssertionError("a task hid the error")


def tables_of(settings: Settings, kind: str = "%") -> dict[str, list[Any]]:
    """Columns and rows of every table and view of a DuckDB warehouse, or of its tables alone (`BASE
    TABLE`)."""
    with duckdb.connect(str(settings.duckdb_path), read_only=True) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables where table_type like ?",
            [kind],
        ).fetchall()
        return {
            name: [
                connection.execute(f"describe {name}").fetchall(),
                connection.execute(f"from {name}").fetchall(),
            ]
            for (name,) in names
        }
