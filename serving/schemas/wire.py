"""The wire: what every request and answer keeps to."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(min_length=1, max_length=256)]
Ids = Annotated[list[Id], Field(max_length=1000)]
PlacementName = Annotated[str, Field(max_length=64)]


class Wire(BaseModel):
    """What every request keeps to: unknown keys are errors, and so is "10" where 10 is meant."""

    model_config: ClassVar = ConfigDict(extra="forbid", frozen=True, strict=True)
