"""How far the prices in the lists are from what their readers usually pay."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.errors import InvalidInput, NotEnoughData
from training.metrics import check_lists


@dataclass(frozen=True, slots=True)
class PriceCalibration:
    """How far lists are from what their users usually pay.

    Parameters
    ----------
    mean_log_ratio : float
        0 for lists at the users' own prices, ln 2 = 0.69 for twice or half of them.
    n_users : int
        How many users it was measured on.
    n_left_out : int
        How many had no usual price, or a list without any price.
    """

    mean_log_ratio: float
    n_users: int
    n_left_out: int


def price_calibration(
    recommended: NDArray[np.integer],
    item_prices: NDArray[np.floating],
    usual_prices: NDArray[np.floating],
) -> PriceCalibration:
    """Measure how far the prices in a list are from what its user usually pays.

    ``mean over users of |median over shown items of ln price_i - ln usual price_u|``: the idea
    of calibration (Steck 2018) for one number, where twice and half are equally far.

    Parameters
    ----------
    recommended : ndarray of int32, shape (n_users, k)
        Item rows; -1 where a place stayed empty.
    item_prices : ndarray of float, shape (n_items,)
        In the shop's currency; NaN, or not above 0, where the price is not known.
    usual_prices : ndarray of float, shape (n_users,)
        What each user usually pays, such as the median of past purchases; NaN where not known.

    Returns
    -------
    PriceCalibration
        The mean, over how many users, and how many had to be left out.

    Raises
    ------
    InvalidInput
        The lists are not valid (see `check_lists`), or there is not one usual price per list.
    NotEnoughData
        No user has both a usual price and a list with a price.

    Examples
    --------
    >>> prices = np.array([2.0, 4.0, 8.0])
    >>> result = price_calibration(np.array([[0, 1, 2], [0, 1, 2]]), prices, np.array([4.0, 2.0]))
    >>> result.mean_log_ratio, result.n_users
    (0.346..., 2)
    """
    check_lists(recommended, n_items=len(item_prices))
    if usual_prices.shape != (len(recommended),):
        raise InvalidInput(
            f"{len(recommended)} lists need as many usual prices; got shape {usual_prices.shape}"
        )
    # The NaN behind the last price is what an empty place's -1 reads.
    shown_logs = np.append(_log_prices(item_prices), np.nan)[recommended]
    usual_logs = _log_prices(usual_prices)
    known = np.isfinite(usual_logs) & np.isfinite(shown_logs).any(axis=1)
    if not known.any():
        raise NotEnoughData("no user has a usual price and a list with prices; ingest prices")
    differences = np.nanmedian(shown_logs[known], axis=1) - usual_logs[known]
    return PriceCalibration(
        mean_log_ratio=float(np.abs(differences).mean()),
        n_users=int(known.sum()),
        n_left_out=int((~known).sum()),
    )


def _log_prices(prices: NDArray[np.floating]) -> NDArray[np.float64]:
    known = np.isfinite(prices) & (prices > 0)
    logs: NDArray[np.float64] = np.log(prices, out=np.full(len(prices), np.nan), where=known)
    return logs
