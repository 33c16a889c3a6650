"""A tally: what was counted in each context against what was expected, and the lifts it teaches."""

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.credibility import worth_of_rate

NO_GROUP: Final = -1

_LEAST_WORTH: Final = 2.0
"""However unlike the groups are, one event more or less must not double or halve a lift."""


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Events, each with its item, day and context.

    Parameters
    ----------
    item_rows, days : ndarray of int, shape (n,)
        What, and when.
    blocks, values : ndarray of int, shape (n,)
        Whose events are compared with each other, such as a hemisphere's, and in which context.
    worth : ndarray of float, shape (n,)
        What each counts; greater than 0.
    worth_of_a_wish : float
        What the events of one independent wish are worth together; greater than 0.
    """

    item_rows: NDArray[np.integer]
    days: NDArray[np.integer]
    blocks: NDArray[np.integer]
    values: NDArray[np.integer]
    worth: NDArray[np.floating]
    worth_of_a_wish: float = 1.0

    def wishes(self, by: NDArray[np.integer], shape: tuple[int, int, int]) -> NDArray[np.float64]:
        """Count wishes by block, value and something else, in this shape."""
        cells = np.ravel_multi_index((self.blocks, self.values, by), shape)
        # What float32 holds adds up exactly in float64, so that the order of events is all one.
        sums = np.bincount(cells, self.worth.astype(np.float64), minlength=int(np.prod(shape)))
        return sums.reshape(shape) / self.worth_of_a_wish


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Wishes by block, context and item.

    Parameters
    ----------
    counted : ndarray of float64, shape (n_blocks, n_values, n_items)
        How many wishes there were.
    expected : ndarray of float64, shape (n_blocks, n_values, n_items)
        How many there would have been if the item were wanted when everything is.
    lifts : ndarray of float64, shape (n_blocks, n_values, n_items)
        How many times the expected is wanted, as far as it has been learnt; 1 at first.
    """

    counted: NDArray[np.float64]
    expected: NDArray[np.float64]
    lifts: NDArray[np.float64]

    @classmethod
    def of(
        cls, observed: Observed, began: NDArray[np.integer], *, n_blocks: int, n_values: int
    ) -> Self:
        """Count, and expect an item's events to fall as everybody's since the item is there.

        So an item that came in winter is not taken for one that nobody wants in summer.

        Parameters
        ----------
        observed : Observed
            The events.
        began : ndarray of int, shape (n_items,)
            The day from which on each item could be had.
        n_blocks, n_values : int
            How many there are of each.
        """
        shape = (n_blocks, n_values, len(began))
        counted = observed.wishes(observed.item_rows, shape)
        first = int(observed.days.min(initial=np.iinfo(np.int32).max))
        n_days = max(int(observed.days.max(initial=first)) - first, 0) + 1
        by_day = observed.wishes(observed.days - first, (n_blocks, n_values, n_days))
        from_day = by_day[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]
        since = from_day[:, :, np.clip(began - first, 0, n_days - 1)]
        shares = since / np.maximum(since.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        return cls(counted, counted.sum(axis=1, keepdims=True) * shares, np.ones(shape))

    def learnt(self, groups: NDArray[np.integer], *, apart: bool = False) -> Self:
        """Learn how groups of items differ from what the lifts so far make expected.

        The lifts of a group are multiplied by ``(counted + a) / (expected + a)``, where a is how
        many expected events usualness is worth: little evidence changes little.

        Parameters
        ----------
        groups : ndarray of int, shape (n_items,)
            Each item's group; `NO_GROUP` for items that stay as they are.
        apart : bool
            Whether each block differs in its own way, or all in the same.
        """
        n_items, grouped = len(groups), np.flatnonzero(groups != NO_GROUP)
        n_groups = int(groups.max(initial=NO_GROUP)) + 1
        marks = (np.ones(len(grouped)), (groups[grouped], grouped))
        members = sp.csr_array(marks, shape=(n_groups, n_items))
        counted = _of_groups(self.counted, members, apart=apart)
        expected = _of_groups(self.expected * self.lifts, members, apart=apart)
        usual = max(worth_of_rate(counted, expected), _LEAST_WORTH)
        # The last column is for items without a group.
        change = np.ones((*counted.shape[:2], n_groups + 1))
        change[:, :, :n_groups] = (counted + usual) / (expected + usual)
        return replace(self, lifts=self.lifts * change[:, :, groups])


def _of_groups(
    cells: NDArray[np.float64], members: sp.csr_array, *, apart: bool
) -> NDArray[np.float64]:
    """Add up the items of each group, shape (n_blocks or 1, n_values, n_groups)."""
    kept = cells if apart else cells.sum(axis=0, keepdims=True)
    summed: NDArray[np.float64] = (members @ kept.reshape(-1, kept.shape[2]).T).T
    return summed.reshape(*kept.shape[:2], members.shape[0])
