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
from features.own_events import OwnEvents
from features.pair_features import PairFeatures
from features.pairs import Pairs
from features.person_facts import PersonFacts, person_facts
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
    pairs = Pairs.of(candidates, len(facts.age_days))
    return PairFeatures.of(
        {
            **_affinities(seen, candidates, pairs),
            **_own(seen, pairs, about, n_items=len(facts.age_days)),
            **_due(seen, pairs, n_items=len(facts.age_days)),
            **_browsed(seen, pairs, n_items=len(facts.age_days)),
            **_item(seen, pairs, facts),
            **_fit(pairs, facts, about),
            **_person(pairs, about),
        }
    )


def _affinities(seen: Seen, candidates: Candidates, pairs: Pairs) -> Features:
    """Score pairs by every model and further source, as it is and against the person's others."""
    features: Features = {}
    scores = [view.pair_scores(candidates) for view in seen.views.values()]
    against_others = standardised(np.array(scores, dtype=np.float32), candidates)
    for name, own, above in zip(seen.views, scores, against_others, strict=True):
        features |= {name: own, f"{name}_z": above}
    for source, strengths in seen.strengths.items():
        features[source.value] = pairs.values(strengths)
    return features


def _own(seen: Seen, pairs: Pairs, about: PersonFacts, *, n_items: int) -> Features:
    bought = OwnEvents.of(
        seen.persons.histories, (EventType.PURCHASE,), n_items=n_items, as_of_s=seen.as_of_s
    )
    n_days, since = bought.n_days, bought.last_days
    orders = about.rhythm.orders[bought.people]
    again = n_days > 1
    gap = (bought.first_days - since) / np.maximum(n_days - 1, 1)
    values: Features = {
        "bought_days": n_days,
        "bought_share": n_days / np.maximum(orders, 1),
        "bought_since": since,
        "bought_gap": np.where(again, gap, NEVER_DAYS),
        "bought_late": np.where(again, since / np.maximum(gap, 1), 0),
    }
    missing = (0, 0, NEVER_DAYS, NEVER_DAYS, 0)
    known = pairs.known(bought.keys, tuple(values.values()), missing=missing)
    return dict(zip(values, known, strict=True))


def _due(seen: Seen, pairs: Pairs, *, n_items: int) -> Features:
    """Say how likely a purchase is made again, and when."""
    due = seen.due
    if due is None:
        return {}
    cells, values = due.people * n_items + due.item_rows, (due.confidence, due.days_until_due)
    known = pairs.known(cells, values, missing=(0, NEVER_DAYS))
    return dict(zip(("due_confidence", "due_in_days"), known, strict=True))


def _browsed(seen: Seen, pairs: Pairs, *, n_items: int) -> Features:
    features: Features = {}
    for name, event_types in (("viewed", _LOOKED), ("carted", _KEPT)):
        done = OwnEvents.of(
            seen.persons.histories, event_types, n_items=n_items, as_of_s=seen.as_of_s
        )
        values = (done.n_events, done.last_days)
        known = pairs.known(done.keys, values, missing=(0, NEVER_DAYS))
        features |= zip((name, f"{name}_since"), known, strict=True)
    return features


def _item(seen: Seen, pairs: Pairs, facts: ItemFacts) -> Features:
    rows = pairs.item_rows
    places = facts.place_of_trend[seen.trend_rows][pairs.people]
    short, long, log_price = facts.trend_short[rows], facts.trend_long[rows], facts.log_price[rows]
    return {
        "trend_short": short,
        "trend_long": long,
        "trend_ever": facts.trend_ever[rows],
        "trend_rising": short - long,
        "trend_local": facts.local[places, rows],
        "season": facts.season[rows],
        "age_days": facts.age_days[rows],
        "log_price": _filled(log_price, 0),
    }


def _fit(pairs: Pairs, facts: ItemFacts, about: PersonFacts) -> Features:
    """Compare the item with what the person usually takes: its price and its category."""
    rows, people = pairs.item_rows, pairs.people
    step = _filled(facts.log_price[rows] - about.log_price[people], 0)
    features: Features = {"price_step": step, "price_distance": np.abs(step)}
    if about.category_shares is not None:
        known = facts.category_rows[rows]
        shares = about.category_shares[people, np.maximum(known, 0)]
        features["category_share"] = np.where(known >= 0, shares, 0)
    return features


def _person(pairs: Pairs, about: PersonFacts) -> Features:
    numbers = about.numbers()
    values = _filled(np.array(list(numbers.values()), dtype=np.float32), _NOTHING)
    return dict(zip(numbers, values[:, pairs.people], strict=True))


def _filled(values: NDArray[np.float32], number: float) -> NDArray[np.float32]:
    """Put a number where none is known."""
    return np.where(np.isnan(values), np.float32(number), values)


def standardised(scores: NDArray[np.float32], candidates: Candidates) -> NDArray[np.float32]:
    """Say how many standard deviations a score lies above the same person's other candidates.

    Parameters
    ----------
    scores : ndarray of float32, shape (n_models, n_pairs)
        Of pairs.
    candidates : Candidates
        The pairs.
    """
    lengths = candidates.indptr[1:] - candidates.indptr[:-1]
    some = lengths.nonzero()[0]
    starts, counts = candidates.indptr[some], lengths[some]
    if not scores.size:
        return scores
    # Counted from the person's first score, so that equal ones differ by nought exactly.
    above_first = scores - scores[:, starts].repeat(counts, axis=1)
    means = np.add.reduceat(above_first, starts, axis=1) / counts
    centred = above_first - means.repeat(counts, axis=1)
    spreads = np.sqrt(np.add.reduceat(np.square(centred), starts, axis=1) / counts)
    scale = np.where(spreads > 0, spreads, 1).repeat(counts, axis=1)
    above: NDArray[np.float32] = (centred / scale).astype(np.float32)
    return above
