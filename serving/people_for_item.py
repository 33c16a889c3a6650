"""People for an item: who most likely wants it, for whoever plans a campaign."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.errors import InvalidInput, UnknownItem
from features.events import ANONYMOUS_PREFIX, EventType
from serving.lists import Answer
from serving.road import Road
from serving.schemas import AudienceRequest

ReadConsents = Callable[[Sequence[str]], Mapping[str, bool]]
"""Says who gave or withdrew a consent since the bundle."""

_DEEPER: Final = 2
"""Of those that the bundle names some may have withdrawn their consent since."""


def answer_audience(
    road: Road, request: AudienceRequest, *, consents: ReadConsents = lambda _: {}
) -> Answer:
    """Find the people who most likely want an item.

    The order is that of the first model's affinity, from each person's history at the bundle's
    `as_of`; visitors without an account cannot be written to and are left out.

    Parameters
    ----------
    road : Road
        What to answer from.
    request : AudienceRequest
        About which item.
    consents : function of user ids to mapping of str to bool
        Who gave or withdrew the consent for the request's purpose since the bundle.

    Returns
    -------
    dict
        An `AudienceAnswer` as JSON-ready values.

    Raises
    ------
    UnknownItem
        There is no such item.
    InvalidInput
        The bundle knows only what is popular, which is the same for everybody.
    """
    bundle = road.bundle
    row = bundle.items.row_of(request.item_id)
    if row < 0:
        raise UnknownItem(
            f"no item has the id {request.item_id!r}; send the catalogue's item_id, or ingest it"
        )
    model = bundle.recommender.model
    if model is None or bundle.user_vectors is None:
        raise InvalidInput(
            "this bundle knows only what is popular, which is the same for everybody; train a"
            " model of vectors for audiences"
        )
    scores = bundle.user_vectors @ model.item_vectors[row]
    left_out = _left_out(road, row, request)
    users = _best(road, scores, left_out, request, consents)
    answer: Answer = {
        "item_id": request.item_id,
        "model_version": bundle.manifest.bundle_id,
        "users": users,
        "requested": request.num_results,
        "returned": len(users),
        "shortfall": None,
    }
    if len(users) < request.num_results:
        answer["shortfall"] = _counted(road, left_out, request, len(users))
    return answer


def _left_out(road: Road, row: int, request: AudienceRequest) -> dict[str, NDArray[np.bool_]]:
    """Mark who cannot be named, shape (n_users,), by reason."""
    bundle, n = road.bundle, len(road.bundle.users)
    histories = bundle.histories
    marks = {"no_history": histories.lengths == 0}
    if request.exclude_purchased:
        bought = np.zeros(n, dtype=np.bool_)
        entries = (histories.item_rows == row) & (histories.event_types == EventType.PURCHASE.code)
        bought[histories.person_of_entry[entries]] = True
        marks["purchased"] = bought
    return marks


def _best(
    road: Road,
    scores: NDArray[np.float32],
    left_out: Mapping[str, NDArray[np.bool_]],
    request: AudienceRequest,
    consents: ReadConsents,
) -> list[Answer]:
    users, wanted = road.bundle.users, request.num_results
    free = ~np.logical_or.reduce(list(left_out.values()))
    agreed = np.ones(len(users), dtype=np.bool_)
    if request.purpose is not None:
        agreed = road.bundle.people.consented(request.purpose)
    order = np.argsort(-scores[free], kind="stable")
    rows = np.flatnonzero(free)[order]
    found: list[Answer] = []
    # Batch by batch: who agreed since is known for those alone who are asked about.
    for start in range(0, len(rows), _DEEPER * wanted):
        some = rows[start : start + _DEEPER * wanted]
        ids = users.ids(some)
        stated = consents(ids) if request.purpose is not None else {}
        found += [
            {"user_id": user_id, "score": float(scores[row])}
            for user_id, row in zip(ids, some.tolist(), strict=True)
            if stated.get(user_id, agreed[row]) and not user_id.startswith(ANONYMOUS_PREFIX)
        ]
        if len(found) >= wanted:
            break
    return found[:wanted]


def _counted(
    road: Road,
    left_out: Mapping[str, NDArray[np.bool_]],
    request: AudienceRequest,
    n_found: int,
) -> dict[str, int]:
    """Count who could not be named, each by the first reason; the rest did not consent."""
    users, counts = road.bundle.users, {}
    free = np.ones(len(users), dtype=np.bool_)
    for reason, marks in left_out.items():
        counts[reason] = int((free & marks).sum())
        free &= ~marks
    ids = users.ids(np.flatnonzero(free))
    counts["anonymous"] = sum(user_id.startswith(ANONYMOUS_PREFIX) for user_id in ids)
    if request.purpose is not None:
        counts["no_consent"] = len(users) - n_found - sum(counts.values())
    return counts
