"""Drawn shelves and plans of a shop of thirty items, for laws about every list."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.candidates import Source
from serving.rules import Arranged, Plan, Shelf
from serving.rules.caps import UNKNOWN, Cap
from serving.rules.diversity import Diversity
from serving.rules.drops import Exclusion, PriceWindow
from serving.rules.moves import Damping, Push

N_ITEMS = 30
_STRENGTH = st.sampled_from([0.25, 0.5, 1.0, 3.0])


@dataclass(frozen=True, slots=True)
class Drawn:
    """What `arrange` is asked."""

    shelf: Shelf
    fallback: Shelf
    plan: Plan
    num_results: int


def shelf_of(
    item_rows: Sequence[int],
    scores: Sequence[float] | NDArray[np.floating],
    source: Source = Source.NEAR_USER,
) -> Shelf:
    """Give a shelf of these items."""
    return Shelf(
        np.array(item_rows, dtype=np.int32),
        np.array(scores, dtype=np.float32),
        np.full(len(item_rows), source.code, dtype=np.uint8),
    )


def mask_of(*item_rows: int) -> NDArray[np.bool_]:
    """Mark these items."""
    return np.isin(np.arange(N_ITEMS), item_rows)


generators = st.integers(0, 2**16).map(np.random.default_rng)
"""What is drawn for every item is drawn at once: thirty draws for each array take seconds."""


@st.composite
def shelves(draw: st.DrawFn, source: Source = Source.NEAR_USER) -> Shelf:
    """Draw some items, and scores of which many are the same."""
    n, rng = draw(st.integers(0, 20)), draw(generators)
    return shelf_of(rng.permutation(N_ITEMS)[:n].tolist(), rng.integers(-8, 8, n) / 4, source)


masks = st.builds(
    lambda rng, share: rng.random(N_ITEMS) < share, generators, st.sampled_from([0.1, 0.4])
)
boosts = st.builds(Push, masks, _STRENGTH)
buries = st.builds(Push, masks, _STRENGTH.map(lambda strength: -strength))
dampings = st.builds(
    lambda rng, strength: Damping(dict(enumerate(rng.integers(0, 4, 9).tolist())), strength),
    generators,
    _STRENGTH,
)
exclusions = st.builds(Exclusion, st.just("excluded"), masks)
price_windows = st.builds(
    PriceWindow,
    generators.map(lambda rng: rng.choice([1.0, 5.0, 9.0, np.nan], N_ITEMS)),
    st.sampled_from([0.0, 2.0]),
    st.sampled_from([6.0, np.inf]),
)


@st.composite
def caps(draw: st.DrawFn, name: str) -> Cap:
    """Draw a cap on a column of five values, one of them unknown."""
    most, values = draw(st.integers(1, 3)), draw(generators).integers(UNKNOWN, 4, N_ITEMS)
    window = draw(st.none() | st.integers(most + 1, most + 4))
    return Cap(name, values.astype(np.int32), most, window)


@st.composite
def diversities(draw: st.DrawFn) -> Diversity:
    """Draw items that point along one of three axes, or nowhere."""
    axes = draw(generators).integers(0, 4, N_ITEMS)
    vectors = np.vstack([np.eye(3), np.zeros(3)])[axes] * 2
    return Diversity(vectors.astype(np.float32), draw(st.sampled_from([0.25, 0.5, 1.0])))


@st.composite
def pins(draw: st.DrawFn) -> dict[int, int]:
    """Draw up to three slots, and different items for them."""
    slots = draw(st.lists(st.integers(1, 12), unique=True, max_size=3))
    return dict(zip(slots, draw(generators).permutation(N_ITEMS).tolist(), strict=False))


some_caps = st.tuples(caps("brand"), caps("category")) | st.tuples(caps("brand"))


@st.composite
def questions(draw: st.DrawFn, **parts: Any) -> Drawn:  # noqa: ANN401 -- any part of a plan
    """Draw a whole question; parts of the plan that are given are values, or drawn from those."""
    drawn = {
        "drops": st.lists(exclusions | price_windows, max_size=2).map(tuple),
        "moves": st.lists(buries | dampings, max_size=2).map(tuple),
        "caps": st.just(()) | some_caps,
        "diversity": st.none() | diversities(),
        "pins": st.just({}) | pins(),
        "is_strict": st.booleans(),
    } | parts
    plan = {
        name: draw(one) if isinstance(one, st.SearchStrategy) else one
        for name, one in drawn.items()
    }
    n = draw(st.integers(1, 12))
    return Drawn(draw(shelves()), draw(shelves(Source.POPULAR)), Plan(**plan), n)


def fullest(arranged: Arranged, cap: Cap, without: Mapping[int, int] | None = None) -> int:
    """Count the most items of one known value in any window of a list."""
    window = cap.window or len(arranged) or 1
    skipped = set((without or {}).values())
    values = [
        UNKNOWN if row in skipped else int(cap.codes[row]) for row in arranged.item_rows.tolist()
    ]
    counts = [
        count
        for start in range(max(len(values) - window + 1, 1))
        for value, count in Counter(values[start : start + window]).items()
        if value != UNKNOWN
    ]
    return max(counts, default=0)
