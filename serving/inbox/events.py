"""Posted events: which of them can be taken, and what is wrong with the others."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from features.events import EVENT_SCHEMA, EventType
from features.reasons import Reason
from serving.clock import microseconds
from serving.inbox.faults import Fault, Read, WireReason, read_each
from serving.inbox.fields import (
    BEGINNING,
    entry_with,
    identifier,
    is_number,
    moment,
    price,
    stated,
    user_identifier,
)
from serving.store.events import Event

MAX_EVENT_ID_BYTES: Final = 128
"""The longest `event_id`; a UUID has 36."""

MAX_QUANTITY: Final = 1_000_000
"""The highest quantity of one event that is believed."""

FUTURE_TOLERANCE: Final = timedelta(minutes=5)
"""How far the clock of whoever posts may be ahead of ours."""

_FIELDS: Final = dict.fromkeys(EVENT_SCHEMA.names).keys()
_WORDS: Final = ("order_id", "session_id", "country", "device", "recommendation_id")
_TYPES: Final = {str(event_type): event_type for event_type in EventType}


def read_events(raw: Iterable[Any], *, now: datetime) -> Read[Event]:
    """Read posted events one by one.

    Parameters
    ----------
    raw : iterable
        What the request holds, of whatever shape.
    now : datetime
        Aware; when an event happened that does not say so, and what later events are measured by.

    Examples
    --------
    >>> from datetime import UTC
    >>> now = datetime(2024, 6, 1, tzinfo=UTC)
    >>> view = {"event_id": "e1", "event_type": "view", "item_id": "lamp"}
    >>> read = read_events([view, {**view, "price": -1}], now=now)
    >>> [event.item_id for event in read.valid], [one["code"] for one in read.rejected]
    (['lamp'], ['negative_price'])
    """
    return read_each(raw, lambda entry: _event(entry_with(entry, _FIELDS), now))


def _event(entry: dict[str, Any], now: datetime) -> Event:
    get = entry.get
    event_type = _event_type(get("event_type"))
    user_id = user_identifier(get("user_id"))
    anonymous_id = identifier("anonymous_id", get("anonymous_id"))
    if user_id is not None and anonymous_id is not None:
        raise Fault(
            WireReason.TWO_PERSONS,
            "user_id and anonymous_id are both given; give one, and tell that they are the same"
            " person with POST /v1/identities",
        )
    event_id = identifier("event_id", get("event_id"), max_bytes=MAX_EVENT_ID_BYTES)
    return Event(
        event_id=stated("event_id", event_id),
        event_type=event_type,
        user_id=user_id,
        anonymous_id=anonymous_id,
        item_id=stated("item_id", identifier("item_id", get("item_id"))),
        timestamp_us=_timestamp_us(get("timestamp"), now),
        quantity=_quantity(get("quantity"), event_type),
        price=price(get("price")),
        **{name: identifier(name, entry[name]) for name in _WORDS if name in entry},
    )


def _event_type(value: Any) -> EventType:  # noqa: ANN401
    event_type = _TYPES.get(value) if isinstance(value, str) else None
    if event_type is None:
        raise Fault(Reason.UNKNOWN_EVENT_TYPE, f"event_type is not one of {', '.join(_TYPES)}")
    return event_type


def _timestamp_us(value: Any, now: datetime) -> int:  # noqa: ANN401
    at = moment("timestamp", value) or now
    if at < BEGINNING:
        raise Fault(
            Reason.TIME_BEFORE_1970,
            "timestamp is before 1970, which stands for a missing one; leave it out for now",
        )
    if at - now > FUTURE_TOLERANCE:
        raise Fault(
            Reason.FUTURE_TIME,
            f"timestamp is more than {FUTURE_TOLERANCE // timedelta(minutes=1)} minutes in the"
            " future; check the clock and the offset from UTC",
        )
    return microseconds(at)


def _quantity(value: Any, event_type: EventType) -> int:  # noqa: ANN401
    if value is None:
        return 1
    if not is_number(value) or value % 1 != 0:
        raise Fault(Reason.INVALID_QUANTITY, "quantity is no whole number; write it unquoted")
    # Some shops write what came back as negative.
    units = -int(value) if event_type is EventType.RETURN and value < 0 else int(value)
    if units < 1:
        raise Fault(
            Reason.QUANTITY_NOT_POSITIVE,
            "quantity is zero or negative; give 1 or more, and returns as event_type return",
        )
    if units > MAX_QUANTITY:
        raise Fault(Reason.INVALID_QUANTITY, f"quantity is over {MAX_QUANTITY:,}; check it")
    return units
