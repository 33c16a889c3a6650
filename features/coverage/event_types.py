"""The map's types of event: each is data that a shop has or lacks."""

from typing import Final

from features.coverage.attribute import Attribute, Reach, Use
from features.events import EventType

EVENT_TYPES: Final = (
    Attribute(
        EventType.VIEW,
        (
            Use("lists for people who have not bought yet", "features.weights"),
            Use("what somebody looked at lately leads their list", "features.weights"),
            Use("unfinished business: looked at, not bought", "features.unfinished"),
            Use("the segment of people who only browse"),
        ),
        Reach.ANYBODY,
        "one event for each product page",
    ),
    Attribute(
        EventType.CLICK,
        (
            Use("weighs as much as a view", "features.weights"),
            Use("how often an item is chosen where it is shown"),
        ),
        Reach.BESIDE,
        "one event for each item chosen in a list",
    ),
    Attribute(
        EventType.CART,
        (
            Use("weighs as much as four views", "features.weights"),
            Use("unfinished business: in the cart, not bought", "features.unfinished"),
        ),
        Reach.CONTENT,
        "one event for each item put into a cart",
    ),
    Attribute(
        EventType.REMOVE_FROM_CART,
        (Use("takes back three quarters of what the cart weighed", "features.weights"),),
        Reach.BESIDE,
        "one event for each item taken out of a cart",
        every=False,
    ),
    Attribute(
        EventType.WISHLIST,
        (
            Use("weighs as much as four views", "features.weights"),
            Use("unfinished business: wished for, not bought", "features.unfinished"),
        ),
        Reach.BESIDE,
        "one event for each item put on a wishlist, if the shop has wishlists",
        every=False,
    ),
    Attribute(
        EventType.PURCHASE,
        (
            Use("what counts most, and what lists are judged by", "features.weights"),
            Use("leaving out what somebody has", "features.proposal"),
            Use("segments by number of orders", "features.segments.activity"),
            Use("due repurchases", "features.purchase_days"),
            Use("what goes into one basket", "features.bought_together"),
            Use("RFM and lifecycle segments", "features.segments.activity"),
        ),
        Reach.ANYBODY,
        "one event for each line of an order",
    ),
    Attribute(
        EventType.RETURN,
        (Use("a returned purchase does not count", "features.returns"),),
        Reach.BESIDE,
        "one event for each line that came back",
        every=False,
    ),
    Attribute(
        EventType.IMPRESSION,
        (Use("what was shown and passed over: propensities, off-policy evaluation"),),
        Reach.BESIDE,
        "one event for each item shown, with the list's recommendation_id",
    ),
)
"""The values of `event_type`, in the order of `EventType`."""
