"""The live catalogue: the bundle as it is once the shop has changed items or added new ones."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

from features.catalogue_changes import Changes, changed, next_release
from features.ids import MISSING
from training.bundle import Bundle

Clock = Callable[[], datetime]


def with_changes(bundle: Bundle, changes: Changes, *, now: datetime) -> Bundle:
    """Give a bundle that obeys what the shop states of its items, on every path.

    What may be shown and what pages and filters see is as stated. What was learnt stays as it
    was: an item's price for the ranker is the one that people have paid so far. New items lie
    behind the others, where their category and brand lie, and are named as new arrivals.

    Parameters
    ----------
    bundle : Bundle
        Left as it is, and shared as far as nothing is stated of it.
    changes : mapping of str to mapping of str to value
        The stated columns by item id, later statements merged into earlier ones.
    now : datetime
        Aware; a changed item that is released later is not shown.

    Returns
    -------
    Bundle
        The same one where nothing is stated.
    """
    if not changes:
        return bundle
    items, item_rows = bundle.items, bundle.items.rows([*changes])
    if (item_rows == MISSING).any():
        items = items.add_ids(changes)
        item_rows = items.rows([*changes])
    catalogue = changed(bundle.catalogue, changes, item_rows, now=now)
    return bundle.restocked(catalogue, items)


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """What was made of which bundle and revision, and when it is of yesterday."""

    base: Bundle
    revision: int
    live: Bundle
    until: datetime

    def holds(self, base: Bundle, revision: int, now: datetime) -> bool:
        return self.base is base and self.revision == revision and now < self.until


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, eq=False)
class LiveCatalogue:
    """Keep the last bundle that was made, so that a request pays only for what has changed.

    Threads may share it.

    Parameters
    ----------
    clock : callable
        Tells the time, aware; for items that are released on a day to come.
    """

    clock: Clock = _utc_now
    _made: _Made | None = field(init=False, repr=False, default=None)
    _lock: Lock = field(init=False, repr=False, default_factory=Lock)

    def of(self, bundle: Bundle, revision: int, read: Callable[[], Changes]) -> Bundle:
        """Give the bundle with the changes of a revision.

        Parameters
        ----------
        bundle : Bundle
            As it was trained.
        revision : int
            The items' revision in the store.
        read : callable
            Gives the changes of this revision or a later one; asked only where it is needed.
        """
        now, made = self.clock(), self._made
        if made is not None and made.holds(bundle, revision, now):
            return made.live
        # One thread makes it, and the others wait for that rather than make it as well.
        with self._lock:
            made = self._made
            if made is None or not made.holds(bundle, revision, now):
                made = self._made = _make(bundle, revision, read(), now)
            return made.live


def _make(bundle: Bundle, revision: int, changes: Changes, now: datetime) -> _Made:
    live = with_changes(bundle, changes, now=now)
    until = next_release(live.catalogue, live.items.rows(list(changes)), now=now)
    return _Made(bundle, revision, live, until)
