"""Every branch is tried in every situation; a branch that does nothing good is found."""

from collections.abc import Sequence
from typing import Any

import pytest

from features.context import Daypart, Device, Season, Weekday, situation
from features.events import EventType
from serving.news import News
from serving.placements import Placement, Placements
from serving.rehearsal.branch_report import BranchReport, Overlap
from serving.rehearsal.laws import LAWS
from serving.rehearsal.sample import sample_people
from serving.rehearsal.situations import comings
from serving.rehearsal.stress import Stress
from serving.rehearsal.trials import EACH, Trial, draw_trials, news_for
from serving.road import Road
from tests.conftest import AS_OF
from tests.shops import full_bundle
from training.bundle import Bundle

IN_THE_NORTH, IN_THE_SOUTH = "GB", "AU"


def _stress(bundle: Bundle, placement: dict[str, Any], *, n_users: int = 48) -> Stress:
    by_name = {"home": Placement.model_validate({"exclude_purchased": False} | placement)}
    people = sample_people(bundle, n_users, seed=0)
    trials = draw_trials(bundle, people, after=AS_OF, seed=0)
    return Stress(Road(bundle, Placements(by_name, "test")), News.none(people), trials)


def _reports(bundle: Bundle, *scenarios: dict[str, Any], **placement: Any) -> list[BranchReport]:  # noqa: ANN401 -- any key
    stress = _stress(bundle, {"scenarios": scenarios, **placement})
    return [*stress.reports(["home"])]


def _trials(bundle: Bundle, people: Sequence[str]) -> list[Trial]:
    return draw_trials(bundle, people, after=AS_OF, seed=0)


def test_the_grid_holds_every_situation_of_both_hemispheres() -> None:
    grid = comings(AS_OF)
    come = [situation(at=one.at, country=one.country, device=one.device) for one in grid]

    for country in (IN_THE_NORTH, IN_THE_SOUTH):
        here = [one for one in come if one.country == country]
        assert {one.season for one in here} == {*Season}
        assert {one.daypart for one in here} == {*Daypart}
        assert {one.weekday for one in here} == {*Weekday}
    assert {one.device for one in come} == {Device.MOBILE, Device.TABLET, Device.DESKTOP}
    assert all(one.at > AS_OF for one in grid)


def test_trials_are_the_same_for_a_seed_and_those_of_a_moment_stand_together(
    tiny_bundle: Bundle,
) -> None:
    people = sample_people(tiny_bundle, 48, seed=0)

    trials = _trials(tiny_bundle, people)

    assert trials == _trials(tiny_bundle, people)
    assert len(trials) == EACH * len(people)
    moments = [trial.coming.at for trial in trials]
    assert moments == sorted(moments)
    assert sum(bool(trial.on_the_page) for trial in trials) == len(trials) / 2
    # More than 192 trials: every situation of the grid comes.
    assert {trial.coming for trial in trials} == {*comings(AS_OF)}


def test_a_deed_stands_behind_what_is_known(tiny_bundle: Bundle) -> None:
    (first, *_) = trials = _trials(tiny_bundle, ["user-00"])

    done = news_for(News.none(["user-00"]), trials, ((EventType.CART, 1.0),))

    assert done.people[0].event_types == [EventType.CART.code]
    assert done.people[0].item_ids == [first.touched[0]]
    assert done.people[0].timestamps_s == [int(first.coming.at.timestamp()) - 3600]


def test_a_branch_that_waits_for_a_cart_is_met_once_there_is_one(tiny_bundle: Bundle) -> None:
    cart = {"name": "open_cart", "situation": {"device": ["mobile"], "carted_within_hours": 24}}

    usual, scenario = _reports(tiny_bundle, cart | {"sources": ["unfinished", "near_items"]})

    assert (usual.n_met, scenario.n_met) == (scenario.n_trials, 0)
    trials = _stress(tiny_bundle, {}).trials
    assert scenario.n_met_prepared == sum(one.coming.device == Device.MOBILE for one in trials)
    assert scenario.findings == []
    assert scenario.overlap is not None
    assert scenario.overlap.share < 1


