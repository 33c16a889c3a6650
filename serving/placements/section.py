"""A section of placements.toml: unknown keys are errors, and values never change."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """What every section keeps to."""

    model_config: ClassVar = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)
