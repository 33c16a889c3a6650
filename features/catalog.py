"""The catalogue and the user table: what the shop says about its items and its people."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

ITEM_SCHEMA: Final = pa.schema(
    [
        pa.field("item_id", pa.string(), nullable=False),
        pa.field("title", pa.string()),
        pa.field("category", pa.string()),
        pa.field("brand", pa.string()),
        pa.field("price", pa.float64()),
        pa.field("available", pa.bool_(), nullable=False),
        pa.field("hidden", pa.bool_(), nullable=False),
        pa.field("released_at", pa.timestamp("us", tz="UTC")),
        pa.field("url", pa.string()),
        pa.field("image_url", pa.string()),
    ]
)
"""The catalogue's columns; a shop's further columns are kept behind them as they came.
`category` is a path whose levels are parted by " > "; `price` is in the shop's currency;
an item that is sold out is not `available`, an item that must not be shown is `hidden`."""

USER_SCHEMA: Final = pa.schema(
    [
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("country", pa.string()),
        pa.field("timezone", pa.string()),
        pa.field("consent", pa.list_(pa.string())),
        pa.field("created_at", pa.timestamp("us", tz="UTC")),
    ]
)
"""The user table's columns; a shop's further columns are kept behind them as they came.
`consent` lists the purposes that a person agreed to, such as "email" or "personalisation";
null means that the shop never said, which counts as no consent."""

CATEGORY_SEPARATOR: Final = " > "
"""What parts the levels of a category path."""

DEFAULTS: Final = {"available": True, "hidden": False}
"""What holds of an item of which the shop does not say it."""

_ON_THE_WIRE: Final = ("title", "category", "brand", "price", "url", "image_url")


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """The items' attributes, aligned to the item rows.

    Parameters
    ----------
    table : pyarrow.Table
        `ITEM_SCHEMA` and the shop's further columns, one row for each item row.
    recommendable : ndarray of bool, shape (n_items,)
        True where an item is alive, available and not hidden.
    alive : ndarray of bool, shape (n_items,), optional
        False for an item that the shop did not have yet; what the other two tell where None.
    """

    table: pa.Table
    recommendable: NDArray[np.bool_]
    alive: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, table: pa.Table, *, item_ids: Sequence[str], alive: NDArray[np.bool_]) -> Self:
        """Align a catalogue to the item rows; an item that it lacks is available and untitled.

        Parameters
        ----------
        table : pyarrow.Table
            The catalogue as ingested, in any order.
        item_ids : sequence of str
            The item of each row.
        alive : ndarray of bool, shape (n_items,)
            False for an item that the shop did not have yet.
        """
        wanted = pa.array(item_ids, pa.string())
        places = pc.index_in(wanted, value_set=table["item_id"].combine_chunks())
        aligned = table.take(places).set_column(0, ITEM_SCHEMA.field("item_id"), wanted)
        for name, missing in DEFAULTS.items():
            filled = pc.fill_null(aligned[name], missing)
            place = aligned.schema.get_field_index(name)
            aligned = aligned.set_column(place, ITEM_SCHEMA.field(name), filled)
        return cls(aligned, for_sale(aligned) & alive)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def begun(self) -> NDArray[np.bool_]:
        """Which items the shop has by now, shape (n_items,); what it holds back counts as such."""
        return self.recommendable | ~for_sale(self.table) if self.alive is None else self.alive

    def properties(self, item_row: int) -> dict[str, object]:
        """Give what a page or an email shows of an item: the columns that have a value."""
        values = {name: self.table[name][item_row].as_py() for name in _ON_THE_WIRE}
        return {name: value for name, value in values.items() if value is not None}

    def title(self, item_row: int) -> str:
        """Name an item for people: its title, or its id where it has none."""
        return str(self.table["title"][item_row].as_py() or self.table["item_id"][item_row].as_py())


def for_sale(items: pa.Table) -> NDArray[np.bool_]:
    """Tell which items of a table are available and not hidden, shape (n_items,)."""
    shown = pc.and_(items["available"], pc.invert(items["hidden"]))
    marks: NDArray[np.bool_] = shown.to_numpy(zero_copy_only=False)
    return marks


def category_levels(path: str | None) -> list[str]:
    """Name a path's levels, the first to the deepest.

    Examples
    --------
    >>> category_levels("Home > Lamps")
    ['Home', 'Home > Lamps']
    """
    parts = [part.strip() for part in (path or "").split(CATEGORY_SEPARATOR) if part.strip()]
    return list(accumulate(parts, f"{{}}{CATEGORY_SEPARATOR}{{}}".format))
