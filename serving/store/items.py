"""Items: what the shop stated about its items since the bundle, column by column."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, or_, select

from features.errors import InvalidInput
from serving.store import tables
from serving.store.among import among
from serving.store.revisions import bump
from serving.store.text import check_text
from serving.store.upsert import put


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What was stated about one item.

    Parameters
    ----------
    item_id : str
        Known to the bundle, or new.
    stated : dict
        The stated columns alone, with values that JSON can hold; a time comes back as text.
    """

    item_id: str
    stated: dict[str, Any]


def put_changes(connection: Connection, changes: Sequence[ItemChange], *, at_us: int) -> int:
    """Keep what was stated; what was stated earlier about other columns stays.

    Parameters
    ----------
    connection : Connection
        Within a change.
    changes : sequence of ItemChange
        The later one wins where two state the same.
    at_us : int
        When, in UTC microseconds.

    Returns
    -------
    int
        The items' new revision.
    """
    # First of all: whoever else changes items waits here, so what is read below stays true.
    revision = bump(connection, "items")
    rows = tables.item_overrides.c
    known = among(rows.item_id, {change.item_id for change in changes}, connection)
    question = select(rows.item_id, rows.stated).where(known)
    merged = {item_id: orjson.loads(stated) for item_id, stated in connection.execute(question)}
    for change in changes:
        merged[change.item_id] = merged.get(change.item_id, {}) | change.stated
    put(
        connection,
        tables.item_overrides,
        [
            {
                "item_id": item_id,
                "stated": _text_of(stated),
                "revision": revision,
                "at_us": at_us,
                "sync_batch": None,
            }
            for item_id, stated in merged.items()
        ],
    )
    return revision


def changes_since(connection: Connection, *, after_batch: int | None) -> list[ItemChange]:
    """Give what the bundle does not know, by item id; see `Store.item_changes`."""
    rows = tables.item_overrides.c
    new = or_(rows.sync_batch.is_(None), rows.sync_batch > (after_batch or 0))
    question = select(rows.item_id, rows.stated).where(new).order_by(rows.item_id)
    return [
        ItemChange(item_id, orjson.loads(stated))
        for item_id, stated in connection.execute(question)
    ]


def check(changes: Sequence[ItemChange]) -> None:
    """Refuse changes that one of the databases cannot hold.

    Raises
    ------
    InvalidInput
        See `serving.store.text`; or a value is none that JSON can hold.
    """
    check_text(change.item_id for change in changes)
    for change in changes:
        _text_of(change.stated)


def _text_of(stated: dict[str, Any]) -> str:
    try:
        return orjson.dumps(stated).decode()
    except orjson.JSONEncodeError:
        raise InvalidInput("a stated value is none that JSON can hold; state another") from None
