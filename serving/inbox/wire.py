"""The wire of the inbox: requests of many entries, and answers that count them.

Entries are of any shape here: each is read by itself, so that a wrong one costs no other.
"""

from typing import Annotated, Any

from pydantic import Field, NonNegativeInt

from features.catalog import ITEM_SCHEMA
from features.events import EVENT_SCHEMA
from serving.inbox.faults import Rejected
from serving.schemas.wire import Wire

Entries = Annotated[list[Any], Field(min_length=1, max_length=1_000)]


class EventsRequest(Wire):
    """What people did, up to 1,000 events."""

    events: Entries = Field(
        description=(
            f"Objects with {', '.join(EVENT_SCHEMA.names)}. event_id, event_type and item_id are"
            " required; give user_id or anonymous_id, not both; without a timestamp it is now."
        ),
        examples=[[{"event_id": "e1", "event_type": "view", "user_id": "u1", "item_id": "i1"}]],
    )


class EventsAnswer(Wire):
    """What became of events: those accepted are durable, duplicates have been so before."""

    accepted: NonNegativeInt
    duplicates: NonNegativeInt
    rejected: list[Rejected]


class ItemsRequest(Wire):
    """What has changed about items, new ones too, up to 1,000 of them."""

    items: Entries = Field(
        description=(
            f"Objects with item_id and whatever changes: {', '.join(ITEM_SCHEMA.names[1:])}, or"
            " one of the shop's further columns. Null clears a column."
        ),
        examples=[[{"item_id": "i1", "price": 9.5, "available": True}]],
    )


class IdentitiesRequest(Wire):
    """Who anonymous visitors turned out to be, up to 1,000 of them."""

    links: Entries = Field(
        description="Objects with anonymous_id and user_id.",
        examples=[[{"anonymous_id": "a1", "user_id": "u1"}]],
    )


class IdentitiesAnswer(Wire):
    """What became of links; merged events belong to the user from now on."""

    linked: NonNegativeInt
    merged_events: NonNegativeInt
    rejected: list[Rejected]


class ConsentsRequest(Wire):
    """Who agreed to what, or does no longer, up to 1,000 of them."""

    consents: Entries = Field(
        description="Objects with user_id, purpose and granted.",
        examples=[[{"user_id": "u1", "purpose": "email", "granted": True}]],
    )


class UpdatedAnswer(Wire):
    """What became of items or consents."""

    updated: NonNegativeInt
    rejected: list[Rejected]
