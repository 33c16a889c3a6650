"""Upkeep: what commands do with a store: move it into the event log, and drop what is old."""

from collections.abc import Collection, Sequence

from serving.store import consents, identities, outcomes, retention, revisions, sync
from serving.store.consents import Consent
from serving.store.database import Database
from serving.store.events import Event
from serving.store.identities import Link
from serving.store.items import ItemChange
from serving.store.outcomes import GivenLists


class Upkeep:
    """The part of a store that no request needs; see `Store`.

    Parameters
    ----------
    database : Database
        Where the tables are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_batch(self, *, after: int = 0) -> int:
        """Begin a batch of `vitrine sync`, and give its number.

        Parameters
        ----------
        after : int
            The last batch that the event log has: one of another store may have been greater.
        """
        with self._database.writing() as connection:
            return revisions.bump(connection, "sync", above=after)

    def unsynced_events(self, limit: int) -> list[tuple[int, Event]]:
        """Give events that are in no batch yet, the oldest number first.

        Parameters
        ----------
        limit : int
            At most how many.

        Returns
        -------
        list of (int, Event)
            Each with its number, for `mark_synced`.
        """
        with self._database.reading(patiently=True) as connection:
            return sync.unsynced_events(connection, limit)

    def mark_synced(self, seqs: Collection[int], batch: int) -> None:
        """Note in which batch events go to the event log.

        Parameters
        ----------
        seqs : collection of int
            Their numbers; some thousand at once, as nobody can write meanwhile.
        batch : int
            From `next_batch`.
        """
        with self._database.writing() as connection:
            sync.mark_events(connection, seqs, batch)

    def batches_after(self, batch: int) -> list[int]:
        """Give the numbers of later batches that have events, in their order."""
        with self._database.reading(patiently=True) as connection:
            return sync.batches_after(connection, batch)

    def events_of_batch(self, batch: int) -> list[Event]:
        """Give the events that were marked with a batch, in the order of their numbers."""
        with self._database.reading(patiently=True) as connection:
            return sync.events_of_batch(connection, batch)

    def unsynced_items(self, *, after_batch: int) -> list[tuple[int, ItemChange]]:
        """Give item changes in no batch up to this one, each with the revision that made it."""
        with self._database.reading(patiently=True) as connection:
            return sync.unsynced_items(connection, after_batch)

    def mark_items_synced(self, changes: Sequence[tuple[int, ItemChange]], batch: int) -> None:
        """Note that these changes are in the catalogue; an item that changed since stays new."""
        with self._database.writing() as connection:
            sync.mark_items(connection, changes, batch)

    def links(self) -> list[tuple[Link, int]]:
        """Give every link, and since when it is known in UTC microseconds, by anonymous id."""
        with self._database.reading(patiently=True) as connection:
            return identities.all_links(connection)

    def every_consent(self) -> list[Consent]:
        """Give every answer of every user, by user and purpose."""
        with self._database.reading(patiently=True) as connection:
            return consents.every_consent(connection)

    def lists_given(self, *, since_us: int) -> list[GivenLists]:
        """Count the logged lists since then by placement, scenario and hour."""
        with self._database.reading(patiently=True) as connection:
            return outcomes.given_since(connection, since_us)

    def n_following(self, *, since_us: int) -> int:
        """Count the events since then that name a list; those of unknown lists, too."""
        with self._database.reading(patiently=True) as connection:
            return outcomes.count_following(connection, since_us)

    def drop_events(
        self, before_us: int, *, up_to_batch: int | None, is_trial: bool = False
    ) -> int:
        """Drop events that happened earlier, and give how many.

        Parameters
        ----------
        before_us : int
            UTC microseconds.
        up_to_batch : int or None
            The last batch that is in the event log: what is in none up to it stays. None for
            all, those that were never synced included.
        is_trial : bool
            Whether to count only, and drop nothing.
        """
        old = retention.old_events(before_us, up_to_batch=up_to_batch)
        return retention.drop(self._database, old, is_trial=is_trial)

    def drop_recommendations(self, before_us: int, *, is_trial: bool = False) -> int:
        """Drop logged lists that were given earlier, and give how many; see `drop_events`."""
        old = retention.old_recommendations(before_us)
        return retention.drop(self._database, old, is_trial=is_trial)

    def drop_item_changes(self, before_us: int, *, up_to_batch: int, is_trial: bool = False) -> int:
        """Drop changes stated earlier that are in a batch up to this one, and give how many."""
        old = retention.old_item_changes(before_us, up_to_batch=up_to_batch)
        return retention.drop(self._database, old, is_trial=is_trial)
