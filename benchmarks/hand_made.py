"""The peer: a recommendation service as people write it by hand, in an afternoon.

FastAPI, `implicit`'s ALS and its `recommend`, a dictionary of titles, a popularity list for
whoever is not known. It learns from the purchases of the same bundle when it starts. It has no
events, no rules, no reasons, no keys and no swaps, and it does not know what happened since.
"""

# ruff: noqa: D101 -- as people write it

import os
from pathlib import Path

import numpy as np
from fastapi import FastAPI, HTTPException
from implicit.cpu.als import AlternatingLeastSquares
from pydantic import BaseModel
from scipy.sparse import csr_matrix

from features.events import EventType
from features.home import Home
from training.bundle import Bundle, current

bundle = Bundle.open(current(Home(Path(os.environ["VITRINE_HOME"])).bundles), verify=False)
histories = bundle.histories.select(bundle.histories.event_types == EventType.PURCHASE.code)

user_items = csr_matrix(
    (histories.counts, (histories.person_of_entry, histories.item_rows)),
    shape=(len(bundle.users), len(bundle.items)),
)
user_items.sum_duplicates()

model = AlternatingLeastSquares(factors=64, iterations=15, random_state=0, num_threads=1)
model.fit(user_items, show_progress=False)

user_ids = bundle.users.ids(np.arange(len(bundle.users)))
item_ids = bundle.items.ids(np.arange(len(bundle.items)))
user_rows = {user_id: row for row, user_id in enumerate(user_ids)}
item_rows = {item_id: row for row, item_id in enumerate(item_ids)}
titles = {
    item_id: str(bundle.catalogue.properties(row).get("title", ""))
    for row, item_id in enumerate(item_ids)
}
popular = np.argsort(-np.asarray(user_items.sum(axis=0)).ravel())

app = FastAPI()


class RecommendRequest(BaseModel):
    user_id: str
    num_results: int = 10


class SimilarRequest(BaseModel):
    item_id: str
    num_results: int = 10


class Item(BaseModel):
    item_id: str
    title: str
    score: float


class Answer(BaseModel):
    items: list[Item]


def answer(rows: list[int], scores: list[float]) -> Answer:
    pairs = zip(rows, scores, strict=True)
    return Answer(
        items=[
            Item(item_id=item_ids[row], title=titles[item_ids[row]], score=score)
            for row, score in pairs
        ]
    )


# With `def` FastAPI would answer in threads; on few cores that is slower.
@app.post("/v1/recommend")
async def recommend(request: RecommendRequest) -> Answer:
    row = user_rows.get(request.user_id)
    if row is None:
        best = popular[: request.num_results].tolist()
        return answer(best, [0.0] * len(best))
    rows, scores = model.recommend(
        row, user_items[row], N=request.num_results, filter_already_liked_items=True
    )
    return answer(rows.tolist(), scores.tolist())


@app.post("/v1/similar")
async def similar(request: SimilarRequest) -> Answer:
    row = item_rows.get(request.item_id)
    if row is None:
        raise HTTPException(status_code=404, detail="no such item")
    rows, scores = model.similar_items(row, N=request.num_results + 1)
    return answer(rows[1:].tolist(), scores[1:].tolist())


@app.get("/readyz")
async def readyz() -> str:
    return "ok"
