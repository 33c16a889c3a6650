"""The catalogue and the user table: what the shop says about its items and its people."""

from typing import Final

import pyarrow as pa

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
