"""Which errors go away by themselves: a lock, the network, throttling, a full disk. Everything else fails the
same way again.

Drivers are known by what they leave in their errors, so that none has to be imported.
"""

import errno
from collections.abc import Iterator

_NUMBERS = {
    errno.EAGAIN, errno.EBUSY, errno.EIO, errno.ESTALE, errno.ENOSPC, errno.EDQUOT, errno.ETIMEDOUT, errno.ECONNABORTED,
    errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE, errno.ENETDOWN, errno.ENETRESET, errno.ENETUNREACH,
    errno.EHOSTDOWN, errno.EHOSTUNREACH,
}  # fmt: skip
"""Of the system; s3fs gives EBUSY, EIO and ETIMEDOUT to what an object store says when it is busy."""
_STATUSES = {408, 429, 500, 502, 503, 504}
"""HTTP: try again later."""
_CONNECTION_SQLSTATE = "08"
_SAYINGS = ("Could not set lock", "No space left on device", "Connection reset", "timed out")
"""Of a database that gives its errors no number."""
_CLASSES = {
    "ConnectError", "ConnectTimeout", "ConnectTimeoutError", "ConnectionClosedError", "EndpointConnectionError", "NameResolutionError",
    "PoolTimeout", "ReadError", "ReadTimeout", "ReadTimeoutError", "RemoteProtocolError", "ServiceRequestError", "ServiceResponseError",
}  # fmt: skip
"""Of HTTP clients: httpx, botocore, urllib3, azure."""


def is_transient(error: BaseException) -> bool:
    """Whether the error, or one that led to it, goes away by itself."""
    return any(_goes_away(each) for each in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it: one that was told as a sentence still knows its cause."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _goes_away(error: BaseException) -> bool:
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    if isinstance(error, OSError) and error.errno in _NUMBERS:
        return True
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None) or getattr(error, "status", None)
    if isinstance(response, dict):
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if status in _STATUSES or str(getattr(error, "sqlstate", "") or "").startswith(_CONNECTION_SQLSTATE):
        return True
    if type(error).__name__ in _CLASSES:
        return True
    from_database = type(error).__module__.split(".", maxsplit=1)[0] in ("duckdb", "_duckdb", "snowflake")
    return from_database and any(saying in str(error) for saying in _SAYINGS)
