"""What is special to item-kNN: which items speak for which, by arithmetic that one can see."""

from datetime import UTC, datetime
from typing import get_args

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray

from features.ids import IdMap
from features.interactions import Interactions
from training.models.item_knn import ItemKnn, Weighting

every_weighting = pytest.mark.parametrize("weighting", get_args(Weighting))


def shop(wanted: NDArray[np.floating]) -> Interactions:
    users, items = (IdMap.of([str(row) for row in range(n)]) for n in wanted.shape)
    matrix = sp.csr_array(wanted.astype(np.float32))
    return Interactions(matrix, users, items, datetime(2024, 5, 1, tzinfo=UTC))


def random_shop(*, n_users: int = 60, n_items: int = 25) -> Interactions:
    rng = np.random.default_rng(3)
    matrix = sp.random_array((n_users, n_items), density=0.25, rng=rng).toarray()
    return shop(20 * matrix)


def similarity_of(interactions: Interactions, trainer: ItemKnn) -> NDArray[np.float32]:
    dense: NDArray[np.float32] = trainer.fit(interactions, seed=1).similarity.toarray()
    return dense


def only_strongest(products: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    others = np.where(np.eye(len(products), dtype=bool), 0, products)
    weakest = -np.sort(-others, axis=1)[:, most - 1 : most]
    return np.where(others >= weakest, np.maximum(others, 0), 0)


def test_cosines_count_less_for_an_item_that_more_speaks_for() -> None:
    # The mug and the plate were bought by both people, the lamp by one of them.
    mug, plate, lamp = 0, 1, 2
    wanted = np.array([[5, 5, 0], [5, 5, 5]])

    similarity = similarity_of(shop(wanted), ItemKnn(weighting="cosine"))

    same, half = 1.0, 1 / np.sqrt(2)
    assert similarity[mug, plate] == pytest.approx(same / np.sqrt(same + half))
    assert similarity[plate, mug] == pytest.approx(same / np.sqrt(same + half))
    assert similarity[mug, lamp] == pytest.approx(half / np.sqrt(half + half))
    assert similarity[lamp, mug] == pytest.approx(half / np.sqrt(same + half))


def test_tfidf_is_the_cosine_of_roots_times_how_choosy_each_person_is() -> None:
    interactions = random_shop()

    similarity = similarity_of(interactions, ItemKnn(weighting="tfidf", neighbours=5))

    wanted = interactions.matrix.toarray().astype(np.float64)
    n_wanted = (wanted > 0).sum(axis=1, keepdims=True)
    weighed = np.sqrt(wanted) * np.log(wanted.shape[1] / (1 + n_wanted))
    unit = weighed / np.linalg.norm(weighed, axis=0)
    np.testing.assert_allclose(similarity, only_strongest(unit.T @ unit, 5), rtol=1e-4)


def test_bm25_is_the_product_of_discounted_interest() -> None:
    interactions = random_shop()

    similarity = similarity_of(interactions, ItemKnn(weighting="bm25", neighbours=5))

    wanted = interactions.matrix.toarray().astype(np.float64)
    n_wanted = (wanted > 0).sum(axis=1, keepdims=True)
    length = 0.25 + 0.75 * wanted.sum(axis=0) / wanted.sum(axis=0).mean()
    weighed = wanted * 2.2 / (1.2 * length + wanted) * np.log(wanted.shape[1] / (1 + n_wanted))
    np.testing.assert_allclose(similarity, only_strongest(weighed.T @ weighed, 5), rtol=1e-4)


@every_weighting
def test_an_item_speaks_for_so_many_others_and_never_for_itself(weighting: Weighting) -> None:
    found = ItemKnn(weighting=weighting, neighbours=4).fit(random_shop(), seed=1).similarity

    assert np.diff(found.indptr).tolist() == [4] * 25
    assert not found.diagonal().any()
    assert (found.data > 0).all()
    assert found.has_sorted_indices


@every_weighting
def test_an_item_that_nobody_wanted_has_no_neighbours(weighting: Weighting) -> None:
    wanted = random_shop().matrix.toarray()
    wanted[:, 7] = 0

    similarity = similarity_of(shop(wanted), ItemKnn(weighting=weighting))

    assert not similarity[7].any()
    assert not similarity[:, 7].any()


@every_weighting
def test_people_who_are_not_choosy_at_all_break_nothing(weighting: Weighting) -> None:
    # All but one item wanted: the logarithm says that this tells nothing, which is a weight of 0.
    wanted = np.ones((3, 3)) - np.eye(3)

    similarity = similarity_of(shop(wanted), ItemKnn(weighting=weighting))

    assert np.isfinite(similarity).all()


def test_the_seed_decides_nothing() -> None:
    one, other = (ItemKnn().fit(random_shop(), seed=seed).similarity for seed in (1, 2))

    np.testing.assert_array_equal(one.toarray(), other.toarray())
