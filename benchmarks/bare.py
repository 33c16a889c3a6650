"""The bare server: what a list costs over HTTP when nothing but the list is done.

No keys, no limits, no log, no metrics, no swaps: Starlette parses the same request, calls the
same core and returns the same JSON. Run by uvicorn; it opens the bundle of VITRINE_HOME.
"""

import gc
import os
from datetime import UTC, datetime
from pathlib import Path

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from threadpoolctl import threadpool_limits

from features.home import Home
from serving.live_bundle import open_road
from serving.recommend import answer_recommend
from serving.schemas import RecommendRequest, SimilarRequest
from serving.similar import answer_similar

threadpool_limits(limits=1)
road = open_road(Home(Path(os.environ["VITRINE_HOME"])))


async def recommend(request: Request) -> Response:
    wanted = RecommendRequest.model_validate_json(await request.body())
    answer = answer_recommend(road, [wanted], now=datetime.now(UTC))[0]
    return Response(orjson.dumps(answer), media_type="application/json")


async def similar(request: Request) -> Response:
    wanted = SimilarRequest.model_validate_json(await request.body())
    answer = answer_similar(road, [wanted])[0]
    return Response(orjson.dumps(answer), media_type="application/json")


async def readyz(_: Request) -> Response:
    return PlainTextResponse("ok")


app = Starlette(
    routes=[
        Route("/v1/recommend", recommend, methods=["POST"]),
        Route("/v1/similar", similar, methods=["POST"]),
        Route("/readyz", readyz),
    ]
)
gc.collect()
gc.freeze()
