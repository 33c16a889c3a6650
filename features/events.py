"""Events: what people did in the shop, and the table that holds it."""

from enum import StrEnum
from typing import Final

import pyarrow as pa

ANONYMOUS_PREFIX: Final = "anonymous:"
"""How a person without a user id is keyed among the users; no `user_id` may begin with it."""


def person_key(user_id: str | None, anonymous_id: str | None) -> str | None:
    """Name a person as the users are keyed; None for somebody who says nothing of themselves.

    Examples
    --------
    >>> person_key("u1", None), person_key(None, "tab-7"), person_key(None, None)
    ('u1', 'anonymous:tab-7', None)
    """
    if user_id is None and anonymous_id is not None:
        return ANONYMOUS_PREFIX + anonymous_id
    return user_id


class EventType(StrEnum):
    """What a person did with an item.

    Examples
    --------
    >>> EventType("cart").code
    2
    >>> EventType.of_code(5)
    <EventType.PURCHASE: 'purchase'>
    """

    VIEW = "view"
    CLICK = "click"
    CART = "cart"
    REMOVE_FROM_CART = "remove_from_cart"
    WISHLIST = "wishlist"
    PURCHASE = "purchase"
    RETURN = "return"
    IMPRESSION = "impression"

    @property
    def code(self) -> int:
        """The type's number in arrays; bundles on disk hold it, so it never changes."""
        return _CODES[self]

    @classmethod
    def of_code(cls, code: int) -> "EventType":
        """Name the type that has this number."""
        return _TYPES[code]


_TYPES: Final = tuple(EventType)
_CODES: Final = {event_type: code for code, event_type in enumerate(_TYPES)}

EVENT_SCHEMA: Final = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("event_type", pa.string(), nullable=False),
        pa.field("user_id", pa.string()),
        pa.field("anonymous_id", pa.string()),
        pa.field("item_id", pa.string(), nullable=False),
        pa.field("timestamp", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("quantity", pa.int32(), nullable=False),
        pa.field("price", pa.float64()),
        pa.field("order_id", pa.string()),
        pa.field("session_id", pa.string()),
        pa.field("country", pa.string()),
        pa.field("device", pa.string()),
        pa.field("recommendation_id", pa.string()),
    ]
)
"""The event log's columns. `price` is one unit's, in the shop's currency; an event with neither
`user_id` nor `anonymous_id` says what sells, not who buys."""

NATURAL_KEY: Final = (
    "user_id",
    "anonymous_id",
    "item_id",
    "event_type",
    "timestamp",
    "quantity",
    "price",
    "order_id",
    "session_id",
)
"""What makes two events without an `event_id` the same event; a mapping may name other columns."""
