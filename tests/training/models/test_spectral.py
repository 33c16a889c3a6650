"""What is special to the spectral model: it is a closed form, so every score is known."""

from datetime import UTC, datetime

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.ids import IdMap
from features.interactions import Interactions
from training.models.spectral import Spectral

AS_OF = datetime(2024, 5, 1, tzinfo=UTC)


def shop(wanted: NDArray[np.float32]) -> Interactions:
    users, items = (IdMap.of([str(row) for row in range(n)]) for n in wanted.shape)
    return Interactions(sp.csr_array(wanted.astype(np.float32)), users, items, AS_OF)


def random_shop(seed: int, *, n_users: int = 50, n_items: int = 30) -> Interactions:
    rng = np.random.default_rng(seed)
    matrix = sp.random_array((n_users, n_items), density=0.2, rng=rng).toarray()
    return shop(np.where(matrix > 0, 20 * matrix + 0.01, 0))


def exact_scores(
    interactions: Interactions, *, factors: int, shrinkage: float
) -> NDArray[np.float64]:
    """Score by the full SVD: ``N V S^1/2 V' D_i^1/2`` of the `factors` strongest directions."""
    matrix = interactions.matrix.toarray().astype(np.float64)
    shown, got = matrix.sum(axis=1), matrix.sum(axis=0)
    roots = np.sqrt(got + shrinkage * got.mean())
    normalised = matrix / np.sqrt(np.maximum(shown, 1e-9))[:, None] / roots
    _, values, directions = np.linalg.svd(normalised)
    strongest = directions[:factors].T * np.sqrt(values[:factors])
    scores: NDArray[np.float64] = normalised @ directions[:factors].T @ strongest.T * roots
    return scores


def test_two_people_apart_score_as_one_can_see() -> None:
    apart = shop(np.diag([4, 4]))

    model = Spectral(factors=2, shrinkage=1).fit(apart, seed=1)

    # N is 4 / sqrt(4 * (4 + 4)) on the diagonal, so both values are 1 / sqrt(2).
    own = (1 / np.sqrt(2)) * (1 / np.sqrt(2)) ** 0.5 * np.sqrt(4 + 4)
    np.testing.assert_allclose(
        model.score(apart.matrix, np.arange(2)), np.diag([own, own]), atol=1e-5
    )


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_all_directions_score_as_the_exact_decomposition(seed: int) -> None:
    interactions = random_shop(seed)

    model = Spectral(factors=30, shrinkage=0.5).fit(interactions, seed=1)

    scores = model.score(interactions.matrix, np.arange(30))
    expected = exact_scores(interactions, factors=30, shrinkage=0.5)
    np.testing.assert_allclose(scores, expected, atol=1e-2)


def test_the_strongest_directions_are_those_of_the_exact_decomposition() -> None:
    # Three tastes stand out of the noise, in a shop much larger than what is drawn by chance.
    rng = np.random.default_rng(4)
    taste = rng.integers(0, 3, 600)[:, None] == rng.integers(0, 3, 400)
    interactions = shop((rng.random((600, 400)) < np.where(taste, 0.3, 0.03)).astype(np.float32))

    model = Spectral(factors=3).fit(interactions, seed=1)

    scores = model.score(interactions.matrix, np.arange(400))
    expected = exact_scores(interactions, factors=3, shrinkage=Spectral().shrinkage)
    assert model.item_vectors.shape == (400, 3)
    np.testing.assert_allclose(scores, expected, atol=1e-3)


@pytest.mark.parametrize(("n_users", "n_items"), [(3, 30), (50, 4), (1, 1)])
def test_a_small_shop_has_no_more_dimensions_than_people_or_items(
    n_users: int, n_items: int
) -> None:
    wanted = np.random.default_rng(1).random((n_users, n_items)).astype(np.float32) + 1

    model = Spectral(factors=128).fit(shop(wanted), seed=1)

    assert model.item_vectors.shape == (n_items, min(n_users, n_items))


def test_people_who_all_want_the_same_are_one_direction() -> None:
    model = Spectral(factors=8).fit(shop(np.ones((20, 10))), seed=1)

    assert model.item_vectors.shape == (10, 1)


def test_an_item_hardly_wanted_turns_a_person_less_the_more_is_shrunk() -> None:
    wanted = np.zeros((40, 20), dtype=np.float32)
    wanted[:20, :10], wanted[20:, 10:] = 10, 10
    wanted[:20, 9] = 0
    wanted[0, 9] = 1e-4  # an item of the first half, which hardly anybody has wanted
    newcomer = np.zeros((1, 20), dtype=np.float32)
    newcomer[0, [9, 15]] = 10

    liking = [
        Spectral(shrinkage=shrinkage)
        .fit(shop(wanted), seed=1)
        .score(sp.csr_array(newcomer), np.array([3, 16]))[0]
        for shrinkage in (1e-9, 1.0)
    ]

    assert liking[0][0] > liking[0][1]  # one sale of next to nothing outweighs a real one
    assert liking[1][0] < liking[1][1]
