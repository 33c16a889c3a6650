"""Repurchases: what comes back comes when it did before, and a gift hardly ever."""

import math
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.credibility import LEAST
from features.due import Due
from features.errors import FutureEventError
from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.purchase_days import PurchaseDays
from features.repurchase import RepurchaseModel
from features.simulated_shop import SimulationSettings, open_truth, simulate

TODAY = 20_000
AS_OF_S = TODAY * SECONDS_PER_DAY + 9 * 3600
N_ITEMS = 5
NAPPIES, GIFT = 0, 1
BUY, VIEW = EventType.PURCHASE.code, EventType.VIEW.code

Purchases = list[tuple[int, int]]
"""Item row and how many days ago."""

purchases = st.lists(st.tuples(st.integers(0, N_ITEMS - 1), st.integers(0, 400)), max_size=15)
people = st.lists(purchases, min_size=1, max_size=6)


def histories(people: list[Purchases]) -> Histories:
    return Histories.of(
        [
            [(item, BUY, AS_OF_S - ago * SECONDS_PER_DAY) for item, ago in sorted(one, key=_oldest)]
            for one in people
        ]
    )


def _oldest(purchase: tuple[int, int]) -> int:
    return -purchase[1]


def learnt(people: list[Purchases]) -> RepurchaseModel:
    return RepurchaseModel.of(histories(people), n_items=N_ITEMS, as_of_s=AS_OF_S)


def due(model: RepurchaseModel, people: list[Purchases], *, window_days: float = 14.0) -> Due:
    return model.due(histories(people), as_of_s=AS_OF_S, window_days=window_days)


def known_model(
    *,
    interval_days: float = 30.0,
    spread: float = 0.5,
    repeat: float = 0.5,
    interval_worth: float = 2.0,
    repeat_worth: float = 1.0,
) -> RepurchaseModel:
    return RepurchaseModel(
        log_intervals=np.full(N_ITEMS, math.log(interval_days), dtype=np.float32),
        spreads=np.full(N_ITEMS, spread, dtype=np.float32),
        repeat_probabilities=np.full(N_ITEMS, repeat, dtype=np.float32),
        interval_worth=interval_worth,
        repeat_worth=repeat_worth,
    )


def family_shop() -> list[Purchases]:
    """Ten families buy nappies every 30 days for a year; forty people a gift, half a year ago."""
    families = [[(NAPPIES, start + 30 * n) for n in range(12)] for start in range(10)]
    return families + [[(GIFT, 150 + day)] for day in range(40)]


def test_nappies_bought_every_month_are_due_a_month_after_the_last_purchase() -> None:
    model = learnt(family_shop())

    expected = due(model, [[(NAPPIES, 85), (NAPPIES, 55), (NAPPIES, 25)]])

    assert expected.due_days[0] == pytest.approx(TODAY - 25 + 30, abs=0.01)
    assert expected.days_until_due[0] == pytest.approx(30 - 25, abs=0.01)
    assert expected.confidence[0] > 0.8


def test_a_gift_bought_once_is_hardly_due_at_all() -> None:
    model = learnt(family_shop())

    gift, nappies = due(model, [[(GIFT, 25)], [(NAPPIES, 25)]]).soon

    assert gift < 0.1
    assert nappies > 5 * gift


def test_own_intervals_count_beside_the_items_as_many_as_there_are() -> None:
    expected = due(known_model(), [[(0, 120), (0, 60), (0, 0)]])

    days = math.exp((2 * math.log(60) + 2 * math.log(30)) / (2 + 2))
    assert expected.due_days[0] == pytest.approx(TODAY + days, abs=0.01)


def test_whoever_has_bought_once_is_expected_after_the_items_interval() -> None:
    expected = due(known_model(), [[(0, 40)]])

    assert expected.days_until_due[0] == pytest.approx(30 - 40, abs=1e-3)


def test_the_confidence_is_the_chance_of_coming_back_after_so_much_silence() -> None:
    just_bought, once_due, twice_due = due(
        known_model(), [[(0, 0)], [(0, 30)], [(0, 90), (0, 60), (0, 30)]]
    ).confidence

    again = (2 + 1 * 0.5) / (2 + 1)
    assert just_bought == pytest.approx(0.5, abs=1e-3)
    # On the due date half of those who come back have come.
    assert once_due == pytest.approx(0.5 * 0.5 / (1 - 0.5 * 0.5))
    assert twice_due == pytest.approx(again * 0.5 / (1 - again * 0.5))


def test_an_item_is_named_most_about_its_due_date_and_less_when_long_overdue() -> None:
    idle_days = np.arange(400)

    soon = due(known_model(repeat=0.8), [[(0, int(day))] for day in idle_days]).soon

    best = int(np.argmax(soon))
    assert 15 <= best <= 40
    assert (np.diff(soon[: best + 1]) > 0).all()
    assert (np.diff(soon[best:]) < 0).all()
    assert soon[30] > 0.9 * soon[best]
    assert soon[0] < 0.3 * soon[best]
    assert soon[120] < 0.3 * soon[best]


