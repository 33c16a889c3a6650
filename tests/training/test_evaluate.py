"""What is measured is what is served, on lists that a plain loop would make."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalog import Catalogue
from features.events import EventType
from features.fitted_model import PopularityModel
from features.history import Histories
from serving.placements import Placements
from serving.recommend import answer_recommend
from serving.road import Road
from serving.schemas import RecommendRequest
from tests.shops import some_bundle
from training.bundle import Bundle
from training.evaluate import full_ranking, judge, served_lists
from training.report import METRICS, Result, Target
from training.targets import Targets

BUY = EventType.PURCHASE.code
shops = st.builds(
    some_bundle,
    st.integers(0, 500),
    with_model=st.booleans(),
    n_users=st.integers(4, 12),
    n_items=st.integers(3, 25),
    n_unavailable=st.integers(0, 5),
)


class Oracle:
    """Knows what the test users will buy, in the order that they are asked about."""

    def __init__(self, wanted: sp.csr_array) -> None:
        self.wanted = wanted

    def score(self, confidence: sp.csr_array, item_rows: np.ndarray) -> np.ndarray:
        """Give 1 for what will be bought."""
        assert confidence.shape[0] == self.wanted.shape[0]
        return self.wanted.toarray()[:, item_rows]


class Loop:
    """Scores by the item's number, against the person's own confidence."""

    def score(self, confidence: sp.csr_array, item_rows: np.ndarray) -> np.ndarray:
        """Give a score that depends on the person and has ties."""
        return confidence.toarray()[:, item_rows] - (item_rows % 4)


def _purchased(bundle: Bundle, user_row: int) -> set[int]:
    one = bundle.histories.take(np.array([user_row]))
    return set(one.item_rows[one.event_types == BUY].tolist())


def _targets(bundle: Bundle, seed: int = 0) -> Targets:
    """Let everybody with a history buy some of what can be shown."""
    rng = np.random.default_rng(seed)
    shown = np.flatnonzero(bundle.catalogue.recommendable)
    user_rows = np.flatnonzero(bundle.histories.lengths > 0)
    everything = np.zeros((len(user_rows), len(bundle.items)), dtype=np.float32)
    new = everything.copy()
    for place, user_row in enumerate(user_rows.tolist()):
        n_bought = int(rng.integers(1, len(shown) + 1))
        bought = rng.permutation(shown)[:n_bought].tolist()
        everything[place, bought] = 1
        new[place, [row for row in bought if row not in _purchased(bundle, user_row)]] = 1
    return Targets(user_rows, sp.csr_array(everything), sp.csr_array(new))


def _judge(bundle: Bundle, targets: Targets, model: object, k: int) -> dict[Target, Result]:
    popularity = np.ones(len(bundle.items), dtype=np.float32)
    rank = full_ranking(model, bundle, targets, k=k)  # type: ignore[arg-type]
    return judge(rank, bundle, targets, popularity=popularity)


@settings(max_examples=40)
@given(shops, st.sampled_from([1, 4, 40]))
def test_a_full_ranking_is_what_a_plain_loop_gives(bundle: Bundle, k: int) -> None:
    targets = _targets(bundle)
    rank = full_ranking(Loop(), bundle, targets, k=k)

    confidence = bundle.recommender.read(bundle.histories).confidence.toarray()
    for target in ("all", "new"):
        lists = rank(target)
        for place, user_row in enumerate(targets.user_rows.tolist()):
            allowed = np.flatnonzero(bundle.catalogue.recommendable).tolist()
            if target == "new":
                allowed = [row for row in allowed if row not in _purchased(bundle, user_row)]
            own = confidence[user_row]
            best = sorted(allowed, key=lambda row, own=own: row % 4 - own[row])[:k]
            assert lists[place].tolist() == best + [-1] * (k - len(best))


def test_a_ranking_in_batches_is_the_ranking_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = some_bundle(1, n_users=40)
    targets = _targets(bundle)
    rank = full_ranking(bundle.recommender.model, bundle, targets, k=10)
    at_once = rank("new")

    monkeypatch.setattr("training.evaluate._CELLS_AT_ONCE", 3 * len(bundle.items))

    np.testing.assert_array_equal(rank("new"), at_once)


@settings(max_examples=25)
@given(shops, st.sampled_from([3, 20]))
def test_served_lists_are_what_serving_answers(bundle: Bundle, k: int) -> None:
    targets = _targets(bundle)
    built_in = Placements.load()
    # A scenario is what a shop wants to be done otherwise; what is judged is the usual list.
    usual = {name: chosen.branches[0].placement for name, chosen in built_in.by_name.items()}
    road = Road(bundle, replace(built_in, by_name=usual))
    rank = served_lists(bundle, targets, k=k)

    # `all` is judged as on the home page, `new` as on the page of discoveries.
    for target, placement in (("all", "home"), ("new", "discover")):
        answers = answer_recommend(
            road,
            [
                RecommendRequest(user_id=user_id, placement=placement, num_results=k)
                for user_id in bundle.users.ids(targets.user_rows)
            ],
            now=bundle.manifest.as_of,
        )
        for answer, one in zip(answers, rank(target).tolist(), strict=True):
            shown = [item["item_id"] for item in answer["items"]]
            assert shown == bundle.items.ids(np.array([row for row in one if row >= 0], int))


def test_an_oracle_finds_everything() -> None:
    bundle = some_bundle(2)
    targets = _targets(bundle)

    results = _judge(bundle, targets, Oracle(targets.everything), k=len(bundle.items))

    for name in METRICS:
        assert set(results["all"].per_user[name].tolist()) == {1.0}, name


def test_an_oracle_of_what_is_new_finds_all_of_it() -> None:
    bundle = some_bundle(2)
    targets = _targets(bundle)

    results = _judge(bundle, targets, Oracle(targets.new), k=len(bundle.items))

    for name in METRICS:
        assert set(results["new"].per_user[name].tolist()) == {1.0}, name


def test_users_without_anything_new_are_judged_on_all_alone() -> None:
    bundle = some_bundle(2)
    targets = _targets(bundle)
    dense = targets.new.toarray()
    dense[::2] = 0
    some_new = replace(targets, new=sp.csr_array(dense))

    results = _judge(bundle, some_new, Loop(), k=5)

    has_new = dense.any(axis=1)
    assert results["all"].user_rows.tolist() == targets.user_rows.tolist()
    assert results["new"].user_rows.tolist() == targets.user_rows[has_new].tolist()
    np.testing.assert_array_equal(
        results["new"].item_rows,
        full_ranking(Loop(), bundle, targets, k=5)("new")[has_new],
    )


@pytest.mark.parametrize("n_new", [0, 1])
def test_a_target_that_fewer_than_two_users_have_is_left_out(n_new: int) -> None:
    bundle = some_bundle(2)
    targets = _targets(bundle)
    dense = np.zeros_like(targets.new.toarray())
    dense[:n_new] = targets.everything.toarray()[:n_new]

    results = _judge(bundle, replace(targets, new=sp.csr_array(dense)), Loop(), k=5)

    assert list(results) == ["all"]


def test_lists_are_measured_as_a_whole() -> None:
    bundle = some_bundle(2)
    targets = _targets(bundle)
    n_shown = int(bundle.catalogue.recommendable.sum())

    lists = _judge(bundle, targets, PopularityModel(np.ones(len(bundle.items), np.float32)), k=4)[
        "all"
    ].of_lists

    # Everybody gets the same four of those that can be shown, all equally popular.
    assert lists["coverage"] == 4 / n_shown
    assert lists["novelty"] == pytest.approx(np.log2(len(bundle.items)))
    assert lists["popularity_lift"] == pytest.approx(1.0)
    assert set(lists) == {
        *("coverage", "novelty", "popularity_lift", "diversity", "price_calibration")
    }


def test_what_cannot_be_measured_is_left_out() -> None:
    bundle = some_bundle(2, with_model=False)
    targets = _targets(bundle)
    never_sold = np.zeros(len(bundle.items), dtype=np.float32)
    table = bundle.catalogue.table
    no_prices = table.set_column(
        table.schema.get_field_index("price"), "price", pa.nulls(table.num_rows, pa.float64())
    )
    bare = replace(bundle, catalogue=Catalogue(no_prices, bundle.catalogue.recommendable))

    results = judge(full_ranking(Loop(), bare, targets, k=1), bare, targets, popularity=never_sold)

    # No model, no prices, nothing sold before.
    assert set(results["all"].of_lists) == {"coverage", "novelty"}


def test_lists_of_one_item_have_no_diversity() -> None:
    bundle = some_bundle(2)

    results = _judge(bundle, _targets(bundle), Loop(), k=1)

    assert "diversity" not in results["all"].of_lists


def test_a_usual_price_is_the_median_of_what_was_bought() -> None:
    bundle = some_bundle(2, n_items=10, n_unavailable=0)  # item row r costs r + 1
    view = EventType.VIEW.code
    histories = Histories.of(
        [
            [(0, BUY, 1), (3, BUY, 2), (8, BUY, 3), (9, view, 4)],  # 1, 4 and 9
            [(1, BUY, 1), (4, BUY, 2)],  # 2 and 5
            [(5, view, 1)],
        ]
    )
    alike = replace(bundle, histories=histories)
    wanted = sp.csr_array(np.eye(3, 10, dtype=np.float32))
    targets = Targets(np.arange(3), wanted, wanted)

    def sevens(_target: Target) -> np.ndarray:
        return np.full((3, 1), 6, dtype=np.int32)  # costs 7

    results = judge(sevens, alike, targets, popularity=np.ones(10, dtype=np.float32))

    # Whoever bought nothing has no usual price and is left out.
    distances = [abs(np.log(7 / 4)), abs(np.log(7 / 3.5))]
    assert results["all"].of_lists["price_calibration"] == pytest.approx(np.mean(distances))
