"""What is special to BPR: whom it takes for not chosen."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import scipy.sparse as sp

from features.ids import IdMap
from features.interactions import Interactions
from training.models.bpr import Bpr

N_USERS, N_ITEMS = 60, 30
UNSOLD = np.arange(25, N_ITEMS)


def shop_without_tastes() -> Interactions:
    """Item 0 is chosen by nearly everybody, item 24 by nearly nobody, items 25 to 29 by nobody."""
    rng = np.random.default_rng(5)
    chance = np.linspace(0.9, 0.05, 25)
    chosen = np.zeros((N_USERS, N_ITEMS), dtype=np.float32)
    chosen[:, :25] = 10 * (rng.random((N_USERS, 25)) < chance)
    return Interactions(
        matrix=sp.csr_array(chosen),
        users=IdMap.of([f"user {row}" for row in range(N_USERS)]),
        items=IdMap.of([f"item {row}" for row in range(N_ITEMS)]),
        as_of=datetime(2024, 5, 1, tzinfo=UTC),
    )


def test_what_is_chosen_more_ranks_higher() -> None:
    shop = shop_without_tastes()

    model = Bpr(factors=4).fit(shop, seed=1)

    mean_scores = model.score(shop.matrix, np.arange(N_ITEMS)).mean(axis=0)
    sold = np.asarray((shop.matrix > 0).sum(axis=0))
    assert np.corrcoef(mean_scores, sold)[0, 1] > 0.9


def test_what_nobody_chooses_ranks_behind_what_most_choose() -> None:
    shop = shop_without_tastes()

    scores = Bpr(factors=4).fit(shop, seed=1).score(shop.matrix, np.arange(N_ITEMS))

    assert (scores[:, UNSOLD].max(axis=1) < scores[:, :10].min(axis=1)).all()


def test_what_fewer_people_want_surely_ranks_before_what_more_people_hardly_want() -> None:
    wanted = np.zeros((N_USERS, 8), dtype=np.float32)
    wanted[:20, 0] = 10
    wanted[:40, 1] = 0.01
    wanted[np.arange(N_USERS), 2 + np.arange(N_USERS) % 6] = 1
    shop = replace(
        shop_without_tastes(), matrix=sp.csr_array(wanted), items=IdMap.of(list("abcdefgh"))
    )

    scores = Bpr(factors=4).fit(shop, seed=1).score(shop.matrix, np.array([0, 1]))

    assert (scores[:, 0] > scores[:, 1]).all()
