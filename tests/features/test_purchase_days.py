"""Purchase days: each pair's days in order, whatever order they came in."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import FutureEventError
from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.purchase_days import PurchaseDays

BUY, CART = EventType.PURCHASE.code, EventType.CART.code
LATER_S = 1_000 * SECONDS_PER_DAY

Entry = tuple[int, int, int]
"""Item row, event type code, day."""

people = st.lists(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([BUY, CART]), st.integers(0, 30))),
    max_size=5,
)


def found(people: list[list[Entry]]) -> PurchaseDays:
    given = Histories.of(
        [[(item, code, day * SECONDS_PER_DAY + 60) for item, code, day in one] for one in people]
    )
    return PurchaseDays.of(given, as_of_s=LATER_S)


def test_a_pair_has_its_first_and_last_day_and_what_lies_between() -> None:
    bought = found([[(7, BUY, 1), (2, BUY, 3), (7, BUY, 5), (7, BUY, 12)], [], [(7, BUY, 4)]])

    assert bought.people.tolist() == [0, 0, 2]
    assert bought.item_rows.tolist() == [2, 7, 7]
    assert bought.first_days.tolist() == [3, 1, 4]
    assert bought.last_days.tolist() == [3, 12, 4]
    assert bought.n_again.tolist() == [0, 2, 0]
    assert bought.interval_days.tolist() == [5 - 1, 12 - 5]
    assert bought.interval_pairs.tolist() == [1, 1]


@given(people)
def test_purchase_days_equal_a_naive_second_implementation(people: list[list[Entry]]) -> None:
    days: dict[tuple[int, int], set[int]] = {}
    for person, entries in enumerate(people):
        for item, code, day in entries:
            if code == BUY:
                days.setdefault((person, item), set()).add(day)
    ordered = {pair: sorted(days[pair]) for pair in sorted(days)}

    bought = found(people)

    assert list(zip(bought.people.tolist(), bought.item_rows.tolist(), strict=True)) == [*ordered]
    assert bought.first_days.tolist() == [one[0] for one in ordered.values()]
    assert bought.last_days.tolist() == [one[-1] for one in ordered.values()]
    assert bought.n_again.tolist() == [len(one) - 1 for one in ordered.values()]
    assert bought.interval_days.tolist() == [
        after - before for one in ordered.values() for before, after in pairwise(one)
    ]


def test_intervals_are_added_up_by_pair() -> None:
    bought = found([[(1, BUY, 0), (1, BUY, 2), (1, BUY, 5), (2, BUY, 0)]])

    assert bought.summed(bought.interval_days.astype(np.float64)).tolist() == [2 + 3, 0]


def test_a_purchase_later_that_day_is_known_and_one_of_tomorrow_refused() -> None:
    noon_s = 10 * SECONDS_PER_DAY + SECONDS_PER_DAY // 2
    tonight, tomorrow = (Histories.of([[(0, BUY, noon_s + ahead_s)]]) for ahead_s in (60, 50_000))

    assert PurchaseDays.of(tonight, as_of_s=noon_s).last_days.tolist() == [10]
    with pytest.raises(FutureEventError, match="1 days after as_of"):
        PurchaseDays.of(tomorrow, as_of_s=noon_s)
