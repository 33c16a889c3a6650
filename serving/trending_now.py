"""Trending now: what people want in these hours, where the bundle's trends have ended."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.demand import Demand, Trends
from features.history import SECONDS_PER_DAY
from training.bundle import Bundle

WITHIN_HOURS: Final = 24.0
_DEPTH: Final = 64

Counted = tuple[str, str | None, int, int]
"""Item id, country, `EventType.code` and how often that happened."""


def trending_now(
    bundle: Bundle, counted: Sequence[Counted], *, now: datetime
) -> NDArray[np.int32] | None:
    """Rank items by what was done with them lately, for the whole shop and by country.

    The same weights and the same pull of a small country towards the whole shop as in a
    training (`Trends.of`), on fresher events.

    Parameters
    ----------
    bundle : Bundle
        Its items and countries.
    counted : sequence of (item id, country, event type code, count)
        What happened within `WITHIN_HOURS`.
    now : datetime
        Aware.

    Returns
    -------
    ndarray of int32, shape (n_countries + 1, depth), or None
        Item rows for each row of the bundle's `Trends.top`, best first, -1 behind what was
        wanted at all; None where nothing was.
    """
    rows = bundle.items.rows([item_id for item_id, *_ in counted])
    known = rows >= 0
    if not known.any():
        return None
    recommender = bundle.recommender
    countries = recommender.trends.countries
    places = {name: place for place, name in enumerate(countries)}
    today = int(now.astimezone(UTC).timestamp()) // SECONDS_PER_DAY
    demand = Demand(
        item_rows=rows[known].astype(np.int32),
        days=np.full(int(known.sum()), today, dtype=np.int32),
        event_types=np.array([code for *_, code, _ in counted], dtype=np.uint8)[known],
        country_rows=np.array([places.get(one[1] or "", -1) for one in counted], np.int16)[known],
        counts=np.array([count for *_, count in counted], dtype=np.float32)[known],
        countries=countries,
    )
    trends = Trends.of(
        demand,
        recommendable=recommender.recommendable,
        weights=recommender.weights,
        as_of_s=today * SECONDS_PER_DAY,
        n_top=_DEPTH,
    )
    wanted = trends.scores[trends.top] > 0
    return np.where(wanted, trends.top, -1).astype(np.int32) if wanted.any() else None
