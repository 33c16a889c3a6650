"""What each person did with each item, counted as a plain loop would."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.candidates import Candidates
from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.own_events import OwnEvents
from features.pairs import Pairs

BUY, VIEW, CART = EventType.PURCHASE.code, EventType.VIEW.code, EventType.CART.code
N_ITEMS, TODAY = 4, 100
AS_OF_S = TODAY * SECONDS_PER_DAY + 500

people = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, N_ITEMS - 1),
            st.sampled_from([BUY, VIEW, CART]),
            st.integers(0, (TODAY + 2) * SECONDS_PER_DAY),
        ),
        max_size=12,
    ).map(lambda events: sorted(events, key=lambda one: one[2])),
    min_size=1,
    max_size=4,
)


def _all_pairs(n: int) -> Candidates:
    rows = np.tile(np.arange(N_ITEMS, dtype=np.int32), n)
    return Candidates(np.arange(n + 1) * N_ITEMS, rows, np.zeros(len(rows), np.uint8))


@given(people)
def test_pairs_are_added_up_by_a_plain_loop(given_: list[list[tuple[int, int, int]]]) -> None:
    own = OwnEvents.of(
        Histories.of(given_), (EventType.PURCHASE, EventType.CART), n_items=N_ITEMS, as_of_s=AS_OF_S
    )

    pairs = Pairs.of(_all_pairs(len(given_)), N_ITEMS)
    counted = (own.n_days, own.n_events, own.first_days, own.last_days)
    known = pairs.known(own.keys, counted, missing=(-1, -1, -1, -1))

    assert (own.people == own.keys // N_ITEMS).all()
    for place, (person, row) in enumerate(np.ndindex(len(given_), N_ITEMS)):
        ages = [
            # What is later counts as of today.
            max(TODAY - at // SECONDS_PER_DAY, 0)
            for item, kind, at in given_[person]
            if item == row and kind != VIEW
        ]
        wanted = [len(set(ages)), len(ages), max(ages), min(ages)] if ages else [-1] * 4
        assert known[:, place].tolist() == wanted


def test_nothing_is_counted_where_nothing_was_done() -> None:
    own = OwnEvents.of(Histories.empty(2), (EventType.VIEW,), n_items=N_ITEMS, as_of_s=AS_OF_S)

    assert not len(own.keys)
    assert not len(own.people)
