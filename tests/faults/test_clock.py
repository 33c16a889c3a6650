"""A clock that moved: whatever it says, lists come and nothing is lost."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from features.home import Home
from serving.desk import Desk
from serving.endpoints import ENDPOINTS
from serving.front import Front
from serving.house import House
from serving.settings import ServerSettings
from tests.faults.callers import eventually
from tests.serving.asking import Answer, ask_in_process, nothing_behind
from tests.shops import AS_OF

TIMES = {
    "1970": datetime(1970, 1, 1, tzinfo=UTC),
    "years before the bundle": AS_OF - timedelta(days=3_650),
    "the bundle's own moment": AS_OF,
    "a leap day": datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC),
    "after 2038": datetime(2040, 1, 19, 4, tzinfo=UTC),
    "centuries ahead": datetime(2262, 4, 12, tzinfo=UTC),
}
STATED = {
    **TIMES,
    "the first moment": datetime(1, 1, 1, tzinfo=UTC),
    "the last moment": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
}
PERSON = {"user_id": "user-00", "context": {"country": "NZ", "timezone": "Pacific/Auckland"}}
NAMED = {"user_id": "user-00"}
LISTS: dict[str, dict[str, object]] = {
    "/v1/recommend": PERSON,
    "/v1/rows": PERSON,
    "/v1/similar": {"item_id": "item-01"},
    "/v1/recommend/batch": {"requests": [PERSON, {"anonymous_id": "a"}]},
    "/v1/audience": {"item_id": "item-01"},
    "/v1/picks": {"placement": "weekly_email", "user_ids": ["user-00"]},
}


@dataclass
class Hands:
    """A clock that the test sets."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class ClockShop:
    """A house whose clock can be moved."""

    house: House
    clock: Hands

    def ask(self, path: str, body: dict[str, object]) -> Answer:
        ask = ask_in_process(Front(nothing_behind, house=self.house))
        answer = ask(ENDPOINTS[path].method, path, body)
        assert answer.status < 500, answer.body
        return answer

    def post(self, event_id: str, at: datetime | None = None) -> Answer:
        event = {"event_id": event_id, "event_type": "view", "item_id": "item-30", **NAMED}
        stated = {} if at is None else {"timestamp": at.isoformat()}
        return self.ask("/v1/events", {"events": [event | stated]})

    def look(self) -> None:
        asyncio.run(self.house.look())


@pytest.fixture
def shop(home: Home) -> Iterator[ClockShop]:
    clock = Hands(AS_OF)
    house = House(ServerSettings(home=home.root, insecure_development="1"))
    house.desk = Desk(house.live, house.reach, clock=clock)
    asyncio.run(house.look())
    yield ClockShop(house, clock)
    asyncio.run(house.close())


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("name", TIMES)
def test_every_list_comes_whatever_the_clock_says(shop: ClockShop, path: str, name: str) -> None:
    shop.clock.at = TIMES[name]
    shop.look()

    assert shop.ask(path, LISTS[path]).status == 200


@pytest.mark.parametrize("name", STATED)
def test_a_list_comes_for_any_time_that_a_calendar_knows(shop: ClockShop, name: str) -> None:
    for offset in ("+00:00", "+14:00", "-12:00"):
        stated = STATED[name].replace(tzinfo=None).isoformat() + offset
        context = {"timestamp": stated, "country": "AU", "timezone": "Australia/Sydney"}

        answer = shop.ask("/v1/recommend", {**NAMED, "context": context})

        is_known = 1970 < STATED[name].year < 2200
        assert answer.status in ({200} if is_known else {200, 422})


@pytest.mark.parametrize("name", TIMES)
def test_events_without_a_time_are_taken_whatever_the_clock_says(
    shop: ClockShop, name: str
) -> None:
    shop.clock.at = TIMES[name]

    assert shop.post("now").json()["accepted"] == 1


def test_what_happens_tomorrow_is_sent_back_and_what_is_a_minute_ahead_is_taken(
    shop: ClockShop,
) -> None:
    tomorrow, soon = AS_OF + timedelta(days=1), AS_OF + timedelta(minutes=1)

    (rejected,) = shop.post("tomorrow", tomorrow).json()["rejected"]
    taken = shop.post("soon", soon).json()

    assert rejected["code"] == "future_time"
    assert taken["accepted"] == 1
    assert shop.ask("/v1/recommend", dict(NAMED)).status == 200


def test_a_clock_that_goes_back_forgets_nothing(shop: ClockShop) -> None:
    later, earlier = AS_OF + timedelta(days=2), AS_OF + timedelta(days=1)
    shop.clock.at = later
    assert shop.post("first").json()["accepted"] == 1
    before = shop.ask("/v1/recommend", dict(NAMED)).json()

    shop.clock.at = earlier
    shop.look()
    again = shop.post("first").json()
    second = shop.post("second").json()
    after = shop.ask("/v1/recommend", dict(NAMED)).json()

    assert again["duplicates"] == 1
    assert second["accepted"] == 1
    assert not after["degraded"]
    # The log is written behind the answers.
    assert eventually(lambda: all(is_logged(shop, one) for one in (before, after)))


def is_logged(shop: ClockShop, answer: dict[str, str]) -> bool:
    return shop.house.reach.store().recommendation(answer["recommendation_id"]) is not None
