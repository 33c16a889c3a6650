"""Returns: which purchased units a person still has."""

from typing import Any

import ibis

from features.events import EventType


def without_returned(events: Any) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    """Cancel purchases by the returns that followed them, the latest purchase first.

    Seen as a height that purchases raise and returns lower, a purchase lifts it from one level to
    the next, and those of its units stay that lie at or below every later level. Where the height
    begins does not matter, so units returned that nobody saw bought cancel nothing bought later.

    Parameters
    ----------
    events : ibis.Table
        With `person`, `item_id`, `event_type`, `timestamp`, `quantity`, `event_id`.

    Returns
    -------
    ibis.Table
        The same columns; a purchase has the units that were kept, a fully returned one is gone.
        Everything else, the returns included, is as it was.
    """
    pair = ["person", "item_id"]
    is_return = events.event_type == EventType.RETURN.value
    is_trade = is_return | (events.event_type == EventType.PURCHASE.value)
    returned_pairs = events.filter(is_return & events.person.notnull()).select(*pair).distinct()
    touched = events.filter(is_trade).semi_join(returned_pairs, pair)
    untouched = events.anti_join(touched.select("event_id"), "event_id")

    ordered = {"group_by": pair, "order_by": ["timestamp", "is_return", "event_id"]}
    so_far = ibis.window(**ordered, preceding=None, following=0)
    from_here = ibis.window(**ordered, preceding=0, following=None)
    one_by_one = ibis.window(**ordered)
    signed = touched.mutate(is_return=touched.event_type == EventType.RETURN.value)
    signed = signed.mutate(change=ibis.ifelse(signed.is_return, -signed.quantity, signed.quantity))
    levels = signed.mutate(level=signed.change.sum().over(so_far))
    levels = levels.mutate(
        before=levels.level.lag().over(one_by_one).fill_null(0),
        lowest=levels.level.min().over(from_here),
    )
    kept = ibis.greatest(levels.lowest - levels.before, 0)
    quantity = ibis.ifelse(levels.is_return, levels.quantity, kept)
    settled = levels.mutate(quantity=quantity.cast(untouched.quantity.type()))
    settled = settled.filter(settled.is_return | (settled.quantity > 0))
    return untouched.union(settled.select(*events.columns))
