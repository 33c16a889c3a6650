"""Segments: which kind of person somebody is at `as_of`."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.events import EventType
from features.history import SECONDS_PER_DAY
from features.snapshot import Snapshot

_LARGEST_COUNTRIES: Final = 5
_A_FEW_ORDERS: Final = (2, 4)
_ACTIVE_DAYS: Final = 30
_SLIPPING_DAYS: Final = 90


def segments(snapshot: Snapshot) -> dict[str, NDArray[np.bool_]]:
    """Mark the users by number of past orders, by recency and by country.

    Returns
    -------
    dict of str to ndarray of bool, shape (n_users,)
        Days with a purchase stand for orders; the five largest countries are named.
    """
    histories, n = snapshot.histories, len(snapshot.users)
    bought = histories.select(histories.event_types == EventType.PURCHASE.code)
    days = np.stack((bought.person_of_entry, bought.timestamps // SECONDS_PER_DAY))
    orders = np.bincount(np.unique(days, axis=1)[0], minlength=n)
    last = np.zeros(n, dtype=np.int64)
    np.maximum.at(last, histories.person_of_entry, histories.timestamps)
    idle_days = (snapshot.as_of_s - last) // SECONDS_PER_DAY
    few, several = _A_FEW_ORDERS
    marks = {
        "orders: 0": orders == 0,
        "orders: 1": orders == 1,
        "orders: 2-4": (orders >= few) & (orders <= several),
        "orders: 5+": orders > several,
        "idle: up to 30 days": idle_days <= _ACTIVE_DAYS,
        "idle: 31-90 days": (idle_days > _ACTIVE_DAYS) & (idle_days <= _SLIPPING_DAYS),
        "idle: over 90 days": idle_days > _SLIPPING_DAYS,
    }
    country_rows = snapshot.people.country_rows
    sizes = np.bincount(country_rows[country_rows >= 0], minlength=1)
    for row in np.argsort(-sizes, kind="stable")[:_LARGEST_COUNTRIES].tolist():
        if sizes[row]:
            marks[f"country: {snapshot.people.countries[row]}"] = country_rows == row
    return marks
