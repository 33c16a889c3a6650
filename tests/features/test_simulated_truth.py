"""The simulated shop's truth: people do what it says, and it can be asked later."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from features.errors import InvalidInput, UnreadableFile
from features.simulated_shop import (
    SimulationSettings,
    Truth,
    open_truth,
    response_probability,
    simulate,
)
from features.simulated_shop.responses import GIFT_PULL, gift_pull, shelf_season
from features.simulated_shop.vocabulary import vocabulary

SIZES = SimulationSettings(n_users=2_000, n_items=400, days=365, seed=11)
NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Deeds:
    """Who did something with what, and when; rows of the truth."""

    person: NDArray[np.int64]
    item: NDArray[np.int64]
    at: NDArray[np.datetime64]
    session: list[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(SIZES, tmp_path_factory.mktemp("shop")).folder


@pytest.fixture(scope="module")
def truth(folder: Path) -> Truth:
    return open_truth(folder / "truth")


def deeds(folder: Path, truth: Truth, event_type: str) -> Deeds:
    """Read what logged-in people did."""
    filters = [("event_type", "=", event_type), ("user_id", "!=", "")]
    events = pq.read_table(folder / "events.parquet", filters=filters)
    users = truth.person_ids[: SIZES.n_users]
    return Deeds(
        person=np.searchsorted(users, events["user_id"].to_numpy().astype(str)),
        item=np.searchsorted(truth.item_ids, events["item_id"].to_numpy().astype(str)),
        at=events["timestamp"].to_numpy(),
        session=events["session_id"].to_pylist(),
    )


def chance(truth: Truth, done: Deeds, *, person: NDArray[np.int64] | None = None) -> NDArray:
    who = done.person if person is None else person
    return response_probability(truth, who, done.item, at=done.at)


def test_people_click_as_often_as_the_truth_says(folder: Path, truth: Truth) -> None:
    shown = chance(truth, deeds(folder, truth, "impression"))
    clicked = chance(truth, deeds(folder, truth, "click"))
    edges = np.quantile(shown, [0, 0.5, 0.8, 0.9, 0.95, 1])
    edges[[0, -1]] = 0, 1

    expected = np.histogram(shown, edges, weights=shown)[0]
    variance = np.histogram(shown, edges, weights=shown * (1 - shown))[0]
    observed = np.histogram(clicked, edges)[0]

    assert len(clicked) > 1_000
    assert (np.abs(observed - expected) < 4 * np.sqrt(variance)).all(), (observed, expected)
    assert np.median(shown) < 0.1
    assert shown.max() > 0.8


def test_people_buy_as_often_as_the_truth_says_what_they_do_not_own(
    folder: Path, truth: Truth
) -> None:
    shown, bought = (deeds(folder, truth, name) for name in ("impression", "purchase"))
    lasts = np.array([shelf.restock_days == 0 for shelf in vocabulary().shelves])
    first: dict[tuple[int, int], np.datetime64] = {}
    for person, item, at in zip(bought.person, bought.item, bought.at, strict=True):
        first.setdefault((person, item), at)
    chances = response_probability(
        truth, shown.person, shown.item, at=shown.at, event_type="purchase"
    )

    passed_by: dict[tuple[str, int], float] = {}
    for row, (visit, item) in enumerate(zip(shown.session, shown.item, strict=True)):
        owned = first.get((shown.person[row], item), shown.at[row]) < shown.at[row]
        if not (owned and lasts[truth.item_shelf[item]]):
            passed_by[visit, item] = passed_by.get((visit, item), 1.0) * (1 - chances[row])
    buys = 1 - np.array(list(passed_by.values()))
    tracked = set(shown.session)
    observed = sum(visit in tracked for visit in bought.session)

    assert abs(observed - buys.sum()) < 4 * np.sqrt((buys * (1 - buys)).sum())


def test_people_do_more_with_what_they_truly_like(folder: Path, truth: Truth) -> None:
    views, purchases = (deeds(folder, truth, name) for name in ("view", "purchase"))

    for done in (views, purchases):
        own = chance(truth, done).mean()
        anothers = chance(truth, done, person=(done.person + 1) % SIZES.n_users).mean()
        assert own > 3 * anothers
    assert chance(truth, purchases).mean() > chance(truth, views).mean()


def test_what_people_buy_ranks_high_among_all_that_they_could_buy(
    folder: Path, truth: Truth
) -> None:
    bought = deeds(folder, truth, "purchase")
    some = np.arange(0, len(bought.item), 10)
    every_item = np.arange(SIZES.n_items)

    table = response_probability(
        truth,
        bought.person[some, None],
        every_item,
        at=bought.at[some, None],
        event_type="purchase",
    )

    own = table[np.arange(len(some)), bought.item[some]]
    below = (table < own[:, None]).mean(axis=1)
    assert below.mean() > 0.85
    assert np.median(below) > 0.95


def test_a_purchase_is_a_click_first(truth: Truth) -> None:
    users, items = np.arange(500)[:, None], np.arange(SIZES.n_items)

    click = response_probability(truth, users, items, at=NOON)
    purchase = response_probability(truth, users, items, at=NOON, event_type="purchase")

    assert click.shape == purchase.shape == (500, SIZES.n_items)
    assert click.dtype == purchase.dtype == np.float32
    assert ((purchase >= 0) & (purchase <= click) & (click <= 1)).all()


def test_one_by_one_is_the_same_as_all_at_once(truth: Truth) -> None:
    users, items = np.arange(12), np.arange(12) * 7

    at_once = response_probability(truth, users, items, at=NOON)

    one_by_one = [
        response_probability(truth, np.array(user), np.array(item), at=NOON)
        for user, item in zip(users, items, strict=True)
    ]
    np.testing.assert_allclose(at_once, one_by_one, rtol=1e-6)


def test_a_moment_is_the_same_in_every_notation(truth: Truth) -> None:
    users, items = np.arange(50), np.arange(50)
    in_tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    as_array = np.full(50, np.datetime64("2025-07-01T12:00:00", "us"))

    answers = [
        response_probability(truth, users, items, at=at) for at in (NOON, in_tokyo, as_array)
    ]

    assert (answers[0] == answers[1]).all()
    assert (answers[0] == answers[2]).all()


def test_a_time_without_offset_is_refused(truth: Truth) -> None:
    with pytest.raises(InvalidInput, match="without a UTC offset"):
        response_probability(truth, np.array([0]), np.array([0]), at=NOON.replace(tzinfo=None))


def test_nobody_responds_to_what_is_not_on_sale(truth: Truth) -> None:
    item = int(np.argmax(truth.released_s))
    released = datetime.fromtimestamp(int(truth.released_s[item]), UTC)
    users = np.arange(100)

    before, after = (
        response_probability(truth, users, np.array(item), at=released + timedelta(seconds=second))
        for second in (-1, 0)
    )

    assert (before == 0).all()
    assert (after > 0).all()


def test_a_staple_is_wanted_when_it_runs_out_and_not_in_between(truth: Truth) -> None:
    on_sale = truth.released_s[truth.staple_item] <= truth.staple_first_s
    lasts = truth.staple_first_s + truth.staple_interval_s < truth.retired_s[truth.staple_item]
    chosen = np.flatnonzero(on_sale & lasts)
    who, what = truth.staple_person[chosen], truth.staple_item[chosen]
    due_s = truth.staple_first_s[chosen]
    between_s = due_s + truth.staple_interval_s[chosen] // 2

    due, between = (
        response_probability(truth, who, what, at=at.astype("datetime64[s]"), event_type="purchase")
        for at in (due_s, between_s)
    )

    assert np.median(due) > 0.8
    assert np.median(between) < 0.02
    assert (due > between).all()


def test_winter_comes_half_a_year_later_in_the_south_and_christmas_does_not(truth: Truth) -> None:
    paths = truth.shelf_paths.tolist()
    coats = np.array(paths.index("Women > Coats & Jackets"))
    baubles = np.array(paths.index("Home > Christmas Decorations"))
    north, south = np.int8(1), np.int8(-1)

    def effect(shelf: NDArray[np.int64], hemisphere: np.int8, day: float) -> float:
        day_of_year = np.array(day, dtype=np.float32)
        return float(shelf_season(truth, shelf, hemisphere=np.array(hemisphere), day=day_of_year))

    peak, half_a_year = float(truth.season_peak_day[coats]), 365.2425 / 2
    amplitude = float(truth.season_amplitude[coats])
    assert effect(coats, north, peak) == pytest.approx(amplitude)
    assert effect(coats, south, peak) == pytest.approx(-amplitude, abs=1e-4)
    assert effect(coats, south, peak - half_a_year) == pytest.approx(amplitude, abs=1e-4)
    assert effect(baubles, south, 340.0) == effect(baubles, north, 340.0) > 1


def test_a_present_pulls_on_its_shelf_in_the_days_before_it_is_due(truth: Truth) -> None:
    giver = np.flatnonzero(truth.gift_shelf >= 0)[:1]
    shelf, due = truth.gift_shelf[giver], truth.gift_day[giver]

    assert gift_pull(truth, giver, shelf, day=due - 1) == GIFT_PULL
    assert gift_pull(truth, giver, shelf, day=due - 60) == 0
    assert gift_pull(truth, giver, shelf, day=due + 1) == 0
    assert gift_pull(truth, giver, shelf + 1, day=due - 1) == 0


def test_the_truth_names_people_and_items_in_the_order_of_the_files(
    folder: Path, truth: Truth
) -> None:
    users = pq.read_table(folder / "users.parquet")["user_id"].to_pylist()
    items = pq.read_table(folder / "items.parquet")["item_id"].to_pylist()

    assert truth.person_ids[: SIZES.n_users].tolist() == users
    assert truth.person_ids[SIZES.n_users :].tolist() == (
        truth.anonymous_ids[SIZES.n_users :].tolist()
    )
    assert truth.item_ids.tolist() == items
    assert truth.taste.shape[1] == truth.item_vectors.shape[1]


def test_a_saved_truth_opens_the_same(truth: Truth, tmp_path: Path) -> None:
    truth.save(tmp_path)

    again = open_truth(tmp_path)

    for each in fields(Truth):
        np.testing.assert_array_equal(getattr(again, each.name), getattr(truth, each.name))


def test_a_missing_or_damaged_truth_says_which_folder_and_what_to_do(
    truth: Truth, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableFile, match=r"nowhere holds no truth.*run vitrine simulate"):
        open_truth(tmp_path / "nowhere")

    truth.save(tmp_path)
    (tmp_path / "taste.npy").write_bytes(b"not an array")
    with pytest.raises(UnreadableFile, match="holds no truth"):
        open_truth(tmp_path)
