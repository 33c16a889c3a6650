"""News: what the store adds to a bundle about the people who ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from serving.errors import StoreUnavailable
from serving.store import PersonNews


@dataclass(frozen=True, slots=True, eq=False)
class News:
    """What is known of n people beside the bundle.

    Parameters
    ----------
    people : sequence of PersonNews
        Who they are now, and what they did since the bundle.
    shown : sequence of mapping of str to int
        How often each was shown which item lately; empty where nobody wanted to know.
    consents : mapping of str to mapping of str to bool
        For each purpose that was asked about: who gave or withdrew it since the bundle.
    trending_now : ndarray of int32, shape (n_trend_rows, depth), optional
        What is wanted most right now in the country of each row of `Trends.top`; -1 for none.
    degraded : bool
        True where the store could not be asked: the bundle alone answers.
    """

    people: Sequence[PersonNews]
    shown: Sequence[Mapping[str, int]] = ()
    consents: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    trending_now: NDArray[np.int32] | None = None
    degraded: bool = False

    @classmethod
    def none(cls, persons: Sequence[str | None], *, degraded: bool = False) -> Self:
        """Know nothing new of these people."""
        return cls(
            [PersonNews(person, (), [], [], [], []) for person in persons], degraded=degraded
        )

    def take(self, place: int) -> Self:
        """Give one person's part."""
        shown = self.shown[place : place + 1]
        return type(self)(
            self.people[place : place + 1], shown, self.consents, self.trending_now, self.degraded
        )

    def agrees(self, place: int, purpose: str, *, by_bundle: bool) -> bool:
        """Tell whether a person agrees to something now.

        Parameters
        ----------
        place : int
            The person's, in `people`.
        purpose : str
            What to.
        by_bundle : bool
            Whether they did when the bundle was made.

        Raises
        ------
        StoreUnavailable
            The store could not be asked: they may have withdrawn it since.
        """
        if self.degraded:
            raise StoreUnavailable("who withdrew a consent is not known now; try again in a second")
        person = self.people[place].person
        stated = self.consents.get(purpose, {})
        return by_bundle if person is None else stated.get(person, by_bundle)
