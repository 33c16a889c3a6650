"""The truth: what each person really wants, and when they come."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.errors import UnreadableFile

NEVER_S: Final = int(np.iinfo(np.int64).max)
NO_SHELF: Final = -1

Rows = NDArray[np.integer[Any]]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Truth:
    """What the shop would love to know; each field is one `.npy` file.

    People are the users in the order of `users.parquet`, then the visitors without an account;
    items are in the order of `items.parquet`. Times are int64 seconds since 1970.

    Parameters
    ----------
    person_ids : ndarray of str, shape (n_people,)
        The `user_id`; a visitor's `anonymous_id`.
    anonymous_ids : ndarray of str, shape (n_people,)
        Under which id a person is seen while logged out.
    taste : ndarray of float32, shape (n_people, d)
        What a person likes: themes, styles, and last how little the price matters.
    hemisphere : ndarray of int8, shape (n_people,)
        1 north, -1 south.
    buy_logit : ndarray of float32, shape (n_people,)
        Readiness to buy what is in the cart.
    gift_shelf : ndarray of int16, shape (n_people,)
        On which shelf a person looks for presents; -1 for nobody to give to.
    gift_day : ndarray of float32, shape (n_people,)
        Day of the year on which the present is due.
    phase_starts_s : ndarray of int64, shape (n_people, 4)
        When a person arrives, slips (comes less), lapses (stays away), returns.
    item_ids : ndarray of str, shape (n_items,)
    item_vectors : ndarray of float32, shape (n_items, d)
        What an item is, in the same space as `taste`.
    item_appeal : ndarray of float32, shape (n_items,)
        What everybody likes about it.
    item_shelf : ndarray of int16, shape (n_items,)
        Row in the `shelf_` and `season_` arrays.
    released_s, retired_s : ndarray of int64, shape (n_items,)
        From when until when it can be bought.
    shelf_paths : ndarray of str, shape (n_shelves,)
    season_amplitude, season_peak_day, season_sharpness : ndarray of float32, shape (n_shelves,)
    season_everywhere : ndarray of bool, shape (n_shelves,)
    staple_person, staple_item : ndarray of int32, shape (n_staples,)
        Who keeps what in the house; ascending by person, then item.
    staple_first_s, staple_interval_s : ndarray of int64, shape (n_staples,)
        When it is first due, and how often.
    """

    person_ids: NDArray[np.str_]
    anonymous_ids: NDArray[np.str_]
    taste: Floats
    hemisphere: NDArray[np.int8]
    buy_logit: Floats
    gift_shelf: NDArray[np.int16]
    gift_day: Floats
    phase_starts_s: NDArray[np.int64]
    item_ids: NDArray[np.str_]
    item_vectors: Floats
    item_appeal: Floats
    item_shelf: NDArray[np.int16]
    released_s: NDArray[np.int64]
    retired_s: NDArray[np.int64]
    shelf_paths: NDArray[np.str_]
    season_amplitude: Floats
    season_peak_day: Floats
    season_sharpness: Floats
    season_everywhere: NDArray[np.bool_]
    staple_person: NDArray[np.int32]
    staple_item: NDArray[np.int32]
    staple_first_s: NDArray[np.int64]
    staple_interval_s: NDArray[np.int64]

    def save(self, folder: Path) -> None:
        """Write each field to `<field>.npy` in an existing folder."""
        for each in fields(self):
            np.save(folder / f"{each.name}.npy", getattr(self, each.name), allow_pickle=False)


def open_truth(folder: Path) -> Truth:
    """Open a truth that `Truth.save` wrote, memory-mapped.

    Parameters
    ----------
    folder : Path
        The folder `truth` beside the simulated events.

    Returns
    -------
    Truth

    Raises
    ------
    UnreadableFile
        A file is missing or damaged.
    """
    try:
        return Truth(
            **{
                each.name: np.load(folder / f"{each.name}.npy", mmap_mode="r")
                for each in fields(Truth)
            }
        )
    except (OSError, ValueError) as error:
        raise UnreadableFile(
            f"{folder} holds no truth of a simulated shop ({error}); "
            "run vitrine simulate --out again"
        ) from error