def test_own_intervals_narrow_the_spread() -> None:
    never, twice = due(
        known_model(repeat=0.8), [[(0, 40)], [(0, 100), (0, 70), (0, 40)]]
    ).confidence

    again = (2 + 1 * 0.8) / (2 + 1)
    for found, chance, variance in (
        (never, 0.8, 0.5**2),
        (twice, again, 0.5**2 * 2 / (1 + 2) * (1 + 1 / (2 + 2))),
    ):
        passed = NormalDist(math.log(30), math.sqrt(variance)).cdf(math.log(40))
        assert found == pytest.approx(chance * (1 - passed) / (1 - chance * passed), rel=1e-4)


def test_a_person_as_steady_as_clockwork_is_surer_about_the_date() -> None:
    steady = [(0, 29 + 30 * n) for n in range(10)]

    once, often = due(known_model(interval_worth=1.0), [[(0, 29)], steady], window_days=7).soon

    assert often > 1.5 * once


def test_the_pool_speaks_where_purchases_are_few() -> None:
    weekly = [[(0, 7 * n) for n in range(20)] for _ in range(10)]
    monthly = [[(1, 30 * n) for n in range(10)] for _ in range(10)]
    seldom = [[(2, 60), (2, 0)]]

    days = np.exp(learnt(weekly + monthly + seldom).log_intervals)

    mean_log = (190 * math.log(7) + 90 * math.log(30) + math.log(60)) / 281
    shop = math.exp(mean_log)
    assert days[0] == pytest.approx(7, rel=0.02)
    assert days[1] == pytest.approx(30, rel=0.02)
    assert shop < days[2] < 60  # one interval of 60 days, drawn to the shop's
    assert days[3] == pytest.approx(shop, rel=1e-4)  # never bought twice


def test_who_has_not_come_back_counts_as_far_as_there_was_time() -> None:
    families = [[(NAPPIES, start + 30 * n) for n in range(12)] for start in range(10)]
    long_ago, lately = [[(1, 300)] for _ in range(10)], [[(2, 2)] for _ in range(10)]

    repeat = learnt(families + long_ago + lately).repeat_probabilities

    assert repeat[1] < 0.2
    assert repeat[2] > 2 * repeat[1]
    # Nobody had time to come back: as good as an item that nobody has bought yet.
    assert repeat[2] == pytest.approx(repeat[3], rel=0.05)


def test_one_buyer_who_came_back_is_weaker_evidence_than_twenty() -> None:
    everybody = [[(0, 200), (0, 150)] for _ in range(20)]
    one = [[(1, 200), (1, 150)]]
    nobody = [[(2, 200)] for _ in range(20)]

    repeat = learnt(everybody + one + nobody).repeat_probabilities

    assert repeat[0] > repeat[1] > repeat[3] > repeat[2]


def test_where_some_always_come_back_and_others_never_one_repurchase_tells_who() -> None:
    always = [[(0, 30 * n) for n in range(9)] for _ in range(20)]
    never = [[(0, 240)] for _ in range(20)]
    rng = np.random.default_rng(3)
    by_chance = [[(0, 300 - 30 * n) for n in range(rng.geometric(0.5))] for _ in range(400)]

    assert learnt(always + never).repeat_worth == LEAST
    assert learnt([one[:9] for one in by_chance]).repeat_worth > 5


def test_two_purchases_on_one_day_are_one_and_views_are_none() -> None:
    once = [[(0, 60), (0, 30)]]
    twice = histories([[(0, 60), (0, 60), (0, 30)]])
    viewed = twice.joined(Histories.of([[(0, VIEW, AS_OF_S), (3, VIEW, AS_OF_S)]]))

    expected = known_model().due(viewed, as_of_s=AS_OF_S)

    assert expected.due_days.tolist() == due(known_model(), once).due_days.tolist()


def test_where_nothing_is_ever_bought_again_nothing_is_due() -> None:
    gifts = [[(item, 100 + item)] for item in range(N_ITEMS)]

    expected = due(learnt(gifts), gifts)

    assert expected.soon.tolist() == [0] * N_ITEMS
    assert expected.strengths(len(gifts), N_ITEMS).nnz == 0


def test_nobody_and_nothing_are_no_error() -> None:
    model = learnt([[], []])

    assert due(model, [[]]).strengths(1, N_ITEMS).shape == (1, N_ITEMS)
    assert due(model, [[(0, 5)]]).due_days[0] > TODAY


def test_a_purchase_after_as_of_is_refused() -> None:
    with pytest.raises(FutureEventError, match="1 days after as_of"):
        learnt([[(0, -1)]])
    with pytest.raises(FutureEventError, match="1 days after as_of"):
        due(known_model(), [[(0, -1)]])


def test_it_opens_as_it_was_stored() -> None:
    model = learnt(family_shop())

    again = RepurchaseModel.from_arrays(model.arrays())

    assert {array.dtype for name, array in model.arrays().items() if name != "worth"} == {
        np.dtype(np.float32)
    }
    assert model.log_intervals.shape == (N_ITEMS,)
    np.testing.assert_array_equal(due(again, family_shop()).soon, due(model, family_shop()).soon)


