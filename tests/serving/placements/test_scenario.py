"""A scenario is met where its segment and its situation both fit, the first of them first."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from features.context import Daypart, Device, Season, Situation, Weekday
from features.segments.lifecycle import Stage
from serving.placements import Person, Placement

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
SOMEWHERE = Situation(at=NOON)
ON_THE_PHONE = Situation(
    at=NOON,
    country="AU",
    season=Season.WINTER,
    daypart=Daypart.EVENING,
    weekday=Weekday.WEEKEND,
    device=Device.MOBILE,
)
LAPSED = Person(known=True, stage=Stage.LAPSED, n_orders=3, hours_since_purchase=5000.0)


def _placement(*scenarios: dict[str, Any], **keys: Any) -> Placement:  # noqa: ANN401 -- any key
    given = {"exclude_purchased": False, "scenarios": scenarios, **keys}
    return Placement.model_validate(given)


def _met(person: Person, at: Situation = ON_THE_PHONE, /, **scenario: dict[str, Any]) -> bool:
    placement = _placement({"name": "one", **scenario})
    return placement.scenario_for(lambda: person, at).scenario == "one"


def _nobody_asks() -> Person:
    raise AssertionError("nothing turns on the person here")


@pytest.mark.parametrize(
    ("segment", "is_met"),
    [
        ({"lifecycle": ["lapsed", "slipping"]}, True),
        ({"lifecycle": ["loyal"]}, False),
        ({"known": True}, True),
        ({"known": False}, False),
        ({"min_orders": 3, "max_orders": 3}, True),
        ({"min_orders": 4}, False),
        ({"max_orders": 2}, False),
        ({"countries": ["New Zealand", "Australia"]}, True),
        ({"countries": ["NZ"]}, False),
    ],
)
def test_a_segment_is_who_somebody_is(segment: dict[str, Any], is_met: bool) -> None:
    assert _met(LAPSED, segment=segment) is is_met


@pytest.mark.parametrize(
    ("situation", "is_met"),
    [
        ({"device": ["tablet", "mobile"]}, True),
        ({"device": ["desktop"]}, False),
        ({"season": ["winter"], "daypart": ["evening"], "weekday": ["weekend"]}, True),
        ({"season": ["winter"], "daypart": ["morning"]}, False),
        ({"season": ["summer"]}, False),
        ({"weekday": ["weekday"]}, False),
    ],
)
def test_a_situation_is_how_somebody_comes(situation: dict[str, Any], is_met: bool) -> None:
    assert _met(LAPSED, situation=situation) is is_met


@pytest.mark.parametrize("key", ["season", "daypart", "weekday", "device"])
def test_what_is_not_known_of_a_situation_fits_no_scenario_that_asks(key: str) -> None:
    asked = {key: [str(getattr(ON_THE_PHONE, key))]}

    assert _met(LAPSED, situation=asked)
    assert not _met(LAPSED, SOMEWHERE, situation=asked)


@pytest.mark.parametrize(
    ("key", "fact"),
    [
        ("carted_within_hours", "hours_since_cart"),
        ("viewed_within_hours", "hours_since_view"),
        ("purchased_within_hours", "hours_since_purchase"),
    ],
)
def test_what_somebody_did_counts_up_to_its_hours(key: str, fact: str) -> None:
    met = [
        _met(Person(**{fact: hours}), situation={key: 24}) for hours in (0.0, 24.0, 24.1, math.inf)
    ]

    assert met == [True, True, False, False]


def test_somebody_lives_where_the_shop_says_and_else_where_they_are() -> None:
    segment = {"countries": ["AU"]}

    assert _met(Person(country=None), segment=segment)
    assert _met(Person(country="Australia"), SOMEWHERE, segment=segment)
    assert not _met(Person(country="GB"), segment=segment)


def test_the_first_scenario_that_fits_is_met() -> None:
    placement = _placement(
        {"name": "morning", "situation": {"daypart": ["morning"]}},
        {"name": "lapsed", "segment": {"lifecycle": ["lapsed"]}},
        {"name": "phone", "situation": {"device": ["mobile"]}},
    )

    assert placement.scenario_for(lambda: LAPSED, ON_THE_PHONE).scenario == "lapsed"
    assert placement.scenario_for(Person, ON_THE_PHONE).scenario == "phone"
    assert placement.scenario_for(Person, SOMEWHERE).scenario is None


def test_a_scenario_replaces_the_keys_that_it_states_and_of_the_rules_those() -> None:
    placement = _placement(
        {
            "name": "one",
            "segment": {"known": True},
            "sources": ["unfinished"],
            "rules": {"diversity": 0.5, "cap": []},
        },
        purpose="email",
        mode="strict",
        rules={"season_floor": 0.2, "cap": [{"column": "brand", "most": 1}]},
    )

    usual = placement.scenario_for(Person, SOMEWHERE).placement
    met = placement.scenario_for(lambda: LAPSED, SOMEWHERE).placement

    assert (usual.sources, usual.rules, usual.scenarios) == (None, placement.rules, ())
    assert met.sources == ("unfinished",)
    assert (met.mode, met.purpose, met.exclude_purchased) == ("strict", "email", False)
    assert (met.rules.diversity, met.rules.season_floor, met.rules.cap) == (0.5, 0.2, ())


def test_the_person_is_asked_at_most_once_and_only_where_it_matters() -> None:
    asked = []

    def person() -> Person:
        asked.append(1)
        return LAPSED

    plain = _placement()
    by_device = _placement({"name": "one", "situation": {"device": ["desktop"]}})
    by_segment = _placement(
        {"name": "one", "segment": {"known": False}}, {"name": "two", "segment": {"known": True}}
    )

    assert plain.scenario_for(_nobody_asks, ON_THE_PHONE).scenario is None
    assert by_device.scenario_for(_nobody_asks, ON_THE_PHONE).scenario is None
    assert by_segment.scenario_for(person, ON_THE_PHONE).scenario == "two"
    assert len(asked) == 1


def test_what_is_chosen_is_the_same_object_for_every_request() -> None:
    placement = _placement({"name": "one", "segment": {"known": True}})

    for person in (Person(), LAPSED):
        first, second = (placement.scenario_for(lambda: person, SOMEWHERE) for _ in range(2))  # noqa: B023 -- asked at once
        assert first.placement is second.placement


def test_the_branches_are_the_placement_and_each_scenario() -> None:
    placement = _placement(
        {"name": "one", "segment": {"known": True}}, {"name": "two", "rules": {"diversity": 0.1}}
    )

    assert [one.scenario for one in placement.branches] == [None, "one", "two"]


def test_it_matters_as_far_back_what_was_shown_as_any_branch_says() -> None:
    shown = {"recently_shown": {"within_hours": 48}}

    assert _placement().shown_within_hours == 0
    assert _placement(rules=shown).shown_within_hours == 48
    assert _placement({"name": "one", "rules": shown}).shown_within_hours == 48


@pytest.mark.parametrize(
    ("mode", "fallback", "source"),
    [
        ("fill", "popular", "popular"),
        ("fill", "trending", "trending"),
        ("fill", "new_arrivals", "new_arrival"),
        ("fill", "none", None),
        ("strict", "popular", None),
    ],
)
def test_a_strict_list_has_no_fallback(mode: str, fallback: str, source: str | None) -> None:
    assert _placement(mode=mode, fallback=fallback).fallback_source == source
