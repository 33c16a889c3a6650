"""What else to know of an attribute than how full it is."""

from collections.abc import Mapping, Sequence
from typing import Final

from features.coverage.attribute import Attribute
from features.coverage.measure import Link, Measured
from features.coverage.shop import Shop
from features.coverage.words import percent
from features.events import EventType

_STALE_DAYS: Final = 90
_FUNNEL: Final = (
    (EventType.VIEW, EventType.PURCHASE),
    (EventType.CART, EventType.PURCHASE),
    (EventType.IMPRESSION, EventType.CLICK),
)
"""Each of the first kind comes before one of the second."""


def of_values(attribute: Attribute, measured: Measured) -> list[str]:
    """Say where a column's values tell nothing apart."""
    if measured.only_value is not None:
        return [f"every value is the same ({measured.only_value}): it tells nothing apart"]
    if attribute.groups and measured.n_distinct == measured.n_filled > 1:
        return ["every value differs: it says of no two rows that they belong together"]
    return []


def of_events(name: str, shop: Shop) -> list[str]:
    """Say what the whole log shows about a column of it."""
    if name == "timestamp" and shop.by_day_alone:
        return [
            "every time is midnight UTC: the day is known, the hour and the order in it are not"
        ]
    if name == "user_id" and shop.n_of_nobody:
        share = percent(shop.n_of_nobody / shop.n_events)
        return [
            f"{share} of the events name neither a user nor a visitor: they count for what is"
            " trending and are in nobody's history"
        ]
    return []


def of_type(event_type: EventType, measured: Mapping[EventType, Measured]) -> list[str]:
    """Say where a type of event has fewer events than what it leads to."""
    n = measured[event_type].n_filled
    for earlier, later in _FUNNEL:
        n_later = measured[later].n_filled
        if event_type is earlier and 0 < n < n_later:
            return [
                f"fewer than the {n_later:,} {later} events, which it comes before:"
                " not all of them are collected"
            ]
    return []


def of_link(linked: Link, *, n_rows: int, things: str) -> list[str]:
    """Say how a table and the log fit together.

    Parameters
    ----------
    linked : Link
        The comparison.
    n_rows : int
        Of the table.
    things : str
        ``"items"`` or ``"users"``.
    """
    if not n_rows:
        return [f"there is no table of {things}"]
    notes = []
    n_unknown = linked.n_in_log - linked.n_matched
    if n_unknown:
        n_events = linked.n_events - linked.events_with[f"{things.removesuffix('s')}_id"]
        notes.append(
            f"{n_unknown:,} {things} of the log have no row;"
            f" {percent(n_events / linked.n_events)} of the events are theirs"
        )
    if linked.n_silent:
        notes.append(f"{linked.n_silent:,} of {n_rows:,} rows are {things} without any event")
    return notes


def of_dates(attribute: str, days_behind: float | None) -> list[str]:
    """Say where a table's newest date lies long before the log's end, or after it."""
    if days_behind is None:
        return []
    if days_behind < -1:
        return [f"the newest is {-days_behind:,.0f} days later than the log's last event"]
    if days_behind > _STALE_DAYS:
        newest = {"released_at": "item", "created_at": "account"}[attribute]
        return [
            f"the newest {newest} is {days_behind:,.0f} days older than the last event:"
            " is the table's export of today?"
        ]
    return []


def of_country(measured: Measured, in_events: Measured) -> list[str]:
    """Say where the countries of the events stand in for those of the user table."""
    if measured.n_filled < measured.n_rows and in_events.n_filled:
        return ["where it is missing, the country of the person's last event stands in"]
    return []


def of_consent(purposes: Sequence[tuple[str, int]], *, n_users: int) -> list[str]:
    """Say who agreed to what.

    Parameters
    ----------
    purposes : sequence of (str, int)
        Each purpose and how many users agreed to it.
    n_users : int
        Of the user table.
    """
    if not n_users:
        return []
    agreed = ", ".join(f"{purpose} {percent(n / n_users)}" for purpose, n in purposes)
    notes = [f"of {n_users:,} users agreed: {agreed}"] if agreed else []
    if "email" not in dict(purposes):
        notes.append('nobody agreed to "email", so the built-in weekly_email goes to nobody')
    return notes
