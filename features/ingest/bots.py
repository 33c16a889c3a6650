"""Who is no person: the rule by which visitors are set aside.

More than 1,000 views and clicks on one UTC day without putting anything into a cart, on a
wishlist or through the till that day. A person who opens a page every half minute for eight hours
comes to 960; price watchers and crawlers come to many thousands and never buy. Buying is what
tells a busy buyer from a robot, so no wholesaler is caught, however many lines an order has.
Impressions do not count: the shop shows them, nobody does them.
"""

from typing import Final

import ibis

from features.event_log.words import microseconds
from features.events import ANONYMOUS_PREFIX, EventType

MAX_BROWSING_A_DAY: Final = 1_000
"""Views and clicks on one UTC day that a person may come to."""

_BROWSING: Final = (EventType.VIEW.value, EventType.CLICK.value)
_BUYING: Final = (EventType.CART.value, EventType.WISHLIST.value, EventType.PURCHASE.value)
_MICROSECONDS_A_DAY: Final = 86_400_000_000


def suspects(events: ibis.Table) -> ibis.Table:
    """Find the visitors that look like bots.

    Parameters
    ----------
    events : ibis.Table
        Checked events.

    Returns
    -------
    ibis.Table
        One row each, with `person`, as `with_person` names them.
    """
    by_day = with_person(events).select(
        "person", "event_type", day=microseconds(events.timestamp) // _MICROSECONDS_A_DAY
    )
    browsing = by_day.filter(by_day.event_type.isin(_BROWSING), by_day.person.notnull())
    counted = browsing.group_by("person", "day").agg(n=browsing.count())
    busy = counted.filter(counted.n > MAX_BROWSING_A_DAY)
    buying = by_day.filter(by_day.event_type.isin(_BUYING))
    return busy.anti_join(buying, ["person", "day"]).select("person").distinct()


def with_person(events: ibis.Table) -> ibis.Table:
    """Add `person`: the `user_id`, or the key of an `anonymous_id`; null where there is neither."""
    anonymous = ibis.literal(ANONYMOUS_PREFIX) + events.anonymous_id
    return events.mutate(person=events.user_id.coalesce(anonymous))
