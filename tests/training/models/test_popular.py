"""What is special to the popular items: nothing but adding up."""

from datetime import UTC, datetime

import numpy as np
import scipy.sparse as sp

from features.ids import IdMap
from features.interactions import Interactions
from training.models.popular import Popular


def test_an_item_scores_what_everybody_together_wants_it() -> None:
    wanted = np.array([[3, 0, 1], [2, 0, 0]], dtype=np.float32)
    shop = Interactions(
        matrix=sp.csr_array(wanted),
        users=IdMap.of(["ann", "bob"]),
        items=IdMap.of(["mug", "lamp", "sofa"]),
        as_of=datetime(2024, 5, 1, tzinfo=UTC),
    )

    model = Popular().fit(shop, seed=1)

    np.testing.assert_array_equal(model.item_scores, [3 + 2, 0, 1])
    np.testing.assert_array_equal(model.score(shop.matrix, np.array([2, 0])), [[1, 5], [1, 5]])