def test_a_branch_that_nobody_meets_and_one_that_changes_nothing_are_found(
    tiny_bundle: Bundle,
) -> None:
    nobody = {"name": "nobody", "segment": {"min_orders": 1000}, "rules": {"diversity": 0.5}}
    same = {"name": "same", "segment": {"known": True}, "fallback": "trending"}

    usual, first, second = _reports(tiny_bundle, nobody, same)

    assert usual.findings == []
    assert first.findings == ["home.nobody: nobody of the sample meets it, in no situation"]
    assert second.findings == ["home.same: it changes nothing: every list is the usual one"]


def test_a_branch_whose_lists_are_empty_is_found(tiny_bundle: Bundle) -> None:
    nothing = {"name": "nothing", "segment": {"known": True}, "rules": {"filter": "price > 9999"}}

    _, report = _reports(tiny_bundle, nothing)

    assert report.n_empty == report.n_lists == report.n_trials
    assert report.why_short == {"filtered": report.n_lists}
    assert report.findings == [
        f"home.nothing: {report.n_lists} of {report.n_lists} lists are empty: filtered"
    ]


def test_a_request_without_consent_is_no_list(tiny_bundle: Bundle) -> None:
    (report,) = _reports(tiny_bundle, purpose="email")

    assert report.n_lists + report.refused["no_consent"] == report.n_trials
    assert report.n_lists == report.n_met


def test_no_branch_of_the_built_in_placements_breaks_a_law() -> None:
    bundle, placements = full_bundle(5, n_users=40, n_items=30), Placements.load()
    people = sample_people(bundle, 20, seed=0)
    trials = draw_trials(bundle, people, after=AS_OF, seed=0)

    reports = [
        *Stress(Road(bundle, placements), News.none(people), trials).reports(placements.by_name)
    ]

    assert [one.name for one in reports if one.broken] == []
    assert len(reports) == sum(len(one.branches) for one in placements.by_name.values())


def test_rules_of_every_kind_hold_in_every_situation(tiny_bundle: Bundle) -> None:
    rules = {
        "filter": "price < 45",
        "cap": [{"column": "brand", "most": 2, "window": 3}, {"column": "category", "most": 6}],
        "pin": [{"item_id": "item-03", "slot": 2}, {"item_id": "item-19", "slot": 4}],
        "price_window": {"from": 0.5, "to": 1.5, "times_usual": True},
        "boost": [{"filter": "brand = 'Clay'"}],
        "diversity": 0.3,
    }

    reports = [
        report
        for mode in ("fill", "strict")
        for report in _reports(
            tiny_bundle, {"name": "one", "mode": mode, "rules": rules}, exclude_purchased=True
        )
    ]

    assert [one.broken for one in reports] == [{}] * 4


def test_a_broken_law_names_whose_list_it_was(
    tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.rehearsal.laws.LAWS", {**LAWS, "any item": lambda _: True})

    (report,) = _reports(tiny_bundle)

    first = _stress(tiny_bundle, {}).trials[0]
    assert report.broken == {"any item": report.n_lists}
    assert report.findings == [
        f"home.usual: BROKEN LAW: {report.n_lists} lists with any item, such as {first}"
    ]


def test_lists_overlap_in_what_both_hold() -> None:
    def answer(*item_ids: str) -> dict[str, Any]:
        return {"items": [{"item_id": one} for one in item_ids]}

    given = [answer("a", "b"), answer("a", "b"), answer("a", "b"), answer()]
    usual = [answer("a", "b"), answer("b", "a"), answer("c", "d"), answer()]

    # Two empty lists tell nothing.
    assert Overlap.of(given, usual) == Overlap(share=2 / 3, n_same=1, n_lists=3)
    assert Overlap.of([answer()], [answer()]) is None
