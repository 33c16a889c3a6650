"""What is asked: a request with its ids, its scenario and its limits resolved."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.candidates import Source
from features.context import Situation, situation
from features.errors import VitrineError
from features.ids import MISSING
from features.proposal import ListPolicy
from serving.errors import NoConsent
from serving.known import KnownPeople
from serving.lists import unknown_items
from serving.news import News
from serving.placements import Chosen, Placement
from serving.road import Road
from serving.rules import FILTERED, Occasion, Plan
from serving.scenario_facts import ScenarioFacts
from serving.schemas import RecommendRequest

_NOTHING: Final = np.empty(0, dtype=np.int64)

Rows = NDArray[np.int64]
Barred = Mapping[str, NDArray[np.bool_]]
"""Marks of what must not be in a list, shape (n_items,), by the reason that a shortfall gives."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A request that can be answered.

    Parameters
    ----------
    place : int
        Which of the requests.
    request : RecommendRequest
        As it came.
    user_row, trend_row : int
        Where the person stands among the users, and where it is told what is trending there.
    scenario : str or None
        The placement's scenario that fits.
    policy : ListPolicy
        What the list shares with others.
    plan : Plan
        Its rules.
    excluded, basket : ndarray of int64
        Item rows that were not wanted, and those that lie in the cart.
    given : ndarray of int64 or None
        The only items in question.
    barred : mapping of str to ndarray of bool
        What must not be in the list, by reason.
    warnings : list of dict
        What the caller should know.
    """

    place: int
    request: RecommendRequest
    user_row: int
    trend_row: int
    scenario: str | None
    policy: ListPolicy
    plan: Plan
    excluded: Rows
    basket: Rows
    given: Rows | None
    barred: Barred
    warnings: list[dict[str, str]]

    @property
    def is_given(self) -> bool:
        """Whether some items are only to be put in order."""
        return self.given is not None

    @property
    def allowed(self) -> NDArray[np.bool_] | None:
        """Mark what may be in the list, shape (n_items,); None for everything."""
        marks = list(self.barred.values())
        return ~np.logical_or.reduce(marks) if marks else None

    def not_given(self, n_items: int) -> dict[str, Rows]:
        """Name the items that were not among those to be put in order."""
        if self.given is None:
            return {}
        return {"not_a_candidate": np.setdiff1d(np.arange(n_items), self.given)}


def read_requests(
    road: Road, requests: Sequence[RecommendRequest], news: News, *, now: datetime
) -> tuple[KnownPeople, list[Asked | VitrineError]]:
    """Resolve requests; one that cannot be answered is told by its error.

    Parameters
    ----------
    road : Road
        The shop.
    requests : sequence of n RecommendRequest
        Who asks for what.
    news : News
        What is new of them.
    now : datetime
        Aware.
    """
    items = road.bundle.items
    sessions = [
        items.rows(one.session_items) if one.session_items else _NOTHING for one in requests
    ]
    looked_at = [np.unique(one[one >= 0]) for one in sessions]
    now_s = int(now.timestamp())
    known = KnownPeople.of(road.bundle, news.people, sessions=looked_at, now_s=now_s)
    reader = _Reader(road, news, known, now)
    return known, [
        reader.read(place, request, sessions[place]) for place, request in enumerate(requests)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Reader:
    """Resolves the requests of one call."""

    road: Road
    news: News
    known: KnownPeople
    now: datetime

    def read(self, place: int, request: RecommendRequest, session: Rows) -> Asked | VitrineError:
        """Resolve one request."""
        try:
            return self._read(place, request, session)
        except VitrineError as error:
            return error

    def _read(self, place: int, request: RecommendRequest, session: Rows) -> Asked:
        road, items = self.road, self.road.bundle.items
        placement = road.placements.named(request.placement)
        self._check_consent(placement, place)
        context = request.context
        user_row = int(self.known.user_rows[place])
        lives_in = road.bundle.people.country_of(user_row) if user_row >= 0 else None
        come = situation(
            at=context.timestamp or self.now,
            country=context.country or lives_in,
            timezone=context.timezone,
            device=context.device,
        )
        key, now_s = self.news.people[place].person, int(come.at.timestamp())
        facts = ScenarioFacts(road, self.known, place, key, now_s)
        chosen = placement.scenario_for(lambda: facts, come)
        given = None if request.candidates is None else items.rows(request.candidates)
        # What the visitor has on the page is where the list starts from, not what it should hold.
        excluded = items.rows(request.exclude_items) if request.exclude_items else _NOTHING
        plan = self._plan(request, chosen.placement, come, facts)
        return Asked(
            place=place,
            request=request,
            user_row=user_row,
            trend_row=self._trend_row(context.country, user_row),
            scenario=chosen.scenario,
            policy=_policy(request, chosen),
            plan=plan,
            excluded=_known(np.concatenate((excluded, session))),
            basket=_known(session) if _is_about_a_cart(chosen.placement) else _NOTHING,
            given=None if given is None else _known(given),
            barred=self._barred(request, chosen.placement, plan, come),
            warnings=[
                *unknown_items(_missing(request.session_items, session)),
                *unknown_items(_missing(request.candidates or [], given)),
            ],
        )

    def _check_consent(self, placement: Placement, place: int) -> None:
        if placement.purpose is None:
            return
        user_row = int(self.known.user_rows[place])
        agreed = self.road.bundle.people.agrees(user_row, placement.purpose)
        if not self.news.agrees(place, placement.purpose, by_bundle=agreed):
            raise NoConsent(
                f"this person has not agreed to {placement.purpose!r}, which the placement asks"
                " for; send nothing, or record the consent with PUT /v1/consents"
            )

    def _trend_row(self, country: str | None, user_row: int) -> int:
        if country is not None:
            return self.road.bundle.recommender.trends.row_of(country)
        return int(self.road.trend_rows(np.array([user_row]))[0])

    def _plan(
        self,
        request: RecommendRequest,
        placement: Placement,
        come: Situation,
        facts: ScenarioFacts,
    ) -> Plan:
        if request.mode is not None:
            placement = placement.model_copy(update={"mode": request.mode})
        window = placement.rules.price_window
        needs_price = window is not None and window.times_usual
        occasion = Occasion(
            situation=come,
            shown=self.news.shown[facts.place] if self.news.shown else {},
            usual_price=facts.usual_price if needs_price else math.nan,
        )
        return self.road.rules.plan(placement, occasion)

    def _barred(
        self, request: RecommendRequest, placement: Placement, plan: Plan, come: Situation
    ) -> Barred:
        """Mark what must not be in the list before anything is looked for, so that it is full."""
        barred = dict(plan.barred(len(self.road.bundle.items)))
        if request.filter is not None:
            not_wanted = ~self.road.masks.of(request.filter, request.filter_params)
            barred[FILTERED] = barred.get(FILTERED, False) | not_wanted
        out_of_season = self.road.rules.out_of_season(placement, come)
        if out_of_season is not None and out_of_season.any():
            barred["out_of_season"] = out_of_season
        return barred


def _policy(request: RecommendRequest, chosen: Chosen) -> ListPolicy:
    placement = chosen.placement
    purchased = request.exclude_purchased
    is_strict = (request.mode or placement.mode) == "strict" or request.candidates is not None
    return ListPolicy(
        request.num_results,
        exclude_purchased=placement.exclude_purchased if purchased is None else purchased,
        sources=placement.sources,
        # Who asks for an order wants the second stage's.
        order="ranker" if request.candidates is not None else placement.order,
        fallback=None if is_strict else placement.fallback_source,
    )


def _is_about_a_cart(placement: Placement) -> bool:
    return placement.sources is not None and Source.BOUGHT_TOGETHER in placement.sources


def _known(rows: Rows) -> Rows:
    return rows[rows >= 0]


def _missing(item_ids: Sequence[str], rows: Rows | None) -> list[str]:
    if rows is None:
        return []
    return [one for one, row in zip(item_ids, rows.tolist(), strict=True) if row == MISSING]
