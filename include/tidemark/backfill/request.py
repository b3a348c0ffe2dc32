"""What somebody asks of a backfill."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from include.tidemark.as_of import newest_month
from include.tidemark.errors import RunIdentityError
from include.tidemark.history.reason import checked_reason, required_reason
from include.tidemark.settings import MONTHS_AT_ONCE, Settings

_MOST_MONTHS = 120


class BackfillRequest(BaseModel):
    """Which months to compute again, and how."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    from_date: date
    to_date: date
    """The first and the last as-of date; the firsts of months between them, both included, are computed."""
    families: tuple[str, ...] = ()
    """Empty, or every family that is enabled; fewer are refused. A publication holds a whole month, so a run
    with fewer would take the others away from consumers; and the daily facts are those of the enabled
    families, so a run with others would build all their days again, and the next run once more."""
    full_refresh: bool = False
    """Rebuild the daily facts from all rows, once, in the first month."""
    publish: bool = True
    max_parallel: int = Field(default=1, ge=1, le=MONTHS_AT_ONCE)
    stop_on_failure: bool = True
    reason: str | None = None
    dry_run: bool = True

    @field_validator("families", mode="before")
    @classmethod
    def _all(cls, families: Any) -> Any:
        return families or ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_date > self.to_date:
            raise ValueError("from_date is after to_date")
        if not self.months:
            raise ValueError("no first of a month is between from_date and to_date")
        if len(self.months) > _MOST_MONTHS:
            raise ValueError(f"these are {len(self.months)} months; ask for {_MOST_MONTHS} or fewer at once")
        return self

    @property
    def months(self) -> tuple[date, ...]:
        """The as-of dates, oldest first: each month is compared with the one before it."""
        first = self.from_date.year * 12 + self.from_date.month - 1 + (self.from_date.day > 1)
        last = self.to_date.year * 12 + self.to_date.month - 1
        return tuple(date(month // 12, month % 12 + 1, 1) for month in range(first, last + 1))

    def parameters(self, as_of_date: date, reason: str | None) -> dict[str, Any]:
        """The parameters of one month's run."""
        return {
            "as_of_date": as_of_date.isoformat(),
            "full_refresh": self.full_refresh and as_of_date == self.months[0],
            "publish": self.publish,
            "reason": reason,
        }


def make_request(
    parameters: Mapping[str, Any], settings: Settings, started_at: datetime, zone: str
) -> BackfillRequest:
    """The request of a form or a command line, checked.

    Args:
        parameters: the fields of `BackfillRequest`.
        started_at: when it was made: no month may begin later.
        zone: the business time zone.

    Raises:
        RunIdentityError: it can't be used; the message says which parameter, and what to do.
    """
    try:
        request = BackfillRequest.model_validate(parameters)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = f"The parameter {first['loc'][0]}" if first["loc"] else "The range"
        said = first["msg"].removeprefix("Value error, ")
        raise RunIdentityError(f"{name} of the backfill can't be used: {said}.") from None
    newest = newest_month(started_at, zone)
    if request.months[-1] > newest:
        raise RunIdentityError(
            f"The backfill ends with the month as of {request.months[-1]}, which is not over; the newest that is, is {newest}."
        )
    if request.max_parallel > 1 and settings.warehouse == "duckdb":
        raise RunIdentityError(
            "A DuckDB file serves one process at a time, so months can't be computed at once; leave max_parallel at 1."
        )
    reason = (checked_reason if request.dry_run else lambda text: required_reason(text, "A backfill"))(
        request.reason
    )
    return request.model_copy(update={"reason": reason})
