"""Laws of the metrics per user, checked against a second, naive implementation."""

from collections.abc import Callable
from math import log2
from random import Random

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given
from hypothesis import strategies as st

from features.errors import InvalidInput
from training.metrics import Hits, average_precision, find_hits, hit_rate, ndcg, recall

Metric = Callable[[Hits], np.ndarray]
People = tuple[list[list[int]], list[set[int]]]

METRICS = [recall, hit_rate, ndcg, average_precision]
N_ITEMS = 12


def naive_recall(shown: list[int], wanted: set[int]) -> float:
    return len(wanted.intersection(shown)) / len(wanted)


def naive_hit_rate(shown: list[int], wanted: set[int]) -> float:
    return 1.0 if wanted.intersection(shown) else 0.0


def naive_ndcg(shown: list[int], wanted: set[int]) -> float:
    gained = sum(1 / log2(place + 1) for place, item in enumerate(shown, 1) if item in wanted)
    best = sum(1 / log2(place + 1) for place in range(1, min(len(shown), len(wanted)) + 1))
    return gained / best


def naive_average_precision(shown: list[int], wanted: set[int]) -> float:
    total = 0.0
    for place, item in enumerate(shown, 1):
        if item in wanted:
            total += len(wanted.intersection(shown[:place])) / place
    return total / min(len(shown), len(wanted))


NAIVE = {
    recall: naive_recall,
    hit_rate: naive_hit_rate,
    ndcg: naive_ndcg,
    average_precision: naive_average_precision,
}


def targets_of(wanted: list[set[int]]) -> sp.csr_array:
    dense = np.zeros((len(wanted), N_ITEMS))
    for row, items in enumerate(wanted):
        dense[row, list(items)] = 1.0
    return sp.csr_array(dense)


def hits_of(shown: list[list[int]], wanted: list[set[int]]) -> Hits:
    return find_hits(np.array(shown, dtype=np.int32), targets_of(wanted))


def one(metric: Metric, shown: list[int], wanted: set[int]) -> float:
    return float(metric(hits_of([shown], [wanted]))[0])


@st.composite
def lists_and_targets(draw: st.DrawFn) -> People:
    """Draw lists with empty places anywhere, and at least one target for each user."""
    k = draw(st.integers(1, N_ITEMS))
    n_users = draw(st.integers(1, 6))
    items = st.permutations(range(N_ITEMS))
    wanted = st.sets(st.integers(0, N_ITEMS - 1), min_size=1)
    is_empty = st.lists(st.booleans(), min_size=k, max_size=k)
    shown = [
        [-1 if empty else item for item, empty in zip(draw(items), draw(is_empty), strict=False)]
        for _ in range(n_users)
    ]
    return shown, [draw(wanted) for _ in range(n_users)]


@pytest.mark.parametrize("metric", METRICS)
@given(lists_and_targets())
def test_a_metric_equals_its_naive_second_implementation(metric: Metric, people: People) -> None:
    shown, wanted = people

    ours = metric(hits_of(shown, wanted))

    assert ours.dtype == np.float64
    assert ours.tolist() == pytest.approx(
        [NAIVE[metric](*person) for person in zip(shown, wanted, strict=True)]
    )


@pytest.mark.parametrize("metric", METRICS)
@given(lists_and_targets())
def test_a_metric_lies_between_0_and_1(metric: Metric, people: People) -> None:
    values = metric(hits_of(*people))

    assert ((values >= 0) & (values <= 1)).all()


@pytest.mark.parametrize("metric", METRICS)
@given(st.permutations(range(N_ITEMS)), st.integers(1, N_ITEMS), st.integers(0, N_ITEMS))
def test_a_perfect_list_is_exactly_1(
    metric: Metric, items: list[int], n_targets: int, n_misses: int
) -> None:
    assume(n_targets + n_misses <= N_ITEMS)

    assert one(metric, items[: n_targets + n_misses], set(items[:n_targets])) == 1.0


@pytest.mark.parametrize("metric", METRICS)
def test_a_list_without_a_hit_is_0(metric: Metric) -> None:
    assert one(metric, [0, 1, 2], {3, 4}) == 0.0


@pytest.mark.parametrize("metric", METRICS)
@given(lists_and_targets(), st.randoms(use_true_random=False))
def test_the_order_of_users_does_not_matter(metric: Metric, people: People, random: Random) -> None:
    shown, wanted = people
    order = random.sample(range(len(shown)), len(shown))

    shuffled = metric(hits_of([shown[i] for i in order], [wanted[i] for i in order]))

    assert shuffled.tolist() == metric(hits_of(shown, wanted))[order].tolist()


@given(lists_and_targets())
def test_a_miss_at_the_end_does_not_change_recall(people: People) -> None:
    shown, wanted = people
    longer = [
        [*items, next((i for i in range(N_ITEMS) if i not in {*items, *targets}), -1)]
        for items, targets in zip(shown, wanted, strict=True)
    ]

    assert recall(hits_of(longer, wanted)).tolist() == recall(hits_of(shown, wanted)).tolist()


