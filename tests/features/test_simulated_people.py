"""The simulated shop's events: people in them behave like people."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from features.simulated_shop import SimulationSettings, Truth, open_truth, simulate
from features.simulated_shop.people import BROWSER_LOGIT, is_active
from features.simulated_shop.responses import GIFT_WINDOW_DAYS
from features.simulated_shop.seasons import YEAR_DAYS, day_of_year, local_seconds
from features.simulated_shop.vocabulary import vocabulary

SIZES = SimulationSettings(n_users=1_500, n_items=400, days=365, seed=7)


@dataclass(frozen=True)
class Log:
    """The events as arrays, with rows of people and items beside the ids."""

    truth: Truth
    event_type: NDArray[np.str_]
    at: NDArray[np.datetime64]
    person: NDArray[np.int64]
    item: NDArray[np.int64]
    quantity: NDArray[np.int64]
    order: NDArray[np.object_]
    session: NDArray[np.object_]
    logged_in: NDArray[np.bool_]

    def rows(self, *event_types: str) -> NDArray[np.int64]:
        return np.flatnonzero(np.isin(self.event_type, event_types))

    @property
    def shelf(self) -> NDArray[np.int64]:
        return self.truth.item_shelf[self.item].astype(np.int64)

    @property
    def at_s(self) -> NDArray[np.int64]:
        return self.at.astype("datetime64[s]").astype(np.int64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(SIZES, tmp_path_factory.mktemp("shop")).folder


@pytest.fixture(scope="module")
def log(folder: Path) -> Log:
    truth = open_truth(folder / "truth")
    table = pq.read_table(folder / "events.parquet")
    names = {
        name: table[name].to_numpy() for name in table.column_names if name != "recommendation_id"
    }
    logged_in = ~np.equal(names["user_id"], None)
    known = np.searchsorted(
        truth.person_ids[: SIZES.n_users], names["user_id"][logged_in].astype(str)
    )
    cookies = names["anonymous_id"][~logged_in].astype(str)
    person = np.empty(len(logged_in), dtype=np.int64)
    person[logged_in] = known
    person[~logged_in] = np.searchsorted(truth.anonymous_ids, cookies)
    return Log(
        truth=truth,
        event_type=names["event_type"].astype(str),
        at=names["timestamp"],
        person=person,
        item=np.searchsorted(truth.item_ids, names["item_id"].astype(str)),
        quantity=names["quantity"],
        order=names["order_id"],
        session=names["session_id"],
        logged_in=logged_in,
    )


def test_a_visit_is_logged_in_or_anonymous_from_end_to_end(log: Log) -> None:
    visited = log.session[log.rows("view")].astype(str)
    names, first, visit = np.unique(visited, return_index=True, return_inverse=True)

    logged_in = log.logged_in[log.rows("view")]
    assert (logged_in == logged_in[first][visit]).all()
    assert 0.1 < 1 - logged_in[first].sum() / len(names) < 0.4
    assert log.logged_in[log.person >= SIZES.n_users].sum() == 0


def test_people_come_only_while_they_are_active(log: Log) -> None:
    rows = log.rows("view")

    assert is_active(log.truth.phase_starts_s[log.person[rows]], log.at_s[rows]).mean() > 0.999
    assert (log.at_s >= log.truth.phase_starts_s[log.person, 0]).all()


def test_nothing_happens_outside_the_period_returns_included(log: Log) -> None:
    assert log.at_s.min() >= SIZES.start_s
    assert log.at_s.max() < SIZES.end_s
    assert log.at_s[log.rows("return")].max() > SIZES.end_s - 3 * 86_400


def test_few_people_make_most_of_the_visits(log: Log) -> None:
    rows = log.rows("view")
    rows = rows[log.logged_in[rows]]
    _, first = np.unique(log.session[rows].astype(str), return_index=True)
    visits = np.sort(np.bincount(log.person[rows][first], minlength=SIZES.n_users))[::-1]

    assert visits[: SIZES.n_users // 10].sum() > 0.35 * visits.sum()


def test_some_items_have_most_of_the_attention(log: Log) -> None:
    views = np.sort(np.bincount(log.item[log.rows("view")], minlength=SIZES.n_items))[::-1]

    assert views[: SIZES.n_items // 10].sum() > 0.35 * views.sum()
    assert views[SIZES.n_items // 2 :].sum() < 0.2 * views.sum()


def test_what_is_bought_is_on_sale(log: Log) -> None:
    rows = log.rows("cart")

    assert (log.truth.released_s[log.item[rows]] <= log.at_s[rows]).all()
    assert (log.at_s[rows] - 60 < log.truth.retired_s[log.item[rows]]).all()


def test_an_order_is_paid_by_one_person_at_one_time_after_its_carts(log: Log) -> None:
    rows = log.rows("purchase")
    _, first, order = np.unique(log.order[rows].astype(str), return_index=True, return_inverse=True)
    carts = {(log.session[row], log.item[row]): row for row in log.rows("cart")}

    assert (log.person[rows] == log.person[rows][first][order]).all()
    assert (log.at[rows] == log.at[rows][first][order]).all()
    assert len(first) < len(rows)
    for row in rows:
        cart = carts[log.session[row], log.item[row]]
        assert log.at[cart] < log.at[row]
        assert log.quantity[cart] == log.quantity[row]


def test_a_return_follows_its_purchase_and_is_no_larger(log: Log) -> None:
    bought = {(log.order[row], log.item[row]): row for row in log.rows("purchase")}

    assert len(log.rows("return")) > 50
    for row in log.rows("return"):
        purchase = bought[log.order[row], log.item[row]]
        assert log.at[purchase] < log.at[row]
        assert log.quantity[row] <= log.quantity[purchase]
        assert log.person[row] == log.person[purchase]


def test_dresses_come_back_more_often_than_food(log: Log) -> None:
    clothes = np.char.startswith(log.truth.shelf_paths, "Women")[log.shelf]
    food = np.char.startswith(log.truth.shelf_paths, "Food")[log.shelf]

    def share(chosen: NDArray[np.bool_]) -> float:
        return float(chosen[log.rows("return")].sum() / chosen[log.rows("purchase")].sum())

    assert share(clothes) > 0.12
    assert share(food) < 0.03


def test_who_only_browses_never_buys(log: Log) -> None:
    browser = log.truth.buy_logit == np.float32(BROWSER_LOGIT)

    assert browser[log.person[log.rows("view")]].sum() > 1_000
    assert not browser[log.person[log.rows("purchase")]].any()


def test_what_lasts_is_bought_once(log: Log) -> None:
    lasts = np.array([shelf.restock_days == 0 for shelf in vocabulary().shelves])
    rows = log.rows("purchase")
    rows = rows[lasts[log.shelf[rows]]]

    pairs = set(zip(log.person[rows], log.item[rows], strict=True))
    assert len(pairs) == len(rows) > 500


def test_presents_are_looked_for_before_they_are_due_and_then_no_more(log: Log) -> None:
    rows = log.rows("view")
    person, day = log.person[rows], day_of_year(log.at_s[rows])
    gives = log.truth.gift_shelf[person] >= 0
    for_a_gift = log.shelf[rows] == log.truth.gift_shelf[person]
    days_left = (log.truth.gift_day[person] - day) % np.float32(YEAR_DAYS)
    soon = days_left <= GIFT_WINDOW_DAYS

    assert for_a_gift[gives & soon].mean() > 4 * for_a_gift[gives & ~soon].mean()


def test_mornings_are_busier_at_weekends() -> None:
    friday = np.full(10_000, (date(2025, 7, 4) - date(1970, 1, 1)).days)

    hours = [local_seconds(friday + later, np.random.default_rng(0)) // 3_600 for later in range(4)]

    mornings = [np.isin(hour, (9, 10, 11)).mean() for hour in hours]
    weekdays, weekend = (mornings[0], mornings[3]), (mornings[1], mornings[2])
    assert min(weekend) > 1.2 * max(weekdays)


def test_southern_people_want_winter_goods_in_their_winter(log: Log) -> None:
    truth, rows = log.truth, log.rows("view")
    cold = (truth.season_peak_day > 320) | (
        (truth.season_peak_day > 0) & (truth.season_peak_day < 40)
    )
    winter_shelf = cold & ~truth.season_everywhere & (truth.season_amplitude > 0.8)
    wanted = winter_shelf[log.shelf[rows]]
    month = log.at[rows].astype("datetime64[M]").astype(int) % 12 + 1
    south = truth.hemisphere[log.person[rows]] < 0

    def share(months: tuple[int, ...], *, of: NDArray[np.bool_]) -> float:
        return float(wanted[np.isin(month, months) & of].mean())

    june, december = (6, 7, 8), (12, 1, 2)
    assert share(june, of=south) > 3 * share(june, of=~south)
    assert share(december, of=~south) > 3 * share(december, of=south)


def test_staples_are_bought_at_steadier_intervals_than_anything_else(log: Log) -> None:
    truth, rows = log.truth, log.rows("purchase")
    pair = log.person[rows] * SIZES.n_items + log.item[rows]
    staples = truth.staple_person.astype(np.int64) * SIZES.n_items + truth.staple_item
    is_staple = np.isin(pair, staples)

    steady = np.median(variation(pair[is_staple], log.at_s[rows][is_staple]))
    others = np.median(variation(log.person[rows][~is_staple], log.at_s[rows][~is_staple]))

    assert steady < 0.25
    assert others > 0.6


def variation(key: NDArray[np.int64], at_s: NDArray[np.int64]) -> list[float]:
    """Divide the standard deviation of the gaps by their mean, for keys with three or more."""
    times = [np.unique(at_s[key == each]) for each in np.unique(key)]
    gaps = [np.diff(each) for each in times if len(each) > 3]
    assert len(gaps) > 30
    return [float(gap.std() / gap.mean()) for gap in gaps]


def test_people_shop_in_the_evening_of_their_own_clock(log: Log, folder: Path) -> None:
    users = pq.read_table(folder / "users.parquet")
    zones = users["timezone"].to_numpy(zero_copy_only=False)
    rows = log.rows("view")
    rows = rows[log.person[rows] < SIZES.n_users]

    for name in ("Australia/Sydney", "America/New_York"):
        there = rows[zones[log.person[rows]] == name]
        utc = [datetime.fromtimestamp(int(second), UTC) for second in log.at_s[there]]
        hour = np.array([time.astimezone(ZoneInfo(name)).hour for time in utc])
        assert np.isin(hour, (19, 20, 21)).sum() > 5 * np.isin(hour, (2, 3, 4)).sum() > 0
