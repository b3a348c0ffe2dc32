"""The types of rules, for the classes that declare them."""

from typing import Annotated

from pydantic import Field, StrictInt
from pydantic.config import JsonDict

Number = StrictInt | Annotated[float, Field(strict=True, allow_inf_nan=False)]
Money = Annotated[Number, Field(ge=0)]
Percent = Annotated[Number, Field(ge=0, le=100)]
Fraction = Annotated[Number, Field(ge=0, le=1)]
Count = Annotated[StrictInt, Field(ge=1)]
Days = Annotated[StrictInt, Field(ge=0, le=3660)]

ONCE: JsonDict = {"uniqueItems": True}
"""What the schema says of a list whose values the rules' own check wants each once."""
