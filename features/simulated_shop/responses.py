"""Responses: what a person would do with an item that is shown to them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from features.errors import InvalidInput
from features.simulated_shop.seasons import YEAR_DAYS, day_of_year, season_effect
from features.simulated_shop.truth import Floats, Rows, Truth

CLICK_BIAS: Final = np.float32(-4.9)
CART_BIAS: Final = np.float32(-3.5)
"""An item without any pull is clicked 7 times in 1,000, and then carted 29 times in 1,000."""

CART_SLOPE: Final = np.float32(0.5)
"""Who has clicked knows more already: the same pull counts half."""

GIFT_PULL: Final = np.float32(3.0)
GIFT_WINDOW_DAYS: Final = 10.0

DUE_PULL: Final = np.float32(8.0)
STOCKED_PULL: Final = np.float32(-3.0)
DUE_WIDTH: Final = 0.2
"""A staple pulls when it is due, give or take this share of its interval, and repels between."""


@dataclass(frozen=True, slots=True)
class Chances:
    """What a person would do with an item: each step's probability, given the one before."""

    click: Floats
    cart: Floats
    buy: Floats


def response_probability(
    truth: Truth,
    user_rows: Rows,
    item_rows: Rows,
    *,
    at: datetime | NDArray[np.datetime64],
    event_type: Literal["click", "purchase"] = "click",
) -> Floats:
    """Say how likely a person is to click or buy an item that is shown to them.

    Parameters
    ----------
    truth : Truth
        Of the simulated shop.
    user_rows, item_rows : ndarray of int
        Rows of people and items; broadcast against each other, so `users[:, None]` against
        `items` is a table of everybody and everything.
    at : datetime or ndarray of datetime64
        When it is shown: aware, or in UTC and broadcast with the rows.
    event_type : {"click", "purchase"}
        A purchase is one in the same visit, by somebody who does not own the item yet.

    Returns
    -------
    ndarray of float32, the broadcast shape
        In [0, 1]; 0 where the item is not on sale at that time.

    Raises
    ------
    InvalidInput
        `at` has no UTC offset.
    """
    chances = response_chances(truth, user_rows, item_rows, at_s=_seconds(at))
    return chances.click if event_type == "click" else chances.click * chances.cart * chances.buy


def response_chances(
    truth: Truth, user_rows: Rows, item_rows: Rows, *, at_s: NDArray[np.int64]
) -> Chances:
    """Say what people would do with items, step by step.

    Parameters
    ----------
    truth : Truth
        Of the simulated shop.
    user_rows, item_rows : ndarray of int
        Rows of people and items.
    at_s : ndarray of int64
        Seconds since 1970. All three broadcast against each other.

    Returns
    -------
    Chances
        Of float32, the broadcast shape.

    Notes
    -----
    ``pull = appeal + taste . item + season + gift + due``, then ``click = s(b + pull)``,
    ``cart = s(b' + pull / 2 + need)`` and ``buy = s(readiness + need)`` with the logistic ``s``
    and ``need = max(due, 0)``.
    """
    day = day_of_year(at_s)
    shelf = truth.item_shelf[item_rows]
    due = _due(truth, user_rows, item_rows, at_s)
    need = np.maximum(due, 0)
    pull = (
        truth.item_appeal[item_rows]
        + np.einsum("...d,...d->...", truth.taste[user_rows], truth.item_vectors[item_rows])
        + shelf_season(truth, shelf, hemisphere=truth.hemisphere[user_rows], day=day)
        + gift_pull(truth, user_rows, shelf, day=day)
        + due
    )
    on_sale = is_on_sale(truth, item_rows, at_s=at_s)
    return Chances(
        click=on_sale * _logistic(CLICK_BIAS + pull),
        cart=_logistic(CART_BIAS + CART_SLOPE * pull + need),
        buy=_logistic(truth.buy_logit[user_rows] + need),
    )


def is_on_sale(truth: Truth, item_rows: Rows, *, at_s: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say whether items have been released and not yet retired at a time.

    Parameters
    ----------
    truth : Truth
        Of the simulated shop.
    item_rows : ndarray of int
        Rows of items.
    at_s : ndarray of int64
        Seconds since 1970. Both broadcast against each other.

    Returns
    -------
    ndarray of bool, the broadcast shape
    """
    released = truth.released_s[item_rows] <= at_s
    return np.asarray(released & (at_s < truth.retired_s[item_rows]))


def shelf_season(truth: Truth, shelf: Rows, *, hemisphere: NDArray[np.int8], day: Floats) -> Floats:
    """Say how the time of year pulls people in a hemisphere towards shelves.

    Parameters
    ----------
    truth : Truth
        Of the simulated shop.
    shelf : ndarray of int
        Rows of shelves.
    hemisphere : ndarray of int8
        1 north, -1 south.
    day : ndarray of float32
        Day of the year. All three broadcast against each other.

    Returns
    -------
    ndarray of float32
        Log demand, the broadcast shape.
    """
    elsewhere = (hemisphere < 0) & ~truth.season_everywhere[shelf]
    shift = np.where(elsewhere, np.float32(YEAR_DAYS / 2), np.float32(0))
    return season_effect(
        day + shift,
        amplitude=truth.season_amplitude[shelf],
        peak_day=truth.season_peak_day[shelf],
        sharpness=truth.season_sharpness[shelf],
    )


def gift_pull(truth: Truth, user_rows: Rows, shelf: Rows, *, day: Floats) -> Floats:
    """Say how a coming birthday or Christmas pulls people towards shelves not their own.

    Parameters
    ----------
    truth : Truth
        Of the simulated shop.
    user_rows, shelf : ndarray of int
        Rows of people and shelves.
    day : ndarray of float32
        Day of the year. All three broadcast against each other.

    Returns
    -------
    ndarray of float32
        `GIFT_PULL` in the days before the gift is due and on its shelf, else 0.
    """
    days_left = (truth.gift_day[user_rows] - day) % np.float32(YEAR_DAYS)
    looking = (truth.gift_shelf[user_rows] == shelf) & (days_left <= GIFT_WINDOW_DAYS)
    return np.asarray(GIFT_PULL * looking)


def _due(truth: Truth, user_rows: Rows, item_rows: Rows, at_s: NDArray[np.int64]) -> Floats:
    """Between `STOCKED_PULL`, just bought, and `DUE_PULL`, run out; 0 where it is no staple."""
    if not len(truth.staple_person):
        return np.zeros((), dtype=np.float32)
    n_items = len(truth.item_ids)
    pairs = truth.staple_person.astype(np.int64) * n_items + truth.staple_item
    pair = np.asarray(user_rows, dtype=np.int64) * n_items + item_rows
    staple = np.minimum(np.searchsorted(pairs, pair), len(pairs) - 1)
    intervals = (at_s - truth.staple_first_s[staple]) / truth.staple_interval_s[staple]
    distance = (intervals - np.round(intervals)) / DUE_WIDTH
    near = np.exp(-0.5 * distance**2)
    due = STOCKED_PULL + (DUE_PULL - STOCKED_PULL) * near
    return np.where(pairs[staple] == pair, due, 0).astype(np.float32)


def _seconds(at: datetime | NDArray[np.datetime64]) -> NDArray[np.int64]:
    if not isinstance(at, datetime):
        return at.astype("datetime64[s]").astype(np.int64)
    if at.utcoffset() is None:
        raise InvalidInput(f"at is {at}, without a UTC offset; give an aware datetime")
    return np.asarray(int(at.timestamp()), dtype=np.int64)


def _logistic(logit: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-logit)))
