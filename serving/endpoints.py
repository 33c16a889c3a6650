"""The endpoints: what each takes and gives, which key it needs, and how it is answered.

A list is made where the request is read: it takes a millisecond, and a thread would cost more.
A batch, an audience and picks take longer and are made in one thread behind, so that lists are not
held up.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from serving import posts
from serving.answering import audience, batch, picks, recommend, rows, similar
from serving.auth import Scope
from serving.desk import Desk
from serving.inbox.wire import (
    ConsentsRequest,
    EventsAnswer,
    EventsRequest,
    IdentitiesAnswer,
    IdentitiesRequest,
    ItemsRequest,
    UpdatedAnswer,
)
from serving.replies import JSON, JSON_LINES, Reply
from serving.schemas import (
    AudienceAnswer,
    AudienceRequest,
    BatchAnswer,
    BatchRequest,
    ListAnswer,
    PicksRequest,
    PickStatus,
    RecommendRequest,
    RowsAnswer,
    RowsRequest,
    SimilarRequest,
    Wire,
)

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint that takes a request in its body.

    Parameters
    ----------
    path : str
        Where it is.
    takes, gives : type of Wire
        The body's shape and the answer's (of each line, where it gives lines).
    scope : Scope
        What the caller's key must be for.
    respond : function of (Desk, request) to an awaitable Reply
        Answers, or raises a VitrineError.
    method : {"POST", "PUT"}
        How it is asked.
    largest_body : int
        In bytes.
    media_type : str
        Of the answer.
    """

    path: str
    takes: type[Wire]
    gives: type[Wire]
    scope: Scope
    respond: Callable[[Desk, Any], Awaitable[Reply]]
    method: Literal["POST", "PUT"] = "POST"
    largest_body: int = MIB
    media_type: str = JSON


_STOREFRONT, _EMAIL, _ADMIN = Scope.STOREFRONT, Scope.EMAIL, Scope.ADMIN

ENDPOINTS: Final = {
    endpoint.path: endpoint
    for endpoint in (
        Endpoint("/v1/recommend", RecommendRequest, ListAnswer, _STOREFRONT, recommend),
        Endpoint("/v1/similar", SimilarRequest, ListAnswer, _STOREFRONT, similar),
        Endpoint("/v1/rows", RowsRequest, RowsAnswer, _STOREFRONT, rows),
        Endpoint("/v1/recommend/batch", BatchRequest, BatchAnswer, _STOREFRONT, batch),
        Endpoint("/v1/audience", AudienceRequest, AudienceAnswer, _EMAIL, audience),
        Endpoint(
            "/v1/picks",
            PicksRequest,
            PickStatus,
            _EMAIL,
            picks,
            largest_body=4 * MIB,
            media_type=JSON_LINES,
        ),
        Endpoint(
            "/v1/events",
            EventsRequest,
            EventsAnswer,
            _STOREFRONT,
            posts.events,
            largest_body=2 * MIB,
        ),
        Endpoint(
            "/v1/items",
            ItemsRequest,
            UpdatedAnswer,
            _ADMIN,
            posts.items,
            method="PUT",
            largest_body=4 * MIB,
        ),
        Endpoint(
            "/v1/identities", IdentitiesRequest, IdentitiesAnswer, _STOREFRONT, posts.identities
        ),
        Endpoint(
            "/v1/consents",
            ConsentsRequest,
            UpdatedAnswer,
            _STOREFRONT,
            posts.consents,
            method="PUT",
        ),
    )
}
"""Every endpoint that takes a body, by its path."""
