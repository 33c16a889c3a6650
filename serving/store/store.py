"""The store: one method for each question and each change; every change is kept on return."""

from collections.abc import Callable, Collection, Sequence
from time import time_ns

from sqlalchemy import select

from serving.store import (
    consents,
    events,
    identities,
    items,
    keys,
    outcomes,
    recommendations,
    trending,
)
from serving.store.consents import Consent
from serving.store.database import Database
from serving.store.events import Event
from serving.store.identities import Link
from serving.store.items import ItemChange
from serving.store.keys import StoredKey
from serving.store.migrate import migrate
from serving.store.outcomes import Outcome
from serving.store.people import PersonNews, ReadPeople
from serving.store.recommendations import LoggedList, ReadShown
from serving.store.revisions import ReadRevisions, Revisions
from serving.store.text import check_text
from serving.store.upkeep import Upkeep


def now_us() -> int:
    """Give the time of this machine's clock in UTC microseconds."""
    return time_ns() // 1_000


class Store(Upkeep):
    """The online store; many threads and processes may use one database at once.

    Every method raises `StoreUnavailable` where the database cannot do its part; a change that
    raised it may be repeated. `InvalidInput` says that something given cannot be held.

    Parameters
    ----------
    database : Database
        Where the tables are, up to date (see `open_store`).
    clock : callable
        Gives the time in UTC microseconds: when events are received.
    """

    def __init__(self, database: Database, *, clock: Callable[[], int] = now_us) -> None:
        super().__init__(database)
        self._clock = clock
        self._ping = database.prepare(select(1))
        self._people = ReadPeople(database)
        self._shown = ReadShown(database)
        self._revisions = ReadRevisions(database)

    def add_events(self, new: Sequence[Event]) -> list[bool]:
        """Keep events, all or none.

        Parameters
        ----------
        new : sequence of Event
            In any order, repetitions included.

        Returns
        -------
        list of bool
            False for an event whose id is known, from earlier or from this very call.
        """
        events.check(new)
        if not new:
            return []
        with self._database.writing() as connection:
            return events.add(connection, new, received_us=self._clock())

    def people(
        self,
        persons: Sequence[str | None],
        *,
        after_us: int,
        after_batch: int | None,
        most: int = 10_000,
    ) -> list[PersonNews]:
        """Tell what each person did that the bundle does not know; impressions do not count.

        Parameters
        ----------
        persons : sequence of str or None
            By key: a user id, or `ANONYMOUS_PREFIX` and an anonymous id.
        after_us : int
            The bundle's `as_of`, in UTC microseconds: later events are new.
        after_batch : int or None
            The last batch that the bundle was made from: an earlier event that was in none of
            its batches is new too. None where only the time counts.
        most : int
            How many events of one person; the newest count, and of what came too late for the
            bundle that which was synced last.

        Returns
        -------
        list of PersonNews
            One for each person.
        """
        return self._people(persons, after_us=after_us, after_batch=after_batch, most=most)

    def revisions(self) -> Revisions:
        """Give the revisions of now."""
        return self._revisions()

    def link_all(self, links: Sequence[Link], *, at_us: int) -> int:
        """Link visitors to the users that they turned out to be, and move what they did.

        Parameters
        ----------
        links : sequence of Link
            Who is whom. Where a visitor was linked to another user, what was moved stays.
        at_us : int
            When, in UTC microseconds.

        Returns
        -------
        int
            How many events were moved.
        """
        check_text(text for one in links for text in (one.anonymous_id, one.user_id))
        if not links:
            return 0
        with self._database.writing() as connection:
            moved = identities.link_all(connection, links, at_us=at_us)
        n_events = moved.n_events
        # From now on new events are the users', so a robot's many can follow bit by bit.
        while not moved.are_all:
            with self._database.writing() as connection:
                moved = identities.move(connection, [one.anonymous_id for one in links])
            n_events += moved.n_events
        return n_events

    def put_items(self, changes: Sequence[ItemChange], *, at_us: int) -> int:
        """Keep what was stated about items, and give the items' new revision."""
        items.check(changes)
        with self._database.writing() as connection:
            return items.put_changes(connection, changes, at_us=at_us)

    def item_changes(self, *, after_batch: int | None = None) -> list[ItemChange]:
        """Give what was stated about items and is unknown to a bundle.

        Parameters
        ----------
        after_batch : int or None
            The last batch that the bundle was made from; None where it was made from none.
        """
        with self._database.reading(patiently=True) as connection:
            return items.changes_since(connection, after_batch=after_batch)

    def put_consents(self, rows: Sequence[Consent], *, at_us: int) -> None:
        """Keep users' answers; the last one of a user for a purpose counts."""
        check_text(text for row in rows for text in (row.user_id, row.purpose))
        with self._database.writing() as connection:
            consents.put_consents(connection, rows, at_us=at_us)

    def consents(self, user_ids: Collection[str], purpose: str) -> dict[str, bool]:
        """Give the answers of those users who gave one for the purpose."""
        check_text([*user_ids, purpose])
        with self._database.reading() as connection:
            return consents.granted(connection, user_ids, purpose)

    def add_recommendations(self, rows: Sequence[LoggedList]) -> None:
        """Log lists; one that is logged already stays as it is."""
        recommendations.check(rows)
        with self._database.writing() as connection:
            recommendations.add(connection, rows)

    def recommendation(self, recommendation_id: str) -> LoggedList | None:
        """Give a logged list by its name."""
        check_text([recommendation_id])
        with self._database.reading() as connection:
            found = recommendations.find(connection, [recommendation_id])
        return found.get(recommendation_id)

    def shown_to(self, persons: Sequence[str | None], *, since_us: int) -> list[dict[str, int]]:
        """Count for each person in how many lists since then each item was."""
        return self._shown(persons, since_us=since_us)

    def outcomes(self, *, since_us: int) -> list[Outcome]:
        """Give the events since then that named a logged list, by time."""
        with self._database.reading(patiently=True) as connection:
            return outcomes.outcomes_since(connection, since_us)

    def trending(self, *, since_us: int) -> list[tuple[str, str | None, int, int]]:
        """Count events received since then: item id, country, code of the event type, how many."""
        with self._database.reading(patiently=True) as connection:
            return trending.counts_since(connection, since_us)

    def add_key(self, key: StoredKey) -> None:
        """Keep an API key's hash."""
        check_text([key.name, key.sha256, *key.scopes])
        with self._database.writing() as connection:
            keys.add(connection, key)

    def keys(self) -> list[StoredKey]:
        """Give every key, those that expired included."""
        with self._database.reading() as connection:
            return keys.all_keys(connection)

    def expire_key(self, name: str, sha256: str, at_us: int) -> bool:
        """Let a key open nothing from then on; False where no such key lives that long."""
        check_text([name, sha256])
        with self._database.writing() as connection:
            return keys.expire(connection, name, sha256, at_us)

    def ping(self) -> None:
        """Find out whether the database answers."""
        self._database.ask([(self._ping, {})])

    def close(self) -> None:
        """Let go of every connection."""
        self._database.close()


def open_store(url: str, *, clock: Callable[[], int] = now_us) -> Store:
    """Open a store; its tables are made or brought up to date first.

    Parameters
    ----------
    url : str
        ``sqlite:///path/to/store.db`` or ``postgresql+psycopg://user@host/name``.
    clock : callable
        See `Store`.

    Raises
    ------
    InvalidSettings
        The address is of neither kind.
    StoreUnavailable
        The database cannot do its part, or a newer Vitrine made its tables.
    """
    migrate(url)
    return Store(Database(url), clock=clock)
