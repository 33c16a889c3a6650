"""Marks: who belongs to which segment, by name, for tables that compare segments."""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from features.people import People
from features.segments.activity import activity
from features.segments.lifecycle import Stage, StageRules, lifecycle, usual_gap_days

if TYPE_CHECKING:
    # What serving imports must not bring the table engine along.
    from features.snapshot import Snapshot

_LARGEST_COUNTRIES: Final = 5
_A_FEW_ORDERS: Final = (2, 4)
_ACTIVE_DAYS: Final = 30
_SLIPPING_DAYS: Final = 90
_NEW_DAYS: Final = 30


def segments(snapshot: "Snapshot") -> dict[str, NDArray[np.bool_]]:
    """Mark the users by orders, idleness, lifecycle stage, country, and who is new here.

    Returns
    -------
    dict of str to ndarray of bool, shape (n_users,)
        Days with a purchase stand for orders; the five largest countries are named. Users without
        any event have 0 orders, are idle over 90 days and not among the new ones.
    """
    known = activity(snapshot.histories, as_of_s=snapshot.as_of_s)
    few, several = _A_FEW_ORDERS
    # Somebody without events has been idle for ever, and compares with no number of days.
    stages = lifecycle(known, StageRules(gap_days=usual_gap_days(known)))
    return {
        "orders: 0": known.orders == 0,
        "orders: 1": known.orders == 1,
        "orders: 2-4": (known.orders >= few) & (known.orders <= several),
        "orders: 5+": known.orders > several,
        "idle: up to 30 days": known.idle_days <= _ACTIVE_DAYS,
        "idle: 31-90 days": (known.idle_days > _ACTIVE_DAYS) & (known.idle_days <= _SLIPPING_DAYS),
        "idle: over 90 days": ~(known.idle_days <= _SLIPPING_DAYS),
        **{f"lifecycle: {stage}": stages == stage.code for stage in Stage},
        "browse only": (known.orders == 0) & np.isfinite(known.known_days),
        "new users": known.known_days <= _NEW_DAYS,
        **_by_country(snapshot.people),
    }


def _by_country(people: People) -> dict[str, NDArray[np.bool_]]:
    rows = people.country_rows
    sizes = np.bincount(rows[rows >= 0], minlength=1)
    largest = np.argsort(-sizes, kind="stable")[:_LARGEST_COUNTRIES].tolist()
    return {f"country: {people.countries[row]}": rows == row for row in largest if sizes[row]}
