"""Posts: what the shop tells (events, items, links, consents) is taken down and answered."""

from serving.desk import Desk
from serving.inbox.inbox import (
    Inbox,
    post_events,
    post_identities,
    put_consents,
    put_items,
)
from serving.inbox.wire import ConsentsRequest, EventsRequest, IdentitiesRequest, ItemsRequest
from serving.replies import Reply, json_reply


async def events(desk: Desk, request: EventsRequest) -> Reply:
    """Take what people did; it is durable when the answer comes, and the next list knows it."""
    return json_reply(await post_events(_inbox(desk), request, now=desk.clock()))


async def items(desk: Desk, request: ItemsRequest) -> Reply:
    """Change items or bring new ones; the next list obeys."""
    schema = desk.live.ready().bundle.catalogue.table.schema
    return json_reply(await put_items(_inbox(desk), request, schema=schema, now=desk.clock()))


async def identities(desk: Desk, request: IdentitiesRequest) -> Reply:
    """Tell who anonymous visitors turned out to be; what they did is the user's at once."""
    return json_reply(await post_identities(_inbox(desk), request, now=desk.clock()))


async def consents(desk: Desk, request: ConsentsRequest) -> Reply:
    """Take down who agreed to what, or does no longer; the next list obeys."""
    road = desk.live.ready()
    asked_for = {one.purpose for one in road.placements.by_name.values() if one.purpose is not None}
    purposes = asked_for | set(road.bundle.people.purposes)
    told = await put_consents(_inbox(desk), request, now=desk.clock(), purposes=purposes)
    return json_reply(told)


def _inbox(desk: Desk) -> Inbox:
    return Inbox(desk.reach.store(), desk.events)
