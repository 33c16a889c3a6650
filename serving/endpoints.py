"""The endpoints: what each takes and gives, which key it needs, and how it is answered.

A list is made where the request is read: it takes a millisecond, and a thread would cost more.
A batch and picks take longer and are made in one thread behind, so that lists are not held up.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, ParamSpec, TypeVar

import orjson

from features.errors import VitrineError
from serving.auth import Scope
from serving.errors import Overloaded
from serving.lists import Answer
from serving.picks import pick_lines
from serving.recommend import answer_batch, answer_recommend
from serving.replies import JSON_LINES, Reply, json_reply
from serving.road import Road
from serving.schemas import (
    BatchAnswer,
    BatchRequest,
    ListAnswer,
    PicksRequest,
    PickStatus,
    RecommendRequest,
    SimilarRequest,
    Wire,
)
from serving.similar import answer_similar

MIB: Final = 1 << 20
ANSWER_TIMEOUT_S: Final = 4.0
"""How long a caller waits for the first byte; BentoML's own timeout is longer, and not ours."""

_LINES_AT_ONCE: Final = 256
_BEHIND: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="behind")

P = ParamSpec("P")
T = TypeVar("T")


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
    respond : function of (Road, request) to an awaitable Reply
        Answers, or raises a VitrineError.
    largest_body : int
        In bytes.
    media_type : str
        Of the answer.
    """

    path: str
    takes: type[Wire]
    gives: type[Wire]
    scope: Scope
    respond: Callable[[Road, Any], Awaitable[Reply]]
    largest_body: int = MIB
    media_type: str = "application/json"


async def recommend(road: Road, request: RecommendRequest) -> Reply:
    """Answer with a list for one person."""
    return _list_reply(answer_recommend(road, [request])[0])


async def similar(road: Road, request: SimilarRequest) -> Reply:
    """Answer with a list about one or several items."""
    return _list_reply(answer_similar(road, [request])[0])


async def batch(road: Road, request: BatchRequest) -> Reply:
    """Answer with one list or one error for each of several requests."""
    return json_reply(await _in_time(_behind(answer_batch, road, request)))


async def picks(road: Road, request: PicksRequest) -> Reply:
    """Answer with one line for each user, and a last line that counts them."""
    lines = pick_lines(road, request.placement, request.user_ids, request.num_results)
    first = await _in_time(_behind(_some_lines, lines))
    return Reply(first, media_type=JSON_LINES, rest=_remaining(lines))


def _list_reply(answer: Answer | VitrineError) -> Reply:
    if isinstance(answer, VitrineError):
        raise answer
    return json_reply(answer)


def _some_lines(lines: Iterator[Answer]) -> bytes:
    some = islice(lines, _LINES_AT_ONCE)
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in some)


async def _remaining(lines: Iterator[Answer]) -> AsyncIterator[bytes]:
    while some := await _behind(_some_lines, lines):
        yield some


def _behind(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
    return asyncio.wrap_future(_BEHIND.submit(function, *args, **kwargs))


async def _in_time(answer: Awaitable[T]) -> T:
    try:
        return await asyncio.wait_for(answer, ANSWER_TIMEOUT_S)
    except TimeoutError as error:
        raise Overloaded("too much is asked at once; ask again in some seconds") from error


ENDPOINTS: Final = {
    endpoint.path: endpoint
    for endpoint in (
        Endpoint("/v1/recommend", RecommendRequest, ListAnswer, Scope.STOREFRONT, recommend),
        Endpoint("/v1/similar", SimilarRequest, ListAnswer, Scope.STOREFRONT, similar),
        Endpoint("/v1/recommend/batch", BatchRequest, BatchAnswer, Scope.STOREFRONT, batch),
        Endpoint(
            "/v1/picks",
            PicksRequest,
            PickStatus,
            Scope.EMAIL,
            picks,
            largest_body=4 * MIB,
            media_type=JSON_LINES,
        ),
    )
}
"""Every endpoint that takes a body, by its path."""
