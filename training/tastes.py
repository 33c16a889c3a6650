"""Tastes are learnt here: k-means on people's vectors, named by their typical items."""

from math import sqrt
from typing import Final

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from features.errors import NotEnoughData
from features.segments.names import names
from features.segments.tastes import Tastes, nearest, unit
from features.segments.typical import typicality

_FEWEST_TASTES: Final = 2
_MOST_TASTES: Final = 24
_PEOPLE_FOR_ONE: Final = 50
_LEARNT_FROM: Final = 20_000


def n_tastes(n_people: int) -> int:
    """Choose how many tastes to look for: the root of a fiftieth of the people, from 2 to 24.

    So that with more people both their number and their size grow.

    Examples
    --------
    >>> [n_tastes(people) for people in (40, 5_000, 1_000_000)]
    [2, 10, 24]
    """
    wanted = round(sqrt(n_people / _PEOPLE_FOR_ONE))
    return min(max(wanted, _FEWEST_TASTES), _MOST_TASTES)


def learn_tastes(
    vectors: NDArray[np.float32], interested: sp.csr_array, items: pa.Table, *, seed: int
) -> Tastes:
    """Group people by the direction of their vectors.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        The people's vectors (`Bundle.user_vectors`); those of zeros are left out.
    interested : csr_array of float32, shape (n, n_items)
        What they showed interest in (`features.segments.typical.interest`).
    items : pyarrow.Table
        `Catalogue.table` of the same items.
    seed : int
        The same vectors and seed give the same tastes.

    Returns
    -------
    Tastes
        The largest first.

    Raises
    ------
    NotEnoughData
        Fewer than two people have a vector.
    """
    directions = unit(vectors[vectors.any(axis=1)])
    if len(directions) < _FEWEST_TASTES:
        raise NotEnoughData(
            f"tastes need at least 2 people with a history; got {len(directions)};"
            " run vitrine ingest and vitrine train"
        )
    rng = np.random.default_rng(seed)
    learnt_from = directions[rng.permutation(len(directions))[:_LEARNT_FROM]]
    # No more tastes than there are different directions.
    n_wanted = min(n_tastes(len(directions)), len(np.unique(learnt_from, axis=0)))
    kmeans = KMeans(n_wanted, n_init=5, random_state=seed)
    found = unit(kmeans.fit(learnt_from).cluster_centers_.astype(np.float32))
    sizes = np.bincount(nearest(directions, found), minlength=len(found))
    by_size = np.argsort(-sizes, kind="stable")
    centres = found[by_size[sizes[by_size] > 0]]
    scores = typicality(interested, nearest(vectors, centres), n_groups=len(centres))
    wanted = np.asarray(interested.sum(axis=0)).ravel()
    return Tastes(centres, tuple(names(scores, items, wanted=wanted)))
