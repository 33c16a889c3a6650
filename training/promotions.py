"""The history of promotions: who was champion when, why, and who stands behind whom."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal, Self


@dataclass(frozen=True, slots=True)
class Promotion:
    """One change of the champion.

    Parameters
    ----------
    action : {"promote", "rollback"}
        Forward, or back to the one before.
    version : int
        The champion since then.
    bundle_id : str
        Its bundle.
    at : datetime
        When; aware.
    reason : str
        The gate's finding, or what was said when it was rolled back.
    forced : bool
        Whether the gate was against it.
    """

    action: Literal["promote", "rollback"]
    version: int
    bundle_id: str
    at: datetime
    reason: str
    forced: bool = False

    def to_json(self) -> str:
        """Write as one line."""
        return json.dumps(asdict(self) | {"at": self.at.isoformat()})

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read what `to_json` wrote."""
        values = json.loads(line)
        return cls(**values | {"at": datetime.fromisoformat(values["at"])})


def champions(history: Iterable[Promotion]) -> tuple[int, ...]:
    """Name the versions a rollback can reach, the present champion last.

    Each rollback takes one off, so that rolling back twice goes further back.

    Parameters
    ----------
    history : iterable of Promotion
        Oldest first.

    Examples
    --------
    >>> day = datetime.fromisoformat("2011-12-09T00:00:00Z")
    >>> first, second = (Promotion("promote", n, "", day, "") for n in (1, 2))
    >>> back = Promotion("rollback", 1, "", day, "")
    >>> champions([first, second]), champions([first, second, back])
    ((1, 2), (1,))
    """
    standing: list[int] = []
    for one in history:
        if one.action == "promote":
            standing.append(one.version)
        else:
            standing.pop()
    return tuple(standing)
