"""The law of the rain boots: nobody in the southern summer is shown the north's winter goods."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from features.context import KINDS, situation
from features.context_lifts import ContextLifts
from features.history import Histories
from features.home import Home
from features.ingest.run import ingest
from features.proposal import ListPolicy, Wishes
from features.simulated_shop.seasons import YEAR_DAYS, season_effect
from features.simulated_shop.settings import SimulationSettings
from features.simulated_shop.shop import simulate
from features.simulated_shop.truth import Truth, open_truth
from features.snapshot import take_snapshot
from training.assemble import assemble
from training.bundle import Bundle
from training.settings import TrainingSettings

IN_DECEMBER = datetime(2025, 12, 10, tzinfo=UTC)
SEASON_MONTHS = ((12, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11))
STRONG = 1.0
"""The log amplitude of coats, scarves, skis, swimwear: three to twenty times as much in season."""
MOST, HARDLY_ANY = 0.9, 0.02
"""Of a few hundred items that a few hundred people buy, chance may mislead about one or two."""


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Truth]:
    """Train a simulated shop, four fifths of whose people live in the north, in December."""
    folder = Path(tmp_path_factory.mktemp("rain-boots"))
    made = simulate(SimulationSettings(n_users=800, n_items=400, seed=3), folder)
    home = Home(folder / "home")
    ingest(
        events=[made.events],
        items=[made.items],
        users=[made.users],
        home=home,
        now=IN_DECEMBER + timedelta(days=60),
    )
    snapshot = take_snapshot(home.lake, as_of=IN_DECEMBER)
    settings = TrainingSettings()
    bundle = assemble(snapshot, settings, {}, data_digest="", created_at=IN_DECEMBER)
    return bundle, open_truth(made.truth)


@pytest.fixture(scope="session")
def shelves(shop: tuple[Bundle, Truth]) -> NDArray[np.int64]:
    """Tell each item row's shelf in the truth."""
    bundle, truth = shop
    shelf = dict(zip(truth.item_ids.tolist(), truth.item_shelf.tolist(), strict=True))
    return np.array([shelf[one] for one in bundle.items.ids(np.arange(len(bundle.items)))])


def _lifts(bundle: Bundle) -> ContextLifts:
    assert bundle.recommender.lifts is not None
    return bundle.recommender.lifts


def _out_of_season(bundle: Bundle, country: str) -> NDArray[np.bool_]:
    marks = _lifts(bundle).out_of_season(situation(at=IN_DECEMBER, country=country))
    assert marks is not None
    return marks


def _peak_in(truth: Truth, months: tuple[int, ...]) -> NDArray[np.bool_]:
    """Mark the shelves with a strong season of their own whose northern peak is in these months."""
    peak_months = (truth.season_peak_day / YEAR_DAYS * 12).astype(np.int64) + 1
    is_strong = (truth.season_amplitude >= STRONG) & ~truth.season_everywhere
    return np.isin(peak_months, months) & is_strong


def _true_lifts(truth: Truth, *, is_southern: bool) -> NDArray[np.float64]:
    """Average each shelf's log season effect over each season, shape (4, n_shelves)."""
    half_a_year = YEAR_DAYS / 2 if is_southern else 0.0
    days = np.array([[30.44 * (month - 0.5) for month in months] for months in SEASON_MONTHS])
    # Winter comes half a year later in the south, and so does what is wanted in winter.
    own = days[:, :, None] + half_a_year + np.where(truth.season_everywhere, 0.0, half_a_year)
    effect = season_effect(
        own.astype(np.float32),
        amplitude=truth.season_amplitude,
        peak_day=truth.season_peak_day,
        sharpness=truth.season_sharpness,
    )
    by_season = np.log(np.exp(effect.astype(np.float64)).mean(axis=1))
    return by_season - np.log(np.exp(by_season).mean(axis=0))


@pytest.mark.parametrize(("is_southern", "least"), [(False, 0.85), (True, 0.75)])
def test_learnt_seasons_agree_with_the_truth_in_each_hemisphere(
    is_southern: bool, least: float, shop: tuple[Bundle, Truth], shelves: NDArray[np.int64]
) -> None:
    bundle, truth = shop
    seasonal = np.unique(shelves[truth.season_amplitude[shelves] > 0.5])
    block = slice(4, 8) if is_southern else slice(0, 4)

    by_item = _lifts(bundle).season[block].astype(np.float64)
    learnt = np.stack([by_item[:, shelves == shelf].mean(axis=1) for shelf in seasonal], axis=1)

    true = _true_lifts(truth, is_southern=is_southern)[:, seasonal]
    assert len(KINDS["season"]) == len(learnt)
    assert np.corrcoef(learnt.ravel(), true.ravel())[0, 1] > least


def test_an_australian_december_is_no_time_for_the_norths_winter_goods(
    shop: tuple[Bundle, Truth], shelves: NDArray[np.int64]
) -> None:
    bundle, truth = shop
    winter = _peak_in(truth, (11, 12, 1, 2))[shelves]
    everyday = (truth.season_amplitude == 0)[shelves]

    marks = _out_of_season(bundle, "AU")

    assert winter.sum() > 20
    assert marks[winter].mean() > MOST
    assert marks[everyday].mean() < HARDLY_ANY


def test_a_british_december_keeps_them_and_lets_summer_goods_go(
    shop: tuple[Bundle, Truth], shelves: NDArray[np.int64]
) -> None:
    bundle, truth = shop
    winter, summer = (_peak_in(truth, months)[shelves] for months in ((11, 12, 1, 2), (6, 7)))

    everyday = (truth.season_amplitude == 0)[shelves]

    marks = _out_of_season(bundle, "GB")

    assert marks[winter].mean() < HARDLY_ANY
    assert marks[everyday].mean() < HARDLY_ANY
    assert marks[summer].mean() > MOST


def test_christmas_is_in_december_everywhere(
    shop: tuple[Bundle, Truth], shelves: NDArray[np.int64]
) -> None:
    bundle, truth = shop
    christmas = (truth.season_everywhere & (truth.season_amplitude >= STRONG))[shelves]

    assert christmas.any()
    for country in ("AU", "GB"):
        assert not _out_of_season(bundle, country)[christmas].any()


def test_a_new_australian_gets_the_northern_trend_without_its_winter_goods(
    shop: tuple[Bundle, Truth], shelves: NDArray[np.int64]
) -> None:
    bundle, truth = shop
    recommender, winter = bundle.recommender, _peak_in(truth, (11, 12, 1, 2))[shelves]
    somebody_new = recommender.read(Histories.of([[]]))
    whole_shop = np.array([recommender.trends.row_of(None)])
    policy = ListPolicy(50, exclude_purchased=False)

    def items(wishes: Wishes) -> NDArray[np.int32]:
        lists = recommender.recommend(somebody_new, policy, trend_rows=whole_shop, wishes=wishes)
        rows: NDArray[np.int32] = lists.item_rows[0]
        return rows[rows >= 0]

    northern = items(Wishes())
    southern = items(Wishes(excluded=[np.flatnonzero(_out_of_season(bundle, "AU"))]))

    assert winter[northern].sum() >= 3
    assert winter[southern].sum() == 0
    assert len(southern) == len(northern) == 50
