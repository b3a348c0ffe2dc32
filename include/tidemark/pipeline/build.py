"""The models stage from a shell: the same dbt build that Cosmos starts, without Airflow."""

import json
import os
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from include.tidemark.data_errors import event_without_values, without_values
from include.tidemark.enabled import dbt_selection, families_of
from include.tidemark.errors import SettingsError, TidemarkError
from include.tidemark.kept_logs import keep_log
from include.tidemark.parent_death import ends_with_parent
from include.tidemark.paths import DBT_DIR, LOCAL_STATE
from include.tidemark.pipeline.dbt_failures import failures_in
from include.tidemark.pipeline.dbt_variables import dbt_variables, run_environment
from include.tidemark.run import Run
from include.tidemark.scratch import scratch_folder
from include.tidemark.settings import Settings

_TAIL_LINES = 12
"""How much of dbt's output an error shows."""
_REPEATED = frozenset({"LogTestResult", "LogModelResult", "LogNodeResult", "EndOfRunSummary", "StatsLine"})
"""dbt's errors that it says once more, with the reason, at its end."""
_EVENTS = ("--log-format", "json", "--log-format-file", "debug", "--no-use-colors")
"""Makes dbt print an event a line; its log file stays for people."""
_PARSED = LOCAL_STATE / "dbt" / "partial_parse.msgpack"
"""Never in the project's own target folder, where Cosmos would take it for its own (and fail where it may not
be written)."""
_SECONDS_TO_END = 10
"""How long dbt may take to end when it is told to."""


class BuildError(TidemarkError):
    """dbt could not build the candidate."""


