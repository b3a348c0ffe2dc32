"""A lock, the network, throttling and a full disk are tried again; what contract, rules or gate say is
final."""

import errno
import sqlite3
from types import SimpleNamespace

import duckdb
import httpx
import pytest
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import ClientError, EndpointConnectionError

from include.tidemark.errors import GateError, SettingsError, SourceError
from include.tidemark.orchestration import stage_tasks
from include.tidemark.orchestration.stage_tasks import stage_task
from include.tidemark.pipeline import in_order
from include.tidemark.sources.staged_view import explained
from include.tidemark.transient import is_transient


def answered(status):
    return ClientError({"Error": {"Code": "x"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutObject")


def told(cause):
    """A sentence of ours that was made of another error."""
    try:
        try:
            raise cause
        except Exception:
            raise SettingsError("The artifact root can't be read; let this user read it.") from None
    except SettingsError as error:
        return error


class OfSnowflakeError(Exception):
    def __init__(self, sqlstate):
        self.sqlstate = sqlstate


GO_AWAY = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EBUSY, "SlowDown"),
    ConnectionResetError(),
    TimeoutError(),
    duckdb.IOException("IO Error: Could not set lock on file"),
    answered(503),
    answered(429),
    EndpointConnectionError(endpoint_url="http://x"),
    httpx.ConnectError("refused"),
    OfSnowflakeError("08001"),
    told(TimeoutError()),
]
STAY = [
    GateError("a check failed"),
    SourceError("a file is cut off"),
    PermissionError(errno.EACCES, "not yours"),
    FileNotFoundError(errno.ENOENT, "gone"),
    duckdb.IOException("IO Error: No files found"),
    duckdb.ConversionException("Could not convert"),
    answered(403),
    OfSnowflakeError("22018"),
    ValueError("timed out"),
    told(PermissionError(errno.EACCES, "not yours")),
    sqlite3.OperationalError("no such table"),
]


@pytest.mark.parametrize("error", GO_AWAY, ids=repr)
def test_what_goes_away_by_itself_is_known(error):
    assert is_transient(error)


@pytest.mark.parametrize("error", STAY, ids=repr)
def test_what_fails_again_is_known(error):
    assert not is_transient(error)


def raising(error):
    def stage():
        raise error

    return stage


def test_a_task_fails_for_good_with_our_sentence_and_is_tried_again_where_that_is_about_something_that_goes_away(
    monkeypatch,
):
    monkeypatch.setattr(
        stage_tasks, "get_current_context", lambda: {"ti": SimpleNamespace(task_id="publish")}
    )
    with pytest.raises(AirflowFailException, match="a check failed"):
        stage_task(raising(GateError("a check failed")))()
    with pytest.raises(SettingsError):
        stage_task(raising(told(TimeoutError())))()


@pytest.mark.parametrize(
    "error",
    [
        duckdb.OutOfMemoryException("Out of Memory Error: failed to offload data block"),
        duckdb.IOException("IO Error: Could not write file: No space left on device"),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
    ids=repr,
)
def test_memory_and_disk_of_this_machine_are_not_the_file_s_fault_and_leave_a_task_its_retries(error):
    told_of_the_file = explained(error, "s3://landing/a.csv") if isinstance(error, duckdb.Error) else error
    with pytest.raises(type(error)) as raised:
        stage_task(raising(told_of_the_file))()
    assert raised.value is error and stage_tasks.TASK_DEFAULTS["retries"] > 0


@pytest.mark.parametrize(("error", "tries"), [(TimeoutError(), 3), (GateError("a check failed"), 1)])
def test_a_stage_from_the_shell_is_tried_again_with_growing_pauses_where_that_may_help(
    monkeypatch, error, tries
):
    pauses = []
    again = in_order._again_where_it_may_help
    monkeypatch.setattr(again.retry, "sleep", pauses.append)
    calls = []

    def work():
        calls.append(1)
        if len(calls) < 3:
            raise error
        return "done"

    if tries == 3:
        assert again(work) == "done"
    else:
        with pytest.raises(GateError):
            again(work)
    assert (len(calls), len(pauses)) == (tries, tries - 1)
