"""People: what the shop knows about each user beside the history, as arrays."""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import InvalidInput

_MOST_PURPOSES: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Country and consent of each user, aligned to the user rows.

    Parameters
    ----------
    country_rows : ndarray of int16, shape (n_users,)
        Place in `countries`; -1 where it is not known.
    consents : ndarray of uint32, shape (n_users,)
        Bit i is set where the user agreed to `purposes[i]`.
    countries, purposes : tuple of str
        What the numbers mean.
    """

    country_rows: NDArray[np.int16]
    consents: NDArray[np.uint32]
    countries: tuple[str, ...]
    purposes: tuple[str, ...]

    @classmethod
    def of(cls, countries: list[str | None], consents: list[list[str] | None]) -> Self:
        """Build from one country and one list of purposes for each user.

        Raises
        ------
        InvalidInput
            There are more purposes than fit into `consents`.

        Examples
        --------
        >>> two = People.of(["NZ", None], [["email"], None])
        >>> two.consented("email").tolist(), two.country_rows.tolist()
        ([True, False], [0, -1])
        """
        names = tuple(sorted({one for one in countries if one}))
        places: dict[str | None, int] = {name: row for row, name in enumerate(names)}
        purposes = tuple(sorted({purpose for one in consents for purpose in one or ()}))
        if len(purposes) > _MOST_PURPOSES:
            raise InvalidInput(
                f"{len(purposes)} purposes of consent are more than {_MOST_PURPOSES};"
                f" map those of the user table, such as {purposes[0]!r}, to fewer"
            )
        bits = {purpose: 1 << place for place, purpose in enumerate(purposes)}
        return cls(
            country_rows=np.array([places.get(one, -1) for one in countries], dtype=np.int16),
            consents=np.array([sum({bits[p] for p in one or ()}) for one in consents], np.uint32),
            countries=names,
            purposes=purposes,
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give `country_rows` and `consents`, for storage."""
        return {"country_rows": self.country_rows, "consents": self.consents}

    def consented(self, purpose: str) -> NDArray[np.bool_]:
        """Mark the users who agreed to this purpose, shape (n_users,); silence is no consent."""
        if purpose not in self.purposes:
            return np.zeros(len(self.consents), dtype=np.bool_)
        agreed: NDArray[np.bool_] = (self.consents >> self.purposes.index(purpose)) & 1 == 1
        return agreed

    def agrees(self, user_row: int, purpose: str) -> bool:
        """Tell whether one user agreed to this purpose; somebody unknown, row -1, did not."""
        if user_row < 0 or purpose not in self.purposes:
            return False
        return bool((int(self.consents[user_row]) >> self.purposes.index(purpose)) & 1)

    @property
    def country_names(self) -> list[str | None]:
        """Name every user's country, None where it is not known."""
        return [self.countries[row] if row >= 0 else None for row in self.country_rows.tolist()]

    def country_of(self, user_row: int) -> str | None:
        """Name a user's country, where it is known."""
        country = int(self.country_rows[user_row])
        return self.countries[country] if country >= 0 else None
