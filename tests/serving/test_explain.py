"""Reasons: what speaks for an item is what its score is made of, whoever else is explained."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.demand import Trends
from features.encoders import FoldInEncoder, HistoryMeanEncoder
from features.events import EventType
from features.fitted_model import EmbeddingModel
from features.history import Histories
from features.lists import Lists
from features.pair_features import Blend
from features.recommender import Persons, Recommender
from features.weights import ConfidenceWeights
from serving.explain import REASONS, VERBS, explain

N_ITEMS, N_DIMENSIONS, NOW_S = 120, 8, 10_000_000
RNG = np.random.default_rng(5)
FACTORS = RNG.normal(size=(N_ITEMS, N_DIMENSIONS)).astype(np.float32)
FOLD_IN = FoldInEncoder.of(FACTORS, regularization=1.0)
MEAN = HistoryMeanEncoder(
    inputs=FACTORS,
    mapping=RNG.normal(size=(N_DIMENSIONS, N_DIMENSIONS)).astype(np.float32),
    intercept=np.ones(N_DIMENSIONS, dtype=np.float32),
)


def recommender_with(model: EmbeddingModel | None) -> Recommender:
    nothing = np.zeros(N_ITEMS, dtype=np.float32)
    rows = np.arange(N_ITEMS, dtype=np.int32)
    return Recommender(
        as_of_s=NOW_S,
        weights=ConfidenceWeights(),
        recommendable=np.ones(N_ITEMS, dtype=np.bool_),
        trends=Trends(nothing, rows[None, :], rows, ()),
        blend=Blend(),
        model=model,
    )


BY_FOLD_IN = recommender_with(EmbeddingModel(FACTORS, FOLD_IN))


def people_with(lengths: list[int], *, seed: int = 0) -> Histories:
    """Let people buy or view as many different items, over some days."""
    rng = np.random.default_rng(seed)
    types = [EventType.VIEW.code, EventType.PURCHASE.code]
    return Histories.of(
        [
            [
                (int(item), int(rng.choice(types)), NOW_S - int(day) * 86_400)
                for item, day in zip(
                    rng.permutation(N_ITEMS)[:length],
                    np.sort(rng.integers(0, 90, length))[::-1],
                    strict=True,
                )
            ]
            for length in lengths
        ]
    )


def listing(item_rows: list[list[int]]) -> Lists:
    rows = np.array(item_rows, dtype=np.int32)
    return Lists(rows, np.zeros(rows.shape, np.float32), np.zeros(rows.shape, np.uint8))


def listed(n: int, *, seed: int = 1) -> Lists:
    rng = np.random.default_rng(seed)
    return listing([rng.permutation(N_ITEMS)[:5].tolist() for _ in range(n)])


def parts_of(persons: Persons, person: int, target: int) -> NDArray[np.float64]:
    """Split a score by the definition: ``c_i t' A_u^-1 y_i``, item by item, in double precision."""
    confidence = persons.confidence[[person]].toarray()[0].astype(np.float64)
    factors = FACTORS.astype(np.float64)
    history = np.flatnonzero(confidence)
    left = FOLD_IN.base.astype(np.float64) + sum(
        (confidence[item] - 1) * np.outer(factors[item], factors[item]) for item in history
    )
    parts = np.zeros(N_ITEMS)
    for item in history:
        parts[item] = confidence[item] * factors[target] @ np.linalg.solve(left, factors[item])
    return parts


# Longer and shorter than the vectors, and about where their lengths are rounded up.
LENGTHS = [0, 1, 2, 3, 7, 8, 9, 16, 17, 24, 25, 47, 48, 49, 64, 96, 100]


