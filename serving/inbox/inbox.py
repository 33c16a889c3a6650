"""The inbox's work: a request's valid entries go into the store, the others back with a reason."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import pyarrow as pa

from serving.clock import microseconds
from serving.group_commit import GroupCommit
from serving.inbox.events import read_events
from serving.inbox.items import read_items
from serving.inbox.people import read_consents, read_links
from serving.inbox.wire import ConsentsRequest, EventsRequest, IdentitiesRequest, ItemsRequest
from serving.store import Store
from serving.store.events import Event


@dataclass(frozen=True, slots=True, eq=False)
class Inbox:
    """Where posts go.

    Parameters
    ----------
    store : Store
        Keeps what is posted.
    events : GroupCommit
        Joins posts of events into few writes; tells of each event whether it is new.
    """

    store: Store
    events: GroupCommit[Event, bool]

    @classmethod
    def of(cls, store: Store) -> Self:
        """Put an inbox before a store; `await inbox.events.close()` when it is over."""
        return cls(store, GroupCommit(store.add_events))


async def post_events(inbox: Inbox, request: EventsRequest, *, now: datetime) -> dict[str, Any]:
    """Take what people did; what is accepted is durable when the answer comes.

    Parameters
    ----------
    inbox : Inbox
        Where it goes.
    request : EventsRequest
        Events of any shape.
    now : datetime
        Aware.

    Returns
    -------
    dict
        An `EventsAnswer`. An `event_id` that is known is a duplicate, so a post may be repeated.

    Raises
    ------
    StoreUnavailable, Overloaded
        Perhaps nothing was written; send it again.
    """
    read = read_events(request.events, now=now)
    new = await inbox.events.add(read.valid)
    return {
        "accepted": sum(new),
        "duplicates": len(new) - sum(new),
        "rejected": read.rejected,
    }


async def put_items(
    inbox: Inbox, request: ItemsRequest, *, schema: pa.Schema, now: datetime
) -> dict[str, Any]:
    """Change items, or bring new ones; the next list obeys.

    Parameters
    ----------
    inbox : Inbox
        Where it goes.
    request : ItemsRequest
        Items of any shape.
    schema : pyarrow.Schema
        The catalogue's.
    now : datetime
        Aware.

    Returns
    -------
    dict
        An `UpdatedAnswer`.

    Raises
    ------
    StoreUnavailable
        Perhaps nothing was written; send it again.
    """
    read = read_items(request.items, schema)
    if read.valid:
        await asyncio.to_thread(inbox.store.put_items, read.valid, at_us=microseconds(now))
    return {"updated": len(read.valid), "rejected": read.rejected}


async def post_identities(
    inbox: Inbox, request: IdentitiesRequest, *, now: datetime
) -> dict[str, Any]:
    """Tell who anonymous visitors turned out to be; what they did is the user's from now on.

    Parameters
    ----------
    inbox : Inbox
        Where it goes.
    request : IdentitiesRequest
        Links of any shape.
    now : datetime
        Aware.

    Returns
    -------
    dict
        An `IdentitiesAnswer`.

    Raises
    ------
    StoreUnavailable
        Perhaps some were not written; send them all again, to link twice does no harm.
    """
    read = read_links(request.links)
    n_merged = await asyncio.to_thread(inbox.store.link_all, read.valid, at_us=microseconds(now))
    return {"linked": len(read.valid), "merged_events": n_merged, "rejected": read.rejected}


async def put_consents(
    inbox: Inbox,
    request: ConsentsRequest,
    *,
    now: datetime,
    purposes: Collection[str] | None = None,
) -> dict[str, Any]:
    """Take down who agreed to what, or does no longer; the next list obeys.

    Parameters
    ----------
    inbox : Inbox
        Where it goes.
    request : ConsentsRequest
        Consents of any shape.
    now : datetime
        Aware.
    purposes : collection of str, optional
        What the shop asks consent for; by default every purpose is taken.

    Returns
    -------
    dict
        An `UpdatedAnswer`.

    Raises
    ------
    StoreUnavailable
        Perhaps nothing was written; send it again.
    """
    read = read_consents(request.consents, purposes=purposes)
    if read.valid:
        await asyncio.to_thread(inbox.store.put_consents, read.valid, at_us=microseconds(now))
    return {"updated": len(read.valid), "rejected": read.rejected}
