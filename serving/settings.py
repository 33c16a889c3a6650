"""What a server is told by its environment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import InvalidSettings
from features.home import Home

_PREFIX: Final = "VITRINE_"


class ServerSettings(BaseModel):
    """One server's settings; each is a variable of the environment, such as `VITRINE_HOME`.

    Parameters
    ----------
    home : Path
        The shop's home folder.
    workers : int
        Server processes that share the port and the mapped bundle.
    insecure_development : {"0", "1"}
        "1" answers without API keys. For development only; the server says so when it starts.
    poll_seconds : float
        How often the promoted bundle, the placements and the keys are looked at.
    store_url : str or None
        The online store as an SQLAlchemy URL, such as `postgresql+psycopg://user@host/shop`; by
        default an SQLite file in the home folder.
    """

    model_config: ClassVar = ConfigDict(extra="forbid", frozen=True)

    home: Path = Path("shop")
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    insecure_development: Literal["0", "1"] = "0"
    poll_seconds: Annotated[float, Field(gt=0, le=3600)] = 1.0
    store_url: Annotated[str, Field(min_length=1)] | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings, and leave the environment's other variables alone.

        Raises
        ------
        InvalidSettings
            A variable has a value that it cannot have.

        Examples
        --------
        >>> ServerSettings.from_environment({"VITRINE_WORKERS": "2", "LANG": "C"}).workers
        2
        """
        given = {name: environment.get(_PREFIX + name.upper()) for name in cls.model_fields}
        try:
            return cls.model_validate({k: v for k, v in given.items() if v is not None})
        except ValidationError as error:
            raise InvalidSettings(
                "the environment has wrong settings; correct these variables",
                details=[
                    f"{_PREFIX}{str(one['loc'][0]).upper()} is {one['input']!r}: {one['msg']}"
                    for one in error.errors()
                ],
            ) from error

    @property
    def shop(self) -> Home:
        """The shop's home folder."""
        return Home(self.home)

    @property
    def store(self) -> str:
        """Where the online store is."""
        return self.store_url or f"sqlite:///{self.shop.store}"

    @property
    def needs_keys(self) -> bool:
        """False only where development without keys was asked for."""
        return self.insecure_development == "0"