def dbt_environment(settings: Settings) -> dict[str, str]:
    """What dbt's profile reads from the environment, and how dbt behaves in a run."""
    return {
        # dbt works in the project's folder, so a path that is relative to the caller's would be another file
        # there.
        "TIDEMARK_DUCKDB_PATH": str(settings.duckdb_path.absolute()),
        "TIDEMARK_DBT_THREADS": str(settings.dbt_threads),
        # Unit tests check the rules before a deployment; in a run they would only cost time.
        "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
        # A test that also looks at a family which is not enabled would find no table. Not "cautious": where
        # each model is tested by a process of its own, that leaves out every test which compares the model
        # with what it reads.
        "DBT_INDIRECT_SELECTION": "buildable",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def build_command(
    run: Run, settings: Settings, target: Path, select: Sequence[str] | None = None
) -> list[str]:
    """The command line of the one dbt process that builds and tests the enabled families' models.

    Args:
        select: of dbt's nodes, instead of all that the families need.
    """
    chosen = dbt_selection(families_of(run))
    return [
        str(settings.dbt_executable), "build", "--project-dir", str(DBT_DIR),
        "--profiles-dir", str(_profiles(settings, target)),
        "--target", settings.warehouse, "--target-path", str(target), "--log-path", str(target),
        "--vars", json.dumps(dbt_variables(run)),
        "--select", *(select or chosen.select),
        *(["--exclude", *chosen.exclude] if chosen.exclude and not select else []),
        *(["--full-refresh"] if run.options.full_refresh else []),
    ]  # fmt: skip


def require_dbt(settings: Settings) -> None:
    """Raises:
    SettingsError: dbt is not where the settings say.
    """
    if not os.access(settings.dbt_executable, os.X_OK):
        raise SettingsError(
            f"There is no dbt at {settings.dbt_executable}; install its environment with `make setup` in the project's folder, or"
            " set TIDEMARK_DBT_EXECUTABLE to the dbt of an environment that has dbt/requirements.txt."
        )


def build_models(
    run: Run,
    settings: Settings,
    select: Sequence[str] | None = None,
    *,
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> None:
    """Build and test the models. However this ends, neither a dbt process nor a file of dbt's is left, but a
    failed one's log.

    Args:
        select: as in `build_command`.
        on_progress: told how many of the models and tests are done, out of how many, as often as that
            changes.

    Raises:
        SettingsError: dbt is not where the settings say.
        BuildError: dbt failed; the message holds its errors and names its log.
    """
    require_dbt(settings)
    with scratch_folder(settings, "dbt", run.run_key) as target:
        _, environment = dbt_profile(settings, target)
        environment |= run_environment(run) | _parsed_before()
        with _dbt([*build_command(run, settings, target, select), *_EVENTS], environment) as process:
            tail = _follow(process.stdout or (), on_progress)
        if process.returncode:
            said = " | ".join(line.strip() for line in tail[:_TAIL_LINES])
            failed = failures_in(tail)
            raise BuildError(
                f"dbt failed for run {run.run_key}{failed and f': {failed}'}"
                f" ({how_it_ended(process.returncode)}; {_kept(target / 'dbt.log')}): {said}"
            )
        _keep_parsed(target)


def _parsed_before() -> dict[str, str]:
    """Where dbt finds what it has parsed for the run before: it then parses what differs, which saves most of
    its start."""
    return {"DBT_PARTIAL_PARSE_FILE_PATH": str(_PARSED)} if _PARSED.is_file() else {}


def _keep_parsed(target: Path) -> None:
    """Keep what dbt has parsed for the next run, whole at every moment; where the project can't be written,
    every run parses."""
    parsed, copy = target / _PARSED.name, _PARSED.with_name(target.parent.name)
    with suppress(OSError):
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(parsed, copy)
        copy.replace(_PARSED)


def _kept(log: Path) -> str:
    """Where the log is now."""
    text = without_values(log.read_text(encoding="utf-8", errors="replace")) if log.exists() else None
    kept = keep_log("dbt", text.encode()) if text is not None else None
    return f"its log is {kept}" if kept else "it left no log"


def how_it_ended(returncode: int) -> str:
    """The exit status of a process in words, with the signal that killed it.

    >>> how_it_ended(2), how_it_ended(-9)
    ('exit status 2', 'killed by signal 9, SIGKILL')
    """
    if returncode >= 0:
        return f"exit status {returncode}"
    try:
        return f"killed by signal {-returncode}, {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"


@contextmanager
def _dbt(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The process, which outlives neither the block nor this process: a Ctrl-C in a terminal reaches it by
    itself."""
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        preexec_fn=ends_with_parent(),  # noqa: PLW1509 - one system call, of a library that is loaded
    ) as process:
        try:
            yield process
        except BaseException:
            process.terminate()
            try:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_SECONDS_TO_END)
            finally:
                process.kill()
            raise


def _follow(lines: Iterable[str], on_progress: Callable[[int, int], None]) -> Sequence[str]:
    """Read dbt's output to its end; returns its errors, or its last lines where it names none, as a person
    would have seen them."""
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    errors: list[str] = []
    done = 0
    for line in lines:
        event = event_of(event_without_values(line))
        said = [part for part in event["info"]["msg"].splitlines() if part.strip()]
        tail.extend(said)
        if event["info"]["level"] == "error" and event["info"]["name"] not in _REPEATED:
            errors += said
        data = event["data"]
        if "index" in data and event["info"]["name"] != "LogStartLine":
            done += 1
            on_progress(done, data.get("total") or data["num_models"])
    return errors or list(tail)


def event_of(line: str) -> dict[str, Any]:
    """One line of dbt's log as its event; what is none, such as Python's own words, as an event without
    data."""
    try:
        event: dict[str, Any] = json.loads(line)
        info = {name: event["info"].get(name, "") for name in ("name", "msg", "level")}
        return {"info": info, "data": event["data"]}
    except (ValueError, TypeError, KeyError):
        return {"info": {"name": "", "msg": line, "level": ""}, "data": {}}


def dbt_profile(settings: Settings, folder: Path) -> tuple[Path, dict[str, str]]:
    """Where dbt finds its profile, which is written into the folder if need be, and the environment that it
    runs in."""
    return _profiles(settings, folder), os.environ | dbt_environment(settings) | _write_profile(
        settings, folder
    )


def _profiles(settings: Settings, folder: Path) -> Path:
    return folder if settings.warehouse == "snowflake" else DBT_DIR


def _write_profile(settings: Settings, folder: Path) -> dict[str, str]:
    """Write the profile that Cosmos would, where the project's own is not used; returns the secrets that it
    names."""
    if settings.warehouse != "snowflake":
        return {}
    from include.tidemark.warehouse.snowflake_profile import PROFILE, TARGET, snowflake_profile

    mapping = snowflake_profile(settings)
    (folder / "profiles.yml").write_text(mapping.get_profile_file_contents(PROFILE, TARGET), encoding="utf-8")
    return mapping.env_vars
