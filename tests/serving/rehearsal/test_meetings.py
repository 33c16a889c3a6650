"""Who meets which scenario is what a request would meet; the same seed shows the same people."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest

from features.errors import UnknownPlacement
from features.events import EventType
from serving.clock import microseconds
from serving.news import News
from serving.placements import Placement, Placements
from serving.rehearsal.meetings import Meetings, Met
from serving.rehearsal.sample import known_by, latest, sample_people
from serving.road import Road
from serving.store import PersonNews
from tests.conftest import AS_OF
from training.bundle import Bundle

DEVICES = ("mobile", "desktop")
AT_S = microseconds(AS_OF) // 1_000_000


@pytest.fixture(scope="module")
def road(tiny_bundle: Bundle) -> Road:
    scenarios = [
        {
            "name": "open_cart_on_mobile",
            "situation": {"device": ["mobile"], "carted_within_hours": 24},
        },
        {"name": "stranger", "segment": {"known": False}},
    ]
    home = Placement.model_validate({"exclude_purchased": False, "scenarios": scenarios})
    email = Placement(exclude_purchased=True, purpose="email")
    return Road(tiny_bundle, Placements({"home": home, "email": email}, "test"))


def _carted(person: str, *, hours_ago: float) -> PersonNews:
    at_s = AT_S - round(3600 * hours_ago)
    return PersonNews(person, (), ["item-30"], [EventType.CART.code], [at_s], [1])


def _nothing(person: str) -> PersonNews:
    return PersonNews(person, (), [], [], [], [])


def _meetings(road: Road, *people: PersonNews, placement: str = "home") -> Meetings:
    return Meetings.at(
        road,
        News(people),
        [one.person or "" for one in people],
        placement=placement,
        devices=DEVICES,
        now=AS_OF,
    )


def test_each_meets_the_scenario_of_a_request(road: Road) -> None:
    people = [
        _carted("user-00", hours_ago=2),
        _carted("user-01", hours_ago=30),
        _nothing("anonymous:newcomer-1"),
    ]

    met = _meetings(road, *people)

    usual, cart, stranger = Met(None), Met("open_cart_on_mobile"), Met("stranger")
    assert met.counts("mobile") == Counter({cart: 1, usual: 1, stranger: 1})
    assert met.counts("desktop") == Counter({usual: 2, stranger: 1})
    assert [one.hours_since_cart for one in met.people] == [2.0, 30.0, np.inf]
    assert [one.n_orders > 0 for one in met.people] == [True, True, False]


def test_who_did_not_agree_meets_a_refusal(road: Road) -> None:
    met = _meetings(road, _nothing("user-00"), _nothing("user-01"), placement="email")

    assert [str(one.met["mobile"]) for one in met.people] == ["usual", "(no_consent)"]


def test_a_placement_that_does_not_exist_is_refused(road: Road) -> None:
    with pytest.raises(UnknownPlacement):
        _meetings(road, _nothing("user-00"), placement="hoem")


def test_a_sample_is_drawn_by_its_seed_and_has_newcomers(tiny_bundle: Bundle) -> None:
    drawn = sample_people(tiny_bundle, 30, seed=1)

    assert drawn == sample_people(tiny_bundle, 30, seed=1)
    assert drawn != sample_people(tiny_bundle, 30, seed=2)
    assert drawn[30:] == [f"anonymous:newcomer-{number}" for number in (1, 2, 3)]
    users, every = drawn[:30], sample_people(tiny_bundle, 1000, seed=1)
    assert users == sorted({*users})
    assert len(every) == 60 + 100


def test_what_was_done_later_is_not_known_yet(tiny_bundle: Bundle) -> None:
    news = News([_carted("user-00", hours_ago=-5), _nothing("user-01")])
    bundle_as_of = tiny_bundle.manifest.as_of

    assert latest(tiny_bundle, news) == AS_OF + timedelta(hours=5)
    assert latest(tiny_bundle, News.none(["user-00"])) == bundle_as_of
    assert known_by(news, AS_OF).people == [_nothing("user-00"), _nothing("user-01")]
    assert known_by(news, AS_OF + timedelta(hours=5)).people == news.people