def test_shares_are_those_of_the_definition() -> None:
    persons, lists = BY_FOLD_IN.read(people_with(LENGTHS)), listed(len(LENGTHS))

    reasons = explain(BY_FOLD_IN, persons, lists)

    n_explained = 0
    for person, targets in enumerate(lists.item_rows.tolist()):
        for place, target in enumerate(targets):
            parts = parts_of(persons, person, target)
            found, told = reasons.item_rows[person, place], reasons.shares[person, place]
            if parts.sum() <= 0:
                assert (found == -1).all()
                continue
            shares, shown = np.maximum(parts, 0) / np.maximum(parts, 0).sum(), found[found >= 0]
            strongest = np.sort(shares)[::-1][:REASONS]
            np.testing.assert_allclose(told, strongest, rtol=2e-3, atol=1e-4)
            np.testing.assert_allclose(shares[shown], told[: len(shown)], rtol=2e-3, atol=1e-4)
            n_explained += 1
    assert n_explained > len(LENGTHS)


@pytest.mark.parametrize("encoder", [FOLD_IN, MEAN])
@given(st.lists(st.integers(0, 110), min_size=1, max_size=20), st.integers(0, 2**32 - 1))
def test_reasons_do_not_depend_on_who_else_is_explained(
    encoder: FoldInEncoder | HistoryMeanEncoder, lengths: list[int], seed: int
) -> None:
    recommender = recommender_with(EmbeddingModel(FACTORS, encoder))
    persons = recommender.read(people_with(lengths, seed=seed))
    lists = listed(len(lengths), seed=seed)

    together = explain(recommender, persons, lists)

    for person in range(len(lengths)):
        one = np.array([person])
        alone = explain(recommender, persons.take(one), listing(lists.item_rows[one].tolist()))
        np.testing.assert_array_equal(alone.item_rows[0], together.item_rows[person])
        np.testing.assert_array_equal(alone.shares[0], together.shares[person])
        np.testing.assert_array_equal(alone.verbs[0], together.verbs[person])


@given(st.lists(st.integers(0, 110), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_the_strongest_reason_comes_first_and_none_is_below_nothing(
    lengths: list[int], seed: int
) -> None:
    persons = BY_FOLD_IN.read(people_with(lengths, seed=seed))

    reasons = explain(BY_FOLD_IN, persons, listed(len(lengths), seed=seed))

    assert (np.diff(reasons.shares, axis=2) <= 0).all()
    assert (reasons.shares >= 0).all()
    assert ((reasons.shares > 0) == (reasons.item_rows >= 0)).all()


def test_a_reason_is_something_the_person_did() -> None:
    histories = people_with([5, 40, 100])

    reasons = explain(BY_FOLD_IN, BY_FOLD_IN.read(histories), listed(3))

    for person in range(3):
        own = histories.take(np.array([person])).item_rows.tolist()
        found = reasons.item_rows[person]
        assert set(found[found >= 0].tolist()) <= set(own)


def test_the_weightiest_thing_that_was_done_is_told() -> None:
    viewed, bought, both, carted = 3, 4, 5, 6
    events = [
        (both, EventType.PURCHASE.code, NOW_S - 9),
        (viewed, EventType.VIEW.code, NOW_S - 8),
        (bought, EventType.PURCHASE.code, NOW_S - 7),
        (both, EventType.VIEW.code, NOW_S - 6),
        (carted, EventType.VIEW.code, NOW_S - 5),
        (carted, EventType.CART.code, NOW_S - 4),
    ]

    persons = BY_FOLD_IN.read(Histories.of([events]))
    reasons = explain(BY_FOLD_IN, persons, listing([[viewed, bought, both, carted]]))

    told = {
        int(row): VERBS[verb]
        for row, verb in zip(reasons.item_rows.ravel(), reasons.verbs.ravel(), strict=True)
        if row >= 0
    }
    expected = {viewed: "viewed", bought: "purchased", both: "purchased", carted: "carted"}
    assert told
    assert told == {row: expected[row] for row in told}


def test_nothing_is_said_for_a_place_without_an_item() -> None:
    persons = BY_FOLD_IN.read(people_with([30]))

    reasons = explain(BY_FOLD_IN, persons, listing([[7, -1]]))

    assert (reasons.item_rows[0, 1] == -1).all()
    assert (reasons.shares[0, 1] == 0).all()


def test_without_a_model_nothing_is_said() -> None:
    popular = recommender_with(None)

    reasons = explain(popular, popular.read(people_with([30])), listed(1))

    assert (reasons.item_rows == -1).all()
