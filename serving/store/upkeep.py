"""Upkeep: what commands do with a store: move it into the event log, and drop what is old."""

from collections.abc import Collection, Sequence

from serving.store import identities, retention, revisions, sync
from serving.store.database import Database
from serving.store.events import Event
from serving.store.items import ItemChange


class Upkeep:
    """The part of a store that no request needs; see `Store`.

    Parameters
    ----------
    database : Database
        Where the tables are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_batch(self) -> int:
        """Begin a batch of `vitrine sync`, and give its number."""
        with self._database.writing() as connection:
            return revisions.bump(connection, "sync")

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
        """Note that events are in the event log.

        Parameters
        ----------
        seqs : collection of int
            Their numbers; some ten thousand at once.
        batch : int
            From `next_batch`.
        """
        with self._database.writing() as connection:
            sync.mark_events(connection, seqs, batch)

    def unsynced_items(self, limit: int) -> list[tuple[int, ItemChange]]:
        """Give item changes that are in no batch yet, each with the revision that made it."""
        with self._database.reading(patiently=True) as connection:
            return sync.unsynced_items(connection, limit)

    def mark_items_synced(self, changes: Sequence[tuple[int, ItemChange]], batch: int) -> None:
        """Note that these changes are in the catalogue; an item that changed since stays new."""
        with self._database.writing() as connection:
            sync.mark_items(connection, changes, batch)

    def links(self) -> list[tuple[str, str]]:
        """Give every link as (anonymous_id, user_id), by anonymous id."""
        with self._database.reading(patiently=True) as connection:
            return identities.all_links(connection)

    def drop_events(self, before_us: int, *, synced_only: bool) -> int:
        """Drop events that happened earlier, and give how many.

        Parameters
        ----------
        before_us : int
            UTC microseconds.
        synced_only : bool
            Whether events stay that are not in the event log yet.
        """
        return retention.drop_events(self._database, before_us, synced_only=synced_only)

    def drop_recommendations(self, before_us: int) -> int:
        """Drop logged lists that were given earlier, and give how many."""
        return retention.drop_recommendations(self._database, before_us)

    def drop_item_changes(self, before_us: int, *, up_to_batch: int) -> int:
        """Drop changes stated earlier that are in a batch up to this one, and give how many."""
        return retention.drop_item_changes(self._database, before_us, up_to_batch=up_to_batch)
