"""Answering: each question's answer, looked up, made, and taken down."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final, ParamSpec, TypeVar

import orjson

from features.errors import VitrineError
from serving.desk import Desk
from serving.errors import Overloaded
from serving.lists import Answer
from serving.people_for_item import answer_audience
from serving.picks import pick_lines
from serving.recommend import answer_batch, answer_recommend
from serving.replies import JSON_LINES, Reply, json_reply
from serving.rows import answer_rows
from serving.schemas import (
    AudienceRequest,
    BatchRequest,
    PicksRequest,
    RecommendRequest,
    RowsRequest,
    SimilarRequest,
)
from serving.similar import answer_similar

ANSWER_TIMEOUT_S: Final = 4.0
"""How long a caller waits for the first byte; BentoML's own timeout is longer, and not ours."""

_LINES_AT_ONCE: Final = 256
_BEHIND: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="behind")

P = ParamSpec("P")
T = TypeVar("T")


async def recommend(desk: Desk, request: RecommendRequest) -> Reply:
    """Answer with a list for one person."""
    road, news = await desk.look([request.person], placements=(request.placement,))
    (answer,) = answer_recommend(road, [request], news, now=desk.clock())
    if isinstance(answer, VitrineError):
        raise answer
    desk.take_down([answer], [news.people[0].person])
    return json_reply(answer)


async def similar(desk: Desk, request: SimilarRequest) -> Reply:
    """Answer with a list about one or several items."""
    road, news = await desk.look([])
    (answer,) = answer_similar(road, [request], degraded=news.degraded)
    if isinstance(answer, VitrineError):
        raise answer
    desk.take_down([answer], [None])
    return json_reply(answer)


async def rows(desk: Desk, request: RowsRequest) -> Reply:
    """Answer with rows, each about one thing that a person looked at or bought lately."""
    road, news = await desk.look([request.person], placements=(request.placement,))
    answer = answer_rows(road, request, news, now=desk.clock())
    person = news.people[0].person
    desk.take_down(answer["rows"], [person] * len(answer["rows"]))
    return json_reply(answer)


async def batch(desk: Desk, request: BatchRequest) -> Reply:
    """Answer with one list or one error for each of several requests."""
    asked = request.requests
    road, news = await desk.look(
        [one.person for one in asked], placements=[one.placement for one in asked]
    )
    answer = await _in_time(_behind(answer_batch, road, request, news, now=desk.clock()))
    given = [
        (one, about.person)
        for one, about in zip(answer["answers"], news.people, strict=True)
        if "error" not in one
    ]
    desk.take_down([one for one, _ in given], [person for _, person in given])
    return json_reply(answer)


async def audience(desk: Desk, request: AudienceRequest) -> Reply:
    """Answer with the people who most likely want an item."""
    road, _ = await desk.look([])
    answer = _behind(answer_audience, road, request, consents=desk.consents(request.purpose))
    return json_reply(await _in_time(answer))


async def picks(desk: Desk, request: PicksRequest) -> Reply:
    """Answer with one line for each user, and a last line that counts them."""
    picker = await desk.picker(request.placement, request.num_results)
    lines = pick_lines(picker, request.user_ids)
    first = await _in_time(_behind(_some_lines, lines))
    return Reply(first, media_type=JSON_LINES, rest=_remaining(lines))


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
