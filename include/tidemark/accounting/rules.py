"""The limits of the row account."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from include.tidemark.rule_types import Percent, refuse_warnings_above_stops

Reason = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Points = Annotated[Percent, Field(gt=0)]


class RowAccountLimit(BaseModel):
    """How large a share of a table's rows before the as-of date, or of their amounts, a reason may leave out,
    in per cent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    warning_pct: Percent
    critical_pct: Percent

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.warning_pct > self.critical_pct:
            raise ValueError("warning_pct is above critical_pct, so no warning would ever be given")
        return self


class RowAccountRules(BaseModel):
    """The row account's part of the rules."""

    row_account_limits: dict[Reason, RowAccountLimit]
    row_account_growth_warning_points: Points
    row_account_growth_critical_points: Points

    @model_validator(mode="after")
    def _growth_in_order(self) -> Self:
        refuse_warnings_above_stops(
            self, ("row_account_growth_warning_points", "row_account_growth_critical_points")
        )
        return self