@given(people, purchases)
def test_what_is_due_is_a_probability_at_a_time_in_order(
    shop: list[Purchases], person: Purchases
) -> None:
    expected = due(learnt(shop), [*shop, person])

    for probability in (expected.confidence, expected.soon):
        assert ((probability >= 0) & (probability <= 1)).all()
    assert (expected.soon <= expected.confidence + 1e-6).all()
    assert np.isfinite(expected.due_days).all()
    keys = expected.people * N_ITEMS + expected.item_rows
    assert (np.diff(keys) > 0).all()
    bought = {(row, item) for row, one in enumerate([*shop, person]) for item, _ in one}
    assert set(zip(expected.people.tolist(), expected.item_rows.tolist(), strict=True)) == bought


@given(people)
def test_strengths_are_what_is_likely_soon(shop: list[Purchases]) -> None:
    expected = due(learnt(shop), shop)

    matrix = expected.strengths(len(shop), N_ITEMS)

    dense = np.zeros((len(shop), N_ITEMS), dtype=np.float32)
    dense[expected.people, expected.item_rows] = expected.soon
    np.testing.assert_array_equal(matrix.toarray(), dense)
    assert (matrix.data > 0).all()
    assert matrix.dtype == np.float32


@given(people)
def test_what_is_learnt_are_possible_numbers(shop: list[Purchases]) -> None:
    model = learnt(shop)

    assert np.isfinite(model.log_intervals).all()
    assert (model.log_intervals >= 0).all()
    assert (model.spreads > 0).all()
    assert ((model.repeat_probabilities >= 0) & (model.repeat_probabilities < 1)).all()


@given(people, st.integers(0, 99))
def test_the_order_of_people_does_not_matter_and_a_person_gets_the_same_alone(
    shop: list[Purchases], seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(shop))
    model, shuffled = learnt(shop), learnt([shop[row] for row in order])

    np.testing.assert_allclose(shuffled.log_intervals, model.log_intervals, rtol=1e-5)
    np.testing.assert_allclose(shuffled.repeat_probabilities, model.repeat_probabilities, rtol=1e-4)
    together = due(model, shop)
    for row, person in enumerate(shop):
        alone = due(model, [person])
        mine = together.people == row
        np.testing.assert_array_equal(alone.soon, together.soon[mine])
        np.testing.assert_array_equal(alone.due_days, together.due_days[mine])
        np.testing.assert_array_equal(alone.confidence, together.confidence[mine])


def _purchase_histories(events: Path, person_ids: list[str], item_ids: list[str]) -> Histories:
    bought = pq.read_table(events, columns=["user_id", "item_id", "event_type", "timestamp"])
    bought = bought.filter(
        pc.and_(pc.equal(bought["event_type"], "purchase"), pc.is_valid(bought["user_id"]))
    )
    places = [{name: row for row, name in enumerate(names)} for names in (person_ids, item_ids)]
    people, items = (
        np.array([known[one] for one in bought[name].to_pylist()])
        for known, name in zip(places, ("user_id", "item_id"), strict=True)
    )
    at_s = bought["timestamp"].to_numpy().astype("datetime64[s]").astype(np.int64)
    order = np.lexsort((at_s, people))
    lengths = np.bincount(people, minlength=len(person_ids))
    return Histories(
        indptr=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        item_rows=items[order].astype(np.int32),
        event_types=np.full(len(order), BUY, dtype=np.uint8),
        timestamps=at_s[order],
        counts=np.ones(len(order), dtype=np.float32),
    )


def test_staples_are_expected_when_they_run_out(tmp_path: Path) -> None:
    settings = SimulationSettings(n_users=1_500, n_items=400, days=365, seed=7)
    shop = simulate(settings, tmp_path)
    truth = open_truth(shop.truth)
    as_of_s = settings.end_s - 60 * SECONDS_PER_DAY
    year = _purchase_histories(shop.events, truth.person_ids.tolist(), truth.item_ids.tolist())
    known = year.select(year.timestamps < as_of_s)

    model = RepurchaseModel.of(known, n_items=settings.n_items, as_of_s=as_of_s)
    expected = model.due(known, as_of_s=as_of_s)

    bought = PurchaseDays.of(known, as_of_s=as_of_s)
    pairs = bought.people * settings.n_items + bought.item_rows
    staples = truth.staple_person.astype(np.int64) * settings.n_items + truth.staple_item
    is_staple = np.isin(pairs, staples)
    place = np.searchsorted(staples, pairs[is_staple])
    interval_days = truth.staple_interval_s[place] / SECONDS_PER_DAY
    runs_out = bought.last_days[is_staple] + interval_days
    shop_wide = bought.last_days[is_staple] + bought.interval_days.mean()
    error, coarse_error = (
        np.abs(expected.due_days[is_staple] - runs_out),
        np.abs(shop_wide - runs_out),
    )
    assert is_staple.sum() > 200
    assert error.mean() < 0.6 * coarse_error.mean()
    assert np.median(error) < 0.4 * np.median(coarse_error)
    assert expected.confidence[is_staple].mean() > 10 * expected.confidence[~is_staple].mean()
