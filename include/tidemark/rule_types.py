"""The types of rules, for the classes that declare them."""

from typing import Annotated

from pydantic import BaseModel, Field, StrictInt
from pydantic.config import JsonDict

from include.tidemark.errors import ContradictionError

Number = StrictInt | Annotated[float, Field(strict=True, allow_inf_nan=False)]
Money = Annotated[Number, Field(ge=0)]
Percent = Annotated[Number, Field(ge=0, le=100)]
Fraction = Annotated[Number, Field(ge=0, le=1)]
Count = Annotated[StrictInt, Field(ge=1)]
Days = Annotated[StrictInt, Field(ge=0, le=3660)]

ONCE: JsonDict = {"uniqueItems": True}
"""What the schema says of a list whose values the rules' own check wants each once."""


def refuse_warnings_above_stops(rules: BaseModel, *pairs: tuple[str, str]) -> None:
    """Raises:
    ContradictionError: the first rule of a pair, from which on the gate warns, is above the second, from
    which on it stops.
    """
    for warning, critical in pairs:
        if getattr(rules, warning) > getattr(rules, critical):
            raise ContradictionError(
                f"{warning} ({getattr(rules, warning)}) is more than {critical} ({getattr(rules, critical)}), so no warning would"
                " ever be given",
                warning,
                critical,
            )
