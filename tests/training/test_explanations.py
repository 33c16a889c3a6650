"""Explanations add up to the scores that order the lists, and tell nobody's id."""

import json
from dataclasses import replace

import numpy as np
import pytest

from features.recommender import ListPolicy
from tests.fitted_rankers import some_fitted
from tests.shops import bundle_of, some_snapshot
from training.bundle import Bundle
from training.explanations import KINDS, anonymous, explained_lists
from training.ranker import Fitted

USER_ROWS = np.array([3, 8, 21])


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return bundle_of(some_snapshot(7, n_users=60, n_items=40))


@pytest.fixture(scope="module")
def fitted(bundle: Bundle) -> Fitted:
    return some_fitted(bundle)


@pytest.mark.parametrize("kind", KINDS)
def test_contributions_add_up_to_the_score(bundle: Bundle, fitted: Fitted, kind: str) -> None:
    lists = explained_lists(bundle, fitted, USER_ROWS, kind=kind, k=10)

    assert [len(items) for items in lists] == [5, 5, 5]
    for one in (item for items in lists for item in items):
        assert one.common + sum(one.contributions.values()) == pytest.approx(one.score)
        assert set(one.contributions) == set(one.values)
        strengths = [abs(added) for added in one.contributions.values()]
        assert strengths == sorted(strengths, reverse=True)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_explained_is_the_beginning_of_the_list(
    bundle: Bundle, fitted: Fitted, kind: str
) -> None:
    ranked = replace(bundle.recommender, ranker=fitted.ranker)
    trend_rows = ranked.trends.rows_of(bundle.people.countries)[
        bundle.people.country_rows[USER_ROWS]
    ]
    lists = ranked.recommend(
        bundle.persons(USER_ROWS),
        ListPolicy(10, exclude_purchased=KINDS[kind]),
        trend_rows=trend_rows,
    )

    explained = explained_lists(bundle, fitted, USER_ROWS, kind=kind, k=10, n_items=3)

    for place, items in enumerate(explained):
        shown = [bundle.catalogue.title(int(row)) for row in lists.item_rows[place, :3]]
        assert [one.title for one in items] == shown
        assert [one.score for one in items] == pytest.approx(lists.scores[place, :3], abs=1e-5)


def test_somebody_of_whom_nothing_is_known_has_nothing_explained(
    bundle: Bundle, fitted: Fitted
) -> None:
    # The first user of the planted shop has done nothing.
    nobody, somebody = explained_lists(bundle, fitted, np.array([0, 3]), kind="everything", k=10)

    assert nobody == []
    assert len(somebody) == 5


def test_nobody_is_named(bundle: Bundle, fitted: Fitted) -> None:
    lists = explained_lists(bundle, fitted, USER_ROWS, kind="everything", k=10)

    written = json.dumps(anonymous(lists))

    assert [one["person"] for one in json.loads(written)] == ["person 1", "person 2", "person 3"]
    assert not any(bundle.users.id_of(row) in written for row in range(len(bundle.users)))
