"""Targets: what people bought after a fold's `as_of`, which their lists are judged by."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.errors import NotEnoughData
from features.event_log import EventLog
from features.events import EventType
from features.snapshot import Snapshot
from training.report import FEWEST_USERS
from training.split import Fold, check_no_leak


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """The test users of a fold and what each of them bought.

    Parameters
    ----------
    user_rows : ndarray of int64, shape (n,)
        People with at least one event before and one target after `as_of`.
    everything : csr_array of float32, shape (n, n_items)
        1 where a user bought an item in the window, repeats included.
    new : csr_array of float32, shape (n, n_items)
        1 where the user had never bought it before; some users have none.
    """

    user_rows: NDArray[np.int64]
    everything: sp.csr_array
    new: sp.csr_array


def fold_targets(lake: Path, snapshot: Snapshot, fold: Fold) -> Targets:
    """Read what the people of a snapshot bought in a fold's window.

    Items that the catalogue did not have at `as_of` cannot be recommended and are no targets.
    Times are compared by the whole second, so what happened within that of the opening is neither.

    Parameters
    ----------
    lake : Path
        The shop's lake.
    snapshot : Snapshot
        Taken at the fold's `as_of`.
    fold : Fold
        The window.

    Raises
    ------
    NotEnoughData
        Fewer than two people with a history bought anything in the window.
    FutureEventError
        The snapshot, or an event of it, is later than `as_of`.
    """
    events = EventLog(lake).scan(start=fold.opens.replace(microsecond=999_999), end=fold.closes)
    bought = events.filter(
        (events.event_type == EventType.PURCHASE.value) & events.user_id.notnull()
    )
    pairs = bought.group_by("user_id", "item_id").agg(timestamp=bought.timestamp.min())
    table = pairs.order_by("user_id", "item_id").to_pyarrow()
    user_rows = snapshot.users.rows(table["user_id"].to_pylist())
    item_rows = snapshot.items.rows(table["item_id"].to_pylist())
    timestamps = table["timestamp"].cast("int64").to_numpy() // 1_000_000
    # The snapshot's own moment stands for all of it that is in nobody's history.
    known_s = np.append(snapshot.histories.timestamps, snapshot.as_of_s)
    check_no_leak(known_s, timestamps, fold)
    known = (user_rows >= 0) & (item_rows >= 0)
    known[known] &= snapshot.histories.lengths[user_rows[known]] > 0
    known[known] &= snapshot.catalogue.recommendable[item_rows[known]]
    people, places = np.unique(user_rows[known], return_inverse=True)
    if len(people) < FEWEST_USERS:
        raise NotEnoughData(
            f"{len(people)} people with a history bought anything between {fold.opens:%Y-%m-%d} and"
            f" {fold.closes:%Y-%m-%d}, and an interval needs {FEWEST_USERS};"
            " choose another --as-of or a longer --horizon-days"
        )
    shape = (len(people), len(snapshot.items))
    everything = sp.csr_array(
        (np.ones(len(places), np.float32), (places, item_rows[known])), shape=shape
    )
    before = _purchased(snapshot, people)
    new = everything - everything.multiply(before)
    new.eliminate_zeros()
    return Targets(people, everything, sp.csr_array(new))


def _purchased(snapshot: Snapshot, user_rows: NDArray[np.int64]) -> sp.csr_array:
    histories = snapshot.histories.take(user_rows)
    bought = histories.select(histories.event_types == EventType.PURCHASE.code)
    pairs = (np.ones(len(bought.item_rows), np.float32), (bought.person_of_entry, bought.item_rows))
    purchased = sp.csr_array(pairs, shape=(len(user_rows), len(snapshot.items)))
    purchased.data[:] = 1
    return purchased
