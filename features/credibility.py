"""Credibility: how many of its own values a group needs before they outweigh the pool's."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

LEAST: Final = 0.5
MOST: Final = 50.0
UNKNOWN: Final = 3.0
"""What is taken where the data cannot tell, because no group has a second value."""


def shrunk(
    sums: NDArray[np.number],
    counts: NDArray[np.number],
    *,
    pool: NDArray[np.floating] | float,
    worth: float,
) -> NDArray[np.float64]:
    """Average a group's own values with the pool's mean, which is worth some values.

    Examples
    --------
    >>> shrunk(np.array([0.0, 30.0]), np.array([0, 3]), pool=2.0, worth=2.0)  # (30 + 2 * 2) / 5
    array([2. , 6.8])
    """
    averaged = (sums + worth * pool) / (counts + worth)
    return averaged.astype(np.float64)


def worth_of_mean(
    values: NDArray[np.float64],
    groups: NDArray[np.integer],
    pools: NDArray[np.integer] | None = None,
) -> float:
    """Tell how many values of a group the mean of its pool is worth.

    It is the variance within the groups divided by that between the groups of one pool, both
    estimated by moments (Buehlmann and Straub 1970, the nested analysis of variance)::

        within  = (sum x^2 - sum n_g m_g^2) / (N - G)
        between = (sum n_g m_g^2 - sum n_p m_p^2 - (G - P) within) / (N - sum n_g^2 / n_p(g))

    Parameters
    ----------
    values : ndarray of float64, shape (N,)
        What was observed.
    groups : ndarray of int, shape (N,)
        Whose value it is: G groups.
    pools : ndarray of int, shape (N,), optional
        Which of P pools the value's group belongs to; one pool for all where left out.

    Returns
    -------
    float
        Between `LEAST` and `MOST`; `UNKNOWN` where no group has two values or no pool two groups.

    Examples
    --------
    >>> worth_of_mean(np.array([1.0, 1.1, 5.0, 5.1]), np.array([0, 0, 1, 1]))  # unlike groups
    0.5
    """
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    given = np.zeros_like(groups) if pools is None else pools
    _, pool = np.unique(given, return_inverse=True)
    pool_of_group = pool[first]
    sizes, sums = np.bincount(group).astype(np.float64), np.bincount(group, values)
    pool_sizes, pool_sums = np.bincount(pool).astype(np.float64), np.bincount(pool, values)
    n_values, n_groups, n_pools = len(values), len(sizes), len(pool_sizes)
    if n_values <= n_groups or n_groups <= n_pools:
        return UNKNOWN
    by_group, by_pool = (sums**2 / sizes).sum(), (pool_sums**2 / pool_sizes).sum()
    within = max((values**2).sum() - by_group, 0.0) / (n_values - n_groups)
    effective = n_values - (sizes**2 / pool_sizes[pool_of_group]).sum()
    between = (by_group - by_pool - (n_groups - n_pools) * within) / effective
    return _ratio(within, between)


def worth_of_share(successes: NDArray[np.number], trials: NDArray[np.number]) -> float:
    """Tell how many trials of a group the shop-wide share of successes is worth.

    The same ratio for shares, whose variance within a group is `p (1 - p)`.

    Parameters
    ----------
    successes, trials : ndarray, shape (n_groups,)
        What happened, and out of how many; a group without trials says nothing.

    Returns
    -------
    float
        Between `LEAST` and `MOST`; `UNKNOWN` where fewer than two groups have been tried.
    """
    tried = trials > 0
    sizes, total = trials[tried], float(trials.sum())
    effective = total - (sizes**2).sum() / max(total, 1.0)
    if len(sizes) < 2 or effective <= 0:  # noqa: PLR2004 -- one group has nothing to differ from
        return UNKNOWN
    share = min(float(successes[tried].sum()) / total, 1.0)
    within = share * (1 - share)
    apart = (sizes * (successes[tried] / sizes - share) ** 2).sum()
    return _ratio(within, (apart - (len(sizes) - 1) * within) / effective)


def worth_of_rate(counts: NDArray[np.floating], expected: NDArray[np.floating]) -> float:
    """Tell how many expected events it is worth that a group's events fall as everybody's do.

    The same ratio for counts, which around the expected times the group's own rate vary by as
    much as they are, less what is given with the group's total::

        between = sum ((count - expected)^2 / expected - (1 - expected / total)) / sum expected

    Parameters
    ----------
    counts, expected : ndarray of float, shape (..., n_values, n_groups)
        How a group's events fall on some values, and how they would if nothing were unusual; a
        value of which nothing is expected says nothing.

    Returns
    -------
    float
        Between `LEAST` and `MOST`; `UNKNOWN` where nothing is expected.

    Examples
    --------
    >>> worth_of_rate(np.array([[10.0], [30.0]]), np.array([[20.0], [20.0]]))  # 40 / (5 + 5 - 1)
    4.444444444444445
    """
    told = expected > 0
    if not told.any():
        return UNKNOWN
    sizes = expected[told]
    free = (1 - expected / np.maximum(expected.sum(axis=-2, keepdims=True), 1e-12))[told]
    between = ((counts[told] - sizes) ** 2 / sizes - free).sum() / sizes.sum()
    return _ratio(1.0, float(between))


def _ratio(within: float, between: float) -> float:
    return float(np.clip(within / max(between, 1e-9), LEAST, MOST))
