"""Reasons are the exact parts of a score, and never claim more than there is."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from features.encoders import FoldInEncoder, HistoryMeanEncoder, SpectralEncoder
from features.errors import VitrineError
from features.events import EventType
from features.fitted_model import EmbeddingModel
from features.history import Histories
from features.item_index import ItemIndex
from features.lists import Lists
from features.recommender import ListPolicy
from features.retrievers import EmbeddingRetriever
from features.seen import Persons
from serving.explain import REASONS, VERBS, Reasons, explain
from serving.placements import Placements
from serving.recommend import answer_recommend
from serving.road import Road
from serving.schemas import RecommendRequest
from tests.shops import some_bundle
from training.bundle import Bundle

shops = st.builds(
    some_bundle,
    st.integers(0, 500),
    n_users=st.integers(2, 10),
    n_items=st.integers(2, 30),
    most_events=st.sampled_from([1, 3, 9, 60]),
)


def _explained(bundle: Bundle, num_results: int = 8) -> tuple[Persons, Lists, Reasons]:
    persons = bundle.persons(np.arange(len(bundle.users)))
    trend_rows = np.zeros(len(persons), dtype=np.int64)
    lists = bundle.recommender.recommend(persons, ListPolicy(num_results), trend_rows=trend_rows)
    return persons, lists, explain(bundle.recommender, persons, lists)


def _parts_by_hand(model: EmbeddingModel, persons: Persons, person: int, target: int) -> np.ndarray:
    """Solve the normal equations of ALS in double precision, item by item of the history."""
    encoder = model.encoder
    assert isinstance(encoder, FoldInEncoder)
    row = persons.confidence[[person]]
    left = encoder.base.astype(float)
    for item, sureness in zip(row.indices, row.data, strict=True):
        y = encoder.item_factors[item].astype(float)
        left = left + (float(sureness) - 1) * np.outer(y, y)
    towards = np.linalg.solve(left, model.item_vectors[target].astype(float))
    own = encoder.item_factors[row.indices].astype(float)
    return row.data.astype(float) * (own @ towards)


@settings(max_examples=25)
@given(shops)
def test_shares_are_the_parts_of_the_score_worked_out_by_hand(bundle: Bundle) -> None:
    persons, lists, reasons = _explained(bundle)

    model = bundle.recommender.model
    for person, place in np.argwhere(lists.item_rows >= 0):
        target = int(lists.item_rows[person, place])
        history = persons.confidence[[person]].indices
        shown = reasons.item_rows[person, place]
        if not len(history):
            assert (shown == -1).all()
            continue
        parts = _parts_by_hand(model, persons, person, target)
        # The parts are the score, whole.
        assert parts.sum() == pytest.approx(
            float(persons.vectors[person] @ model.item_vectors[target]), rel=1e-3, abs=1e-4
        )
        if parts.sum() < 1e-3:  # too near to nothing to be told from rounding
            continue
        shares = dict(zip(history.tolist(), parts / parts[parts > 0].sum(), strict=True))
        wanted = sorted((share for share in shares.values() if share > 0), reverse=True)[:REASONS]
        found = reasons.shares[person, place]
        np.testing.assert_allclose(found[: len(wanted)], wanted, rtol=2e-3, atol=2e-4)
        for row, share in zip(shown[: len(wanted)].tolist(), found.tolist(), strict=False):
            assert shares.get(row, 0) == pytest.approx(share, rel=2e-3, abs=2e-4)


@settings(max_examples=40)
@given(shops)
def test_shares_are_parts_of_one_whole(bundle: Bundle) -> None:
    _, lists, reasons = _explained(bundle, num_results=40)

    shares = reasons.shares
    assert (shares >= 0).all()
    assert (shares.sum(axis=2) <= 1 + 1e-5).all()
    assert (np.diff(shares, axis=2) <= 0).all()
    assert ((reasons.item_rows >= 0) == (shares > 0)).all()
    assert (reasons.item_rows[lists.item_rows < 0] == -1).all()


@settings(max_examples=30)
@given(shops)
def test_reasons_are_items_of_the_persons_own_history(bundle: Bundle) -> None:
    persons, _, reasons = _explained(bundle)

    for person in range(len(persons)):
        named = reasons.item_rows[person]
        own = persons.confidence[[person]].indices.tolist()
        assert set(named[named >= 0].tolist()) <= set(own)


@settings(max_examples=20)
@given(shops)
def test_a_person_has_the_same_reasons_alone_and_among_others(bundle: Bundle) -> None:
    persons, lists, together = _explained(bundle)

    for person in range(len(persons)):
        rows = np.array([person])
        one = Lists(lists.item_rows[rows], lists.scores[rows], lists.sources[rows])
        alone = explain(bundle.recommender, persons.take(rows), one)
        for name in ("item_rows", "shares", "verbs"):
            np.testing.assert_array_equal(
                getattr(alone, name)[0], getattr(together, name)[person], strict=True
            )


def test_what_pulls_a_score_down_takes_nothing_from_the_reasons() -> None:
    # Item 0 speaks for item 2, item 1 against it: 3 and -1 add up to 2.
    vectors = np.array([[3.0], [-1.0], [1.0]], dtype=np.float32)
    encoder = HistoryMeanEncoder(
        vectors, mapping=np.array([[2.0]], np.float32), intercept=np.zeros(1, np.float32)
    )
    bundle = some_bundle(0, n_items=3)
    model = EmbeddingModel(vectors, encoder)
    index = ItemIndex.build(vectors)
    recommender = replace(
        bundle.recommender, retrievers={"planted": EmbeddingRetriever(model, index)}
    )
    now_s = recommender.as_of_s
    persons = recommender.read(
        Histories.of([[(row, EventType.PURCHASE.code, now_s) for row in (0, 1)]])
    )
    lists = Lists(*(np.array([[value]]) for value in (2, 2.0, 0)))

    reasons = explain(recommender, persons, lists)

    assert reasons.item_rows[0, 0].tolist() == [0, -1, -1]
    assert reasons.shares[0, 0].tolist() == [1.0, 0.0, 0.0]


def test_the_weightiest_thing_that_was_done_is_told() -> None:
    bundle = some_bundle(0)
    as_of_s = bundle.recommender.as_of_s
    done = {
        1: [EventType.PURCHASE, EventType.VIEW],
        2: [EventType.VIEW, EventType.CART, EventType.REMOVE_FROM_CART],
        3: [EventType.VIEW],
        4: [EventType.WISHLIST, EventType.CLICK],
    }
    history = [
        (row, kind.code, as_of_s - place)
        for row, kinds in done.items()
        for place, kind in enumerate(kinds)
    ]
    persons = bundle.recommender.read(Histories.of([history]))
    lists = bundle.recommender.recommend(persons, ListPolicy(20), trend_rows=np.array([0]))

    reasons = explain(bundle.recommender, persons, lists)

    is_reason = reasons.item_rows >= 0
    told = dict(
        zip(reasons.item_rows[is_reason].tolist(), reasons.verbs[is_reason].tolist(), strict=True)
    )
    verbs = {row: VERBS[verb] for row, verb in told.items()}
    wanted = {1: "purchased", 2: "carted", 3: "viewed", 4: "wished_for"}
    assert verbs == {row: wanted[row] for row in verbs}
    assert len(verbs) >= 3


# The spectral encoder: a part is what the score loses with the history item


def _spectral(seed: int, **sizes: int) -> Bundle:
    """Serve a shop by a spectral model, some of whose inputs point away from others."""
    bundle = some_bundle(seed, **sizes)
    rng = np.random.default_rng(seed)
    vectors = bundle.recommender.model.item_vectors
    encoder = SpectralEncoder(vectors + rng.normal(0, 0.1, vectors.shape).astype(np.float32))
    model = EmbeddingModel(vectors, encoder)
    retrievers = {"spectral": EmbeddingRetriever(model, ItemIndex.build(vectors))}
    recommender = replace(bundle.recommender, retrievers=retrievers)
    return replace(
        bundle,
        recommender=recommender,
        user_vectors=recommender.read(bundle.histories).vectors,
    )


def _score(model: EmbeddingModel, confidence: sp.csr_array, target: int) -> float:
    """Score one item for one person, in double precision, times the root of all confidence."""
    (vector,) = model.encoder.encode(confidence).astype(float)
    affinity = float(vector @ model.item_vectors[target].astype(float))
    return affinity * float(confidence.sum()) ** 0.5


def _shares_by_removal(bundle: Bundle, person: int, target: int) -> dict[int, float] | None:
    """Take each item out of a history; give what speaks for the target, in parts of 1.

    None for a score that is too near to nothing to be told from rounding.
    """
    model = bundle.recommender.model
    whole = bundle.recommender.read(bundle.histories.take(np.array([person]))).confidence
    parts = {}
    for place, row in enumerate(whole.indices.tolist()):
        without = whole.copy()
        without.data[place] = 0
        parts[row] = _score(model, whole, target) - _score(model, without, target)
    speaking_for = sum(part for part in parts.values() if part > 0)
    if abs(sum(parts.values())) < 1e-3:
        return None if parts else {}
    if sum(parts.values()) < 0:
        return {}
    return {row: part / speaking_for for row, part in parts.items() if part > 0}


spectral_shops = st.builds(
    _spectral,
    st.integers(0, 500),
    n_users=st.integers(2, 8),
    n_items=st.integers(2, 30),
    most_events=st.sampled_from([1, 3, 9, 40]),
)


@settings(max_examples=25)
@given(spectral_shops)
def test_spectral_shares_are_what_a_score_loses_without_the_item(bundle: Bundle) -> None:
    _, lists, reasons = _explained(bundle)

    for person, place in np.argwhere(lists.item_rows >= 0):
        shares = _shares_by_removal(bundle, int(person), int(lists.item_rows[person, place]))
        if shares is not None:
            _assert_told(reasons, (int(person), int(place)), shares)


def _assert_told(reasons: Reasons, at: tuple[int, int], shares: dict[int, float]) -> None:
    rows, found = reasons.item_rows[at].tolist(), reasons.shares[at].tolist()
    told = {row: share for row, share in zip(rows, found, strict=True) if row >= 0}
    wanted = sorted(shares.values(), reverse=True)[:REASONS]
    assert list(told.values()) == pytest.approx(wanted, rel=1e-3, abs=1e-4)
    for row, share in told.items():
        assert share == pytest.approx(shares[row], rel=1e-3, abs=1e-4)


def test_an_answer_tells_the_spectral_shares() -> None:
    bundle = _spectral(3, n_users=30, n_items=25)
    road = Road(bundle, Placements.load())
    n_told = 0
    for person in range(1, 30):
        asked = RecommendRequest(user_id=bundle.users.id_of(person), explain=True, placement="cart")
        (answer,) = answer_recommend(road, [asked], now=bundle.manifest.as_of)
        assert not isinstance(answer, VitrineError)
        for item in answer["items"]:
            shares = _shares_by_removal(bundle, person, bundle.items.row_of(item["item_id"]))
            assert shares is not None
            told = [one for one in item["reasons"] if "share" in one]
            rows = [bundle.items.row_of(one["item_id"]) for one in told]
            n_told += len(told)
            assert [one["share"] for one in told] == pytest.approx(
                sorted(shares.values(), reverse=True)[:REASONS], rel=1e-3, abs=1e-4
            )
            assert [shares[row] for row in rows] == pytest.approx(
                [one["share"] for one in told], rel=1e-3, abs=1e-4
            )

    assert n_told > 300


def test_without_a_model_there_are_no_reasons() -> None:
    bundle = some_bundle(0, with_model=False)

    _, _, reasons = _explained(bundle)

    assert (reasons.item_rows == -1).all()
