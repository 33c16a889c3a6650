"""The desk: what one worker answers from, the bundle and the store looked up together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from serving.clock import microseconds, now_utc
from serving.errors import StoreUnavailable
from serving.filters import compile_filter
from serving.group_commit import GroupCommit
from serving.lists import Answer
from serving.live_bundle import LiveBundle
from serving.live_catalogue import LiveCatalogue
from serving.news import News
from serving.people_for_item import ReadConsents
from serving.picks import Picker
from serving.placements import Placements
from serving.reach import Reach
from serving.recommendation_log import logged
from serving.road import Road
from serving.store import Event, LoggedList, Store
from serving.trending_now import WITHIN_HOURS, trending_now

Moment = tuple[Road, News]

_LOG_WITHIN_S: Final = 0.25
"""A commit for each list costs a third of the list; nobody waits for the log."""


class Desk:
    """Answers are made here: what is promoted, what the shop has changed, what people just did.

    Parameters
    ----------
    live : LiveBundle
        Follows what is promoted.
    reach : Reach
        The way to the store.
    clock : function that returns an aware datetime
        The time.
    when_degraded : function
        Told of each answer that is made without the store.
    """

    def __init__(
        self,
        live: LiveBundle,
        reach: Reach,
        *,
        clock: Callable[[], datetime] = now_utc,
        when_degraded: Callable[[], None] = lambda: None,
    ) -> None:
        self.live = live
        self.reach = reach
        self.clock = clock
        self._when_degraded = when_degraded
        self.events: GroupCommit[Event, bool] = GroupCommit(self._write_events)
        self.log: GroupCommit[LoggedList, None] = GroupCommit(
            self._write_lists, linger_s=_LOG_WITHIN_S
        )
        self._catalogue = LiveCatalogue(clock)
        # The promoted road, and that road with what the shop has changed since.
        self._changed: tuple[Road, Road] | None = None
        self._trending: tuple[Road, NDArray[np.int32] | None] | None = None

    async def look(
        self, persons: Sequence[str | None], *, placements: Iterable[str] = ()
    ) -> Moment:
        """Look up what an answer is made from, as it is at this moment.

        Parameters
        ----------
        persons : sequence of n str or None
            Keys of those who ask.
        placements : iterable of str
            What they ask for.

        Returns
        -------
        Road, News
            Without the store: the shop as it was when the store last answered, and nothing new
            of anybody.

        Raises
        ------
        NotReady
            No bundle is live yet.
        """
        base = self.live.ready()
        about = About.of(base.placements, placements, now=self.clock())
        try:
            return await self.reach.ask(lambda store: self._looked_up(base, store, persons, about))
        except StoreUnavailable:
            self._when_degraded()
            road = self._kept(base)
            return road, replace(News.none(persons, degraded=True), trending_now=self._now(road))

    def take_down(self, answers: Sequence[Answer], persons: Sequence[str | None]) -> None:
        """Write lists that were given into the recommendation log, some time soon."""
        at_us = microseconds(self.clock())
        for answer, person in zip(answers, persons, strict=True):
            self.log.put(logged(answer, person, at_us=at_us))

    async def picker(self, placement: str, num_results: int) -> Picker:
        """Prepare to pick for a placement.

        Raises
        ------
        StoreUnavailable
            The placement asks for a consent, and the store cannot say who withdrew theirs.
        """
        road, news = await self.look([])
        if news.degraded and road.placements.named(placement).purpose is not None:
            self.reach.store()
        read = partial(self._read_news, road, placement)
        return Picker.of(road, placement, num_results, now=self.clock(), read_news=read)

    def consents(self, purpose: str | None) -> ReadConsents:
        """Give a look-up of who gave or withdrew a consent since the bundle."""
        return lambda user_ids: (
            {} if purpose is None else self.reach.store().consents(user_ids, purpose)
        )

    async def warm(self) -> None:
        """Have what the first request would have to wait for: changes, the parser, imports."""
        compile_filter("available")
        # Where pandas is installed, PyArrow imports it with the first array: in a second or two.
        pa.array([0])
        if self.live.road is not None:
            await self.look([])

    async def close(self) -> None:
        """Write down what still waits, and let go of the store."""
        await self.events.close()
        await self.log.close()
        self.reach.close()

    def _write_events(self, events: Sequence[Event]) -> list[bool]:
        return self.reach.store().add_events(events)

    def _write_lists(self, lists: Sequence[LoggedList]) -> list[None]:
        self.reach.store().add_recommendations(lists)
        return [None] * len(lists)

    def _read_news(self, road: Road, placement: str, user_ids: Sequence[str]) -> News:
        about = About.of(road.placements, (placement,), now=self.clock())
        try:
            return self._news(road, self.reach.store(), user_ids, about)
        except StoreUnavailable:
            # Nobody is written to who may have withdrawn their consent.
            if about.purposes:
                raise
            return News.none(user_ids, degraded=True)

    async def refresh(self) -> None:
        """Count anew what is trending now; without the store what was counted last stays."""
        base, now = self.live.road, self.clock()
        if base is None or not self.reach.is_up:
            return
        since_us = microseconds(now - timedelta(hours=WITHIN_HOURS))

        def count(store: Store) -> None:
            # Also where nobody asks for a list: what was live before is let go of.
            road = self._with_changes(base, store)
            counted = store.trending(since_us=since_us)
            self._trending = base, trending_now(road.bundle, counted, now=now)

        await self.reach.work(count)

    def _looked_up(
        self, base: Road, store: Store, persons: Sequence[str | None], about: "About"
    ) -> Moment:
        road = self._with_changes(base, store)
        return road, self._news(road, store, persons, about)

    def _news(
        self, road: Road, store: Store, persons: Sequence[str | None], about: "About"
    ) -> News:
        manifest = road.bundle.manifest
        people = store.people(
            persons,
            after_us=microseconds(manifest.as_of),
            after_batch=manifest.synced_batch,
        )
        keys = [one.person for one in people]
        shown = store.shown_to(keys, since_us=about.shown_since_us) if about.shown_since_us else ()
        named = [key for key in keys if key is not None]
        consents = {purpose: store.consents(named, purpose) for purpose in about.purposes}
        return News(people, shown, consents, self._now(road))

    def _with_changes(self, base: Road, store: Store) -> Road:
        batch = base.bundle.manifest.synced_batch

        def read() -> dict[str, dict[str, Any]]:
            return {one.item_id: one.stated for one in store.item_changes(after_batch=batch)}

        bundle = self._catalogue.of(base.bundle, store.revisions().items, read)
        kept = self._changed
        if kept is None or kept[0] is not base or kept[1].bundle is not bundle:
            road = base if bundle is base.bundle else Road(bundle, base.placements)
            kept = self._changed = base, road
        return kept[1]

    def _kept(self, base: Road) -> Road:
        """Give the road as it was when the store last answered."""
        kept = self._changed
        return kept[1] if kept is not None and kept[0] is base else base

    def _now(self, road: Road) -> NDArray[np.int32] | None:
        # Rows of another bundle would name other items; the next count is a moment away.
        kept = self._trending
        return kept[1] if kept is not None and self._kept(kept[0]) is road else None


@dataclass(frozen=True, slots=True)
class About:
    """What the placements that are asked for need to know of people.

    Parameters
    ----------
    shown_since_us : int
        Since when it matters what somebody was shown; 0 where it does not.
    purposes : frozenset of str
        The consents that matter.
    """

    shown_since_us: int
    purposes: frozenset[str]

    @classmethod
    def of(cls, placements: Placements, names: Iterable[str], *, now: datetime) -> Self:
        """Find what these placements turn on; unknown names need nothing."""
        wanted = [placements.by_name[name] for name in set(names) if name in placements.by_name]
        hours = max((one.shown_within_hours for one in wanted), default=0.0)
        since_us = microseconds(now - timedelta(hours=hours)) if hours else 0
        return cls(since_us, frozenset(one.purpose for one in wanted if one.purpose))
