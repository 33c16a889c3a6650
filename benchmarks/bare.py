"""The bare server: what a list costs over HTTP when nothing but the list is done.

No keys, no limits, no log, no metrics, no swaps, and no list is taken down: Starlette parses the
same request, looks the person up in the same kind of store, calls the same core and returns the
same JSON. Run by uvicorn; it opens the bundle and the store of VITRINE_HOME.
"""

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from threadpoolctl import threadpool_limits

from features.home import Home
from serving.offline import open_desk
from serving.recommend import answer_recommend
from serving.schemas import RecommendRequest, SimilarRequest
from serving.similar import answer_similar


@asynccontextmanager
async def opened(app: Starlette) -> AsyncIterator[None]:
    threadpool_limits(limits=1)
    app.state.desk = await asyncio.to_thread(open_desk, Home(Path(os.environ["VITRINE_HOME"])))
    gc.collect()
    gc.freeze()
    yield
    await app.state.desk.close()


async def recommend(request: Request) -> Response:
    desk = request.app.state.desk
    wanted = RecommendRequest.model_validate_json(await request.body())
    road, news = await desk.look([wanted.person], placements=(wanted.placement,))
    (answer,) = answer_recommend(road, [wanted], news, now=desk.clock())
    return Response(orjson.dumps(answer), media_type="application/json")


async def similar(request: Request) -> Response:
    desk = request.app.state.desk
    wanted = SimilarRequest.model_validate_json(await request.body())
    road, _ = await desk.look([])
    (answer,) = answer_similar(road, [wanted])
    return Response(orjson.dumps(answer), media_type="application/json")


async def readyz(_: Request) -> Response:
    return PlainTextResponse("ok")


app = Starlette(
    routes=[
        Route("/v1/recommend", recommend, methods=["POST"]),
        Route("/v1/similar", similar, methods=["POST"]),
        Route("/readyz", readyz),
    ],
    lifespan=opened,
)
