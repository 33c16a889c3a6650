"""What is special to LightFM: features teach what sales cannot, and sure pairs count more."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import scipy.sparse as sp

from features.ids import IdMap
from features.interactions import Interactions
from training.models.lightfm import LightFm

N_USERS, N_ITEMS = 40, 26
COLD_EVEN, COLD_ODD = 24, 25
TRAINER = LightFm(factors=8)


def checkerboard() -> Interactions:
    """Even people choose even items and odd ones odd; nobody has met the last item of either."""
    users, items = np.arange(N_USERS)[:, None], np.arange(N_ITEMS)[None, :]
    chosen = (users % 2 == items % 2) & (items < COLD_EVEN) & ((users // 2 + items // 2) % 4 > 0)
    return Interactions(
        matrix=sp.csr_array(10 * chosen.astype(np.float32)),
        users=IdMap.of([f"user {row}" for row in range(N_USERS)]),
        items=IdMap.of([f"item {row}" for row in range(N_ITEMS)]),
        as_of=datetime(2024, 5, 1, tzinfo=UTC),
    )


def parity(n_rows: int) -> sp.csr_array:
    return sp.csr_array(np.eye(2, dtype=np.float32)[np.arange(n_rows) % 2])


def test_an_item_that_nobody_bought_is_known_by_its_features() -> None:
    shop = replace(checkerboard(), item_features=parity(N_ITEMS))

    scores = TRAINER.fit(shop, seed=1).score(shop.matrix, np.array([COLD_EVEN, COLD_ODD]))

    assert (scores[0::2, 0] > scores[0::2, 1]).all()
    assert (scores[1::2, 1] > scores[1::2, 0]).all()


def test_an_item_without_sales_and_features_gets_no_credit_for_it() -> None:
    shop = checkerboard()

    vectors = TRAINER.fit(shop, seed=1).item_vectors

    np.testing.assert_array_equal(vectors[COLD_EVEN, :-1], np.zeros(8))
    assert vectors[COLD_EVEN, -1] == vectors[:COLD_EVEN, -1].min()


def test_features_of_people_take_part_in_the_learning() -> None:
    shop = checkerboard()

    plain = TRAINER.fit(shop, seed=1)
    informed = TRAINER.fit(replace(shop, user_features=parity(N_USERS)), seed=1)

    assert not np.array_equal(plain.item_vectors, informed.item_vectors)


def test_the_scale_of_the_features_does_not_matter() -> None:
    shop = checkerboard()
    small, large = (
        replace(shop, item_features=scale * parity(N_ITEMS), user_features=scale * parity(N_USERS))
        for scale in (np.float32(1), np.float32(4))
    )

    one, other = TRAINER.fit(small, seed=1), TRAINER.fit(large, seed=1)

    np.testing.assert_array_equal(one.item_vectors, other.item_vectors)


def test_what_fewer_people_want_surely_ranks_before_what_more_people_hardly_want() -> None:
    wanted = np.zeros((N_USERS, 8), dtype=np.float32)
    wanted[:15, 0] = 10
    wanted[:30, 1] = 0.01
    wanted[np.arange(N_USERS), 2 + np.arange(N_USERS) % 6] = 1
    shop = replace(checkerboard(), matrix=sp.csr_array(wanted), items=IdMap.of(list("abcdefgh")))

    scores = TRAINER.fit(shop, seed=1).score(shop.matrix, np.array([0, 1]))

    assert (scores[:, 0] > scores[:, 1]).all()


def test_items_that_nobody_bought_do_not_change_the_others() -> None:
    shop = replace(checkerboard(), item_features=parity(N_ITEMS))
    without = replace(shop, matrix=shop.matrix[:, :COLD_EVEN], item_features=parity(COLD_EVEN))

    among, alone = TRAINER.fit(shop, seed=1), TRAINER.fit(without, seed=1)

    np.testing.assert_array_equal(among.item_vectors[:COLD_EVEN], alone.item_vectors)
