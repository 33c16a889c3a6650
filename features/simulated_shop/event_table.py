"""The event table: simulated events with a real shop's ids, in order of time."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.events import EVENT_SCHEMA, EventType
from features.simulated_shop.baskets import Events
from features.simulated_shop.people import DEVICES
from features.simulated_shop.sessions import Sessions
from features.simulated_shop.world import World

ID_DIGITS: Final = 9

_IN_AN_ORDER: Final = [EventType.PURCHASE.code, EventType.RETURN.code]


def event_table(events: Events, sessions: Sessions, world: World) -> pa.Table:
    """Name everybody and everything as the shop's log would.

    Parameters
    ----------
    events : Events
        What happened.
    sessions : Sessions
        The visits.
    world : World
        Names and prices.

    Returns
    -------
    pyarrow.Table
        `EVENT_SCHEMA`, ascending by time. Orders and sessions are numbered in order of time; a
        return has its purchase's order and no session.
    """
    order = np.argsort(events.at_s, kind="stable")
    session, item = events.session[order], events.item[order]
    event_type = events.event_type[order]
    person, logged_out = sessions.person[session], sessions.logged_out[session]
    number = np.empty(len(sessions.start_s), dtype=np.int64)
    number[np.argsort(sessions.start_s, kind="stable")] = np.arange(len(number))
    returned = event_type == EventType.RETURN.code
    countries = [place.country for place in world.words.places]
    truth = world.truth
    n_events = len(order)
    columns = {
        "event_id": _ids("e", np.arange(n_events)),
        "event_type": _named(list(EventType), event_type),
        "user_id": _named(truth.person_ids, person, missing=logged_out),
        "anonymous_id": _named(truth.anonymous_ids, person, missing=~logged_out),
        "item_id": _named(truth.item_ids, item),
        "timestamp": pa.array(events.at_s[order].astype("datetime64[s]")).cast(
            EVENT_SCHEMA.field("timestamp").type
        ),
        "quantity": events.quantity[order],
        "price": world.catalogue.price[item],
        "order_id": _ids("o", number[session], missing=~np.isin(event_type, _IN_AN_ORDER)),
        "session_id": _ids("s", number[session], missing=returned),
        "country": _named(countries, world.people.place[person]),
        "device": _named(DEVICES, sessions.device[session], missing=returned),
        "recommendation_id": pa.nulls(n_events, pa.string()),
    }
    return pa.table(columns, schema=EVENT_SCHEMA)


def _named(
    names: Sequence[str] | NDArray[np.str_],
    rows: NDArray[np.integer[Any]],
    *,
    missing: NDArray[np.bool_] | None = None,
) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(rows, mask=missing))


def _ids(
    letter: str, numbers: NDArray[np.int64], *, missing: NDArray[np.bool_] | None = None
) -> pa.Array:
    digits = pc.utf8_lpad(pa.array(numbers, mask=missing).cast(pa.string()), ID_DIGITS, "0")
    return pc.binary_join_element_wise(letter, digits, "")
