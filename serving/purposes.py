"""Purposes: which consents a request is about, so that a key for one opens no other's data."""

from serving.live_bundle import LiveBundle
from serving.schemas import (
    AudienceRequest,
    BatchRequest,
    PicksRequest,
    RecommendRequest,
    RowsRequest,
    Wire,
)


def purposes_of(request: Wire, live: LiveBundle) -> set[str]:
    """Name the purposes of what a request asks for.

    Parameters
    ----------
    request : Wire
        Any endpoint's.
    live : LiveBundle
        Knows the placements' purposes; what nobody knows has none.

    Raises
    ------
    NotReady
        The request names placements, and no bundle is live yet.
    """
    if isinstance(request, AudienceRequest):
        return {request.purpose} if request.purpose is not None else set()
    names = _placements_of(request)
    if not names:
        return set()
    known = live.ready().placements.by_name
    purposes = {known[name].purpose for name in names if name in known}
    return {purpose for purpose in purposes if purpose is not None}


def _placements_of(request: Wire) -> set[str]:
    if isinstance(request, BatchRequest):
        return {one.placement for one in request.requests}
    if isinstance(request, RecommendRequest | RowsRequest | PicksRequest):
        return {request.placement}
    return set()
