"""Person facts are counted as one would by hand."""

import numpy as np
import pytest

from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.item_facts import ItemFacts
from features.person_facts import PersonFacts, person_facts
from tests.shops import AS_OF, bundle_of, some_snapshot

BUY, VIEW = EventType.PURCHASE.code, EventType.VIEW.code
AS_OF_S = int(AS_OF.timestamp())


@pytest.fixture(scope="module")
def items() -> ItemFacts:
    """Give six items of two categories; item row r costs r + 1."""
    facts = bundle_of(some_snapshot(1, n_items=6)).recommender.facts
    assert facts is not None
    return facts


def _facts(items: ItemFacts, *people: list[tuple[int, int, int]]) -> PersonFacts:
    """Let people do things some days ago."""
    told = [
        [(row, kind, AS_OF_S - ago * SECONDS_PER_DAY) for row, kind, ago in one] for one in people
    ]
    return person_facts(Histories.of(told), items, as_of_s=AS_OF_S)


def test_only_purchases_say_what_somebody_pays_and_likes(items: ItemFacts) -> None:
    facts = _facts(items, [(0, BUY, 9), (1, BUY, 9), (5, BUY, 2), (4, VIEW, 1)], [(3, VIEW, 3)], [])

    assert facts.breadth.tolist() == [3 / 2, 0, 0]
    assert facts.log_price[0] == pytest.approx(np.log([1, 2, 6]).mean(), rel=1e-6)
    assert np.isnan(facts.log_price[1:]).all()
    assert facts.category_shares is not None
    of_first = facts.category_shares[:, items.category_rows[0]]
    assert of_first == pytest.approx([2 / 3, 0, 0])
    assert facts.category_shares.sum(axis=1) == pytest.approx([1, 0, 0])


def test_every_number_has_a_name_and_a_value_for_each_person(items: ItemFacts) -> None:
    numbers = _facts(items, [(0, BUY, 9)], []).numbers()

    assert {len(values) for values in numbers.values()} == {2}
    assert numbers["orders"].tolist() == [1, 0]
    assert numbers["since_order_days"][0] == 9
    assert np.isnan(numbers["since_order_days"][1])


def test_nobody_has_no_facts(items: ItemFacts) -> None:
    assert {len(values) for values in _facts(items).numbers().values()} == {0}
