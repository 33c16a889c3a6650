"""The ranker's features of (person, item) pairs: what both are like, and what they have in common.

Nothing here looks past `as_of`: every number comes from the histories and the item facts that a
snapshot holds. What is missing has a number of its own, such as `NEVER_DAYS`, so that a tree can
tell it apart.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.candidates import Candidates
from features.events import EventType
from features.item_facts import ItemFacts
from features.own_events import OwnEvents, find_keys, looked_up
from features.pair_features import PairFeatures
from features.person_facts import PersonFacts, person_facts
from features.retrievers import at_pairs
from features.seen import Seen

NEVER_DAYS: Final = 3650.0
# No number of a person or an item lies below nought.
_NOTHING: Final = -1.0
_LOOKED: Final = (EventType.VIEW, EventType.CLICK)
_KEPT: Final = (EventType.CART, EventType.WISHLIST)

Features = dict[str, NDArray[np.floating]]


def ranker_features(seen: Seen, candidates: Candidates, facts: ItemFacts) -> PairFeatures:
    """Compute every feature of candidate pairs.

    Parameters
    ----------
    seen : Seen
        n people.
    candidates : Candidates
        Their pairs.
    facts : ItemFacts
        About all items.

    Returns
    -------
    PairFeatures
        The same names in the same order for the same shop.
    """
    about = person_facts(seen.persons.histories, facts, as_of_s=seen.as_of_s)
    return PairFeatures.of(
        {
            **_affinities(seen, candidates),
            **_own(seen, candidates, about, n_items=len(facts.age_days)),
            **_due(seen, candidates, n_items=len(facts.age_days)),
            **_browsed(seen, candidates, n_items=len(facts.age_days)),
            **_item(seen, candidates, facts),
            **_fit(candidates, facts, about),
            **_person(candidates, about),
        }
    )


def _affinities(seen: Seen, candidates: Candidates) -> Features:
    """Score pairs by every model and further source, as it is and against the person's others."""
    features: Features = {}
    for name, view in seen.views.items():
        scores = view.pair_scores(candidates)
        features |= {name: scores, f"{name}_z": standardised(scores, candidates)}
    for source, strengths in seen.strengths.items():
        features[source.value] = at_pairs(strengths, candidates)
    return features


def _own(seen: Seen, candidates: Candidates, about: PersonFacts, *, n_items: int) -> Features:
    bought = OwnEvents.of(
        seen.persons.histories, (EventType.PURCHASE,), n_items=n_items, as_of_s=seen.as_of_s
    )
    where = bought.find(candidates)
    n_days = looked_up(bought.n_days, *where)
    since = looked_up(bought.last_days, *where, missing=NEVER_DAYS)
    span = looked_up(bought.first_days - bought.last_days, *where)
    again = n_days > 1
    gap = np.where(again, span / np.maximum(n_days - 1, 1), NEVER_DAYS)
    orders = about.rhythm.orders[candidates.person_rows]
    return {
        "bought_days": n_days,
        "bought_share": n_days / np.maximum(orders, 1),
        "bought_since": since,
        "bought_gap": gap,
        "bought_late": np.where(again, since / np.maximum(gap, 1), 0),
    }


def _due(seen: Seen, candidates: Candidates, *, n_items: int) -> Features:
    """Say how likely a purchase is made again, and when."""
    due = seen.due
    if due is None:
        return {}
    where = find_keys(due.people * n_items + due.item_rows, candidates, n_items=n_items)
    return {
        "due_confidence": looked_up(due.confidence, *where),
        "due_in_days": looked_up(due.days_until_due, *where, missing=NEVER_DAYS),
    }


def _browsed(seen: Seen, candidates: Candidates, *, n_items: int) -> Features:
    features: Features = {}
    for name, event_types in (("viewed", _LOOKED), ("carted", _KEPT)):
        done = OwnEvents.of(
            seen.persons.histories, event_types, n_items=n_items, as_of_s=seen.as_of_s
        )
        where = done.find(candidates)
        features[name] = looked_up(done.n_events, *where)
        features[f"{name}_since"] = looked_up(done.last_days, *where, missing=NEVER_DAYS)
    return features


def _item(seen: Seen, candidates: Candidates, facts: ItemFacts) -> Features:
    rows = candidates.item_rows
    places = facts.place_of_trend[seen.trend_rows][candidates.person_rows]
    return {
        "trend_short": facts.trend_short[rows],
        "trend_long": facts.trend_long[rows],
        "trend_ever": facts.trend_ever[rows],
        "trend_rising": facts.trend_short[rows] - facts.trend_long[rows],
        "trend_local": facts.local[places, rows],
        "season": facts.season[rows],
        "age_days": facts.age_days[rows],
        "log_price": np.nan_to_num(facts.log_price[rows], nan=0.0),
    }


def _fit(candidates: Candidates, facts: ItemFacts, about: PersonFacts) -> Features:
    """Compare the item with what the person usually takes: its price and its category."""
    rows, people = candidates.item_rows, candidates.person_rows
    step = np.nan_to_num(facts.log_price[rows] - about.log_price[people], nan=0.0)
    features: Features = {"price_step": step, "price_distance": np.abs(step)}
    if about.category_shares is not None:
        known = facts.category_rows[rows]
        shares = about.category_shares[people, np.maximum(known, 0)]
        features["category_share"] = np.where(known >= 0, shares, 0)
    return features


def _person(candidates: Candidates, about: PersonFacts) -> Features:
    people = candidates.person_rows
    return {
        name: np.nan_to_num(values, nan=_NOTHING)[people]
        for name, values in about.numbers().items()
    }


def standardised(scores: NDArray[np.float32], candidates: Candidates) -> NDArray[np.float32]:
    """Say how many standard deviations a score lies above the same person's other candidates.

    Parameters
    ----------
    scores : ndarray of float32, shape (n_pairs,)
        Of pairs.
    candidates : Candidates
        The pairs.
    """
    lengths = np.diff(candidates.indptr)
    some = lengths > 0
    starts, counts = candidates.indptr[:-1][some], lengths[some]
    if not len(starts):
        return scores
    # Counted from the person's first score, so that equal ones differ by nought exactly.
    above_first = scores - np.repeat(scores[starts], counts)
    means = np.add.reduceat(above_first, starts) / counts
    centred = above_first - np.repeat(means, counts)
    spreads = np.sqrt(np.add.reduceat(np.square(centred), starts) / counts)
    scale = np.repeat(np.where(spreads > 0, spreads, 1), counts)
    above: NDArray[np.float32] = (centred / scale).astype(np.float32)
    return above