@pytest.mark.parametrize("metric", [ndcg, average_precision])
@given(lists_and_targets(), st.data())
def test_moving_a_hit_up_never_makes_a_list_worse(
    metric: Metric, people: People, data: st.DataObject
) -> None:
    shown, wanted = people[0][0], people[1][0]
    hits = [place for place, item in enumerate(shown) if item in wanted]
    assume(hits)
    below = data.draw(st.sampled_from(hits))
    above = data.draw(st.integers(0, below))
    better = list(shown)
    better[above], better[below] = shown[below], shown[above]

    assert one(metric, better, wanted) >= one(metric, shown, wanted)


@pytest.mark.parametrize("metric", METRICS)
def test_an_empty_place_is_never_a_hit(metric: Metric) -> None:
    # The last item of the first user's row is what a careless -1 in the second would find.
    last = N_ITEMS - 1

    values = metric(hits_of([[-1, -1], [-1, -1], [0, -1]], [{last}, {last}, {last, 0}]))

    assert values[:2].tolist() == [0.0, 0.0], "nor are two of them a duplicate"
    assert values[2] == one(metric, [0, 1], {last, 0})


def test_recall_divides_by_all_targets_even_where_the_list_is_shorter() -> None:
    assert one(recall, [4, 5], {4, 5, 6, 7, 8}) == 2 / 5


def test_ndcg_by_hand() -> None:
    found = 1 / log2(1 + 1) + 1 / log2(3 + 1)
    best = 1 / log2(1 + 1) + 1 / log2(2 + 1)

    assert one(ndcg, [4, 0, 5, 1], {4, 5}) == pytest.approx(found / best)


def test_average_precision_by_hand() -> None:
    value = one(average_precision, [2, 0, 4, 1, 3, 5], {2, 4, 6, 7, 8, 9})

    assert value == pytest.approx(1 / 6 * (1 / 1 + 2 / 3))


def test_average_precision_is_normalised_by_what_the_list_can_hold() -> None:
    value = one(average_precision, [0, 2, 4], {2, 4, 6, 7, 8})

    assert value == pytest.approx(1 / 3 * (1 / 2 + 2 / 3))


def test_no_user_gives_no_value() -> None:
    hits = find_hits(np.empty((0, 3), dtype=np.int32), sp.csr_array((0, N_ITEMS)))

    assert [len(metric(hits)) for metric in METRICS] == [0, 0, 0, 0]


def test_targets_are_items_not_amounts() -> None:
    # Item 1 twice, item 2 bought and cancelled, item 3 stored as nothing.
    stored = sp.csr_array(
        (np.array([3.0, 1.0, 2.0, -2.0, 0.0]), np.array([1, 1, 2, 2, 3]), np.array([0, 5])),
        shape=(1, N_ITEMS),
    )

    hits = find_hits(np.array([[1, 2, 3]]), stored)

    assert hits.n_targets.tolist() == [1]
    assert hits.at.tolist() == [[True, False, False]]
    assert stored.nnz == 5, "the caller's matrix stays as it was"


def test_boolean_targets_are_as_good_as_amounts() -> None:
    hits = find_hits(np.array([[5, 2], [2, 0]]), targets_of([{1, 5}, {2}]).astype(bool))

    assert hits.at.tolist() == [[True, False], [True, False]]


def test_keys_do_not_overflow_where_users_times_items_passes_32_bits() -> None:
    last = 2**31 - 2
    wanted = sp.csr_array((np.ones(3), np.full(3, last), np.arange(4)), shape=(3, last + 1))

    hits = find_hits(np.array([[last, 0]] * 3, dtype=np.int32), wanted)

    assert hits.at.tolist() == [[True, False]] * 3


def test_a_user_without_target_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"1 of 2 users have no target, the first in row 1"):
        hits_of([[0], [0]], [{0}, set()])


def test_an_item_twice_in_a_list_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"list in row 1 holds item row 7 twice"):
        hits_of([[0, 1, 7], [7, -1, 7]], [{0}, {0}])


@pytest.mark.parametrize("row", [N_ITEMS, -2])
def test_an_item_row_that_does_not_exist_is_refused(row: int) -> None:
    with pytest.raises(InvalidInput, match=rf"item row {row} does not exist"):
        hits_of([[0, row]], [{0}])


@pytest.mark.parametrize("recommended", [np.zeros((1, 0), int), np.zeros(1, int), np.ones((1, 2))])
def test_what_is_no_table_of_item_rows_is_refused(recommended: np.ndarray) -> None:
    with pytest.raises(InvalidInput, match=r"lists must be whole numbers of shape \(n_users, k\)"):
        find_hits(recommended, targets_of([{0}]))


def test_a_list_for_each_user_is_required() -> None:
    with pytest.raises(InvalidInput, match="2 lists cannot be judged by the targets of 1 users"):
        hits_of([[0], [1]], [{0}])
