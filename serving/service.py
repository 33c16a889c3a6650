"""The BentoML service: what Vitrine answers over HTTP. The door to BentoML.

The methods declare the endpoints to BentoML's schema and clients; `serving.front` stands before
them and answers by the same functions.
"""

import os
from collections.abc import AsyncIterator
from typing import Final

import bentoml
from starlette.responses import Response, StreamingResponse

from serving import request_ids
from serving.endpoints import ENDPOINTS
from serving.front import Front
from serving.house import House
from serving.inbox.wire import (
    ConsentsRequest,
    EventsAnswer,
    EventsRequest,
    IdentitiesAnswer,
    IdentitiesRequest,
    ItemsRequest,
    UpdatedAnswer,
)
from serving.replies import or_error
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
from serving.settings import ServerSettings

house: Final = House(ServerSettings.from_environment(os.environ))

# What BentoML measures and logs by default costs more than a list; the front does both.
_LEAN: Final = {
    "metrics": {"enabled": False},
    "logging": {"access": {"enabled": False}},
    "tracing": {"excluded_urls": ".*"},
    # Longer than the front waits itself for a body and for an answer.
    "traffic": {"timeout": 10},
}


@bentoml.service(name="vitrine", workers=house.settings.workers, **_LEAN)
class Vitrine:
    """Recommendations for a shop."""

    @bentoml.on_startup
    async def open(self) -> None:
        """Open the promoted bundle and follow it."""
        await house.open()

    @bentoml.on_shutdown
    async def close(self) -> None:
        """Follow no longer."""
        await house.close()

    @bentoml.api(route="/v1/recommend", output_spec=ListAnswer)
    async def recommend(self, request: RecommendRequest, /) -> Response:
        """Answer with a list for one person."""
        return await _response("/v1/recommend", request)

    @bentoml.api(route="/v1/similar", output_spec=ListAnswer)
    async def similar(self, request: SimilarRequest, /) -> Response:
        """Answer with a list about one or several items."""
        return await _response("/v1/similar", request)

    @bentoml.api(route="/v1/recommend/batch", output_spec=BatchAnswer)
    async def batch(self, request: BatchRequest, /) -> Response:
        """Answer with one list or one error for each of several requests."""
        return await _response("/v1/recommend/batch", request)

    @bentoml.api(route="/v1/rows", output_spec=RowsAnswer)
    async def rows(self, request: RowsRequest, /) -> Response:
        """Answer with rows, each about one thing that a person looked at or bought lately."""
        return await _response("/v1/rows", request)

    @bentoml.api(route="/v1/audience", output_spec=AudienceAnswer)
    async def audience(self, request: AudienceRequest, /) -> Response:
        """Answer with the people who most likely want an item."""
        return await _response("/v1/audience", request)

    @bentoml.api(route="/v1/events", output_spec=EventsAnswer)
    async def events(self, request: EventsRequest, /) -> Response:
        """Take what people did; it is durable when the answer comes, and the next list knows it."""
        return await _response("/v1/events", request)

    @bentoml.api(route="/v1/items", output_spec=UpdatedAnswer)
    async def items(self, request: ItemsRequest, /) -> Response:
        """Change items or bring new ones; the next list obeys."""
        return await _response("/v1/items", request)

    @bentoml.api(route="/v1/identities", output_spec=IdentitiesAnswer)
    async def identities(self, request: IdentitiesRequest, /) -> Response:
        """Tell who anonymous visitors turned out to be; what they did is the user's at once."""
        return await _response("/v1/identities", request)

    @bentoml.api(route="/v1/consents", output_spec=UpdatedAnswer)
    async def consents(self, request: ConsentsRequest, /) -> Response:
        """Take down who agreed to what, or does no longer; the next list obeys."""
        return await _response("/v1/consents", request)

    @bentoml.api(route="/v1/picks", output_spec=PickStatus)
    async def picks(self, request: PicksRequest, /) -> Response:
        """Answer with one line for each user, and a last line that counts them."""
        return await _response("/v1/picks", request)


Vitrine.add_asgi_middleware(Front, house=house)  # type: ignore[attr-defined]  # it is a bentoml.Service now


async def _response(path: str, request: Wire) -> Response:
    answer = ENDPOINTS[path].respond(house.desk, request)
    reply = await or_error(answer, request_id=request_ids.CURRENT.get())
    headers = {**dict(reply.headers), request_ids.HEADER: request_ids.CURRENT.get() or ""}
    if reply.rest is None:
        return Response(reply.body, reply.status, headers, reply.media_type)
    chunks = _chunks(reply.body, reply.rest)
    return StreamingResponse(chunks, reply.status, headers, reply.media_type)


async def _chunks(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
