"""The types of rules, for the classes that declare them."""

from typing import Annotated

from pydantic import Field, StrictInt

Number = StrictInt | Annotated[float, Field(strict=True, allow_inf_nan=False)]
Money = Annotated[Number, Field(ge=0)]
Percent = Annotated[Number, Field(ge=0, le=100)]
Fraction = Annotated[Number, Field(ge=0, le=1)]
Count = Annotated[StrictInt, Field(ge=1)]
Days = Annotated[StrictInt, Field(ge=0, le=3660)]
