"""Snapshot tables: what a snapshot draws from the event log, as Ibis expressions."""

from typing import Any

import ibis

from features.events import ANONYMOUS_PREFIX, EventType


def by_person(events: Any) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    """Name who did what: the user, or the visitor without an account; null for nobody."""
    anonymous = ibis.literal(ANONYMOUS_PREFIX) + events.anonymous_id
    return events.mutate(person=events.user_id.coalesce(anonymous)).select(
        *("event_id", "person", "item_id", "event_type", "timestamp", "quantity"),
        *("price", "country", "device"),
    )


def person_days(events: Any) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    """Count each person's events by item, type and day, with the time of the last."""
    shown_by_the_shop = events.event_type == EventType.IMPRESSION.value
    known = events.filter(events.person.notnull() & ~shown_by_the_shop)
    days = known.group_by("person", "item_id", "event_type", day=known.timestamp.date()).agg(
        timestamp=known.timestamp.max(), count=known.count()
    )
    return days.order_by("person", "timestamp", "item_id", "event_type")


def demand_days(events: Any) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    """Count everybody's events by item, type, country and day."""
    keys = ["item_id", "event_type", "country"]
    days = events.group_by(*keys, day=events.timestamp.date()).agg(count=events.count())
    return days.order_by("item_id", "day", "event_type", "country")


def paid_prices(events: Any) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    """Take the median price that was paid for each item."""
    paid = events.filter((events.event_type == EventType.PURCHASE.value) & (events.price > 0))
    return paid.group_by("item_id").agg(price=paid.price.median())


def last_countries(events: Any) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    """Tell in which country each person was last."""
    placed = events.filter(events.person.notnull() & events.country.notnull())
    # By name where two were seen at the same moment: the order of the files must not matter.
    latest = ibis.window(group_by="person", order_by=[placed.timestamp.desc(), "country"])
    ranked = placed.mutate(place=ibis.row_number().over(latest))
    return ranked.filter(ranked.place == 0).select("person", "country")


def context_hours(events: Any, homes: Any) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    """Count everybody's events by item, type, country, device and hour.

    Of an event without a country it is the person's, as `homes` tells: `person` and `home`.
    """
    wanted = events.filter(events.event_type != EventType.IMPRESSION.value)
    placed = wanted.left_join(homes, "person")
    # In no order: the counts are only ever added up, and sorting takes as long as counting.
    return placed.group_by(
        *("item_id", "event_type", "device"),
        place=placed.country.coalesce(placed.home),
        hour=placed.timestamp.truncate("h"),
    ).agg(count=placed.count())
