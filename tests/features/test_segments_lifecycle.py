"""Every stage has its person, and every person one stage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InvalidSettings
from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.segments.activity import activity
from features.segments.lifecycle import Stage, StageRules, lifecycle, usual_gap_days

TODAY = 10_000
BUY, VIEW = EventType.PURCHASE.code, EventType.VIEW.code
RULES = StageRules(gap_days=40)

Person = list[tuple[int, int, int]]


def _stages(people: list[Person], rules: StageRules = RULES) -> list[Stage]:
    """Place people given as (item row, type code, days ago)."""
    histories = Histories.of(
        [[(row, kind, (TODAY - ago) * SECONDS_PER_DAY) for row, kind, ago in one] for one in people]
    )
    known = activity(histories, as_of_s=TODAY * SECONDS_PER_DAY)
    return [Stage.of_code(code) for code in lifecycle(known, rules).tolist()]


def _bought(*days_ago: int) -> Person:
    return [(0, BUY, ago) for ago in days_ago]


@pytest.mark.parametrize(
    ("person", "stage"),
    [
        ([], Stage.NEW_VISITOR),
        ([(0, VIEW, 30)], Stage.NEW_VISITOR),
        ([(0, VIEW, 31), (0, VIEW, 1)], Stage.BROWSER),
        (_bought(80), Stage.FIRST_TIME_BUYER),  # 2 x 40: not yet more than two usual gaps
        (_bought(81), Stage.SLIPPING),
        (_bought(160), Stage.SLIPPING),
        (_bought(161), Stage.LAPSED),
        (_bought(30, 20), Stage.ACTIVE),
        (_bought(50, 40, 30, 20), Stage.ACTIVE),
        (_bought(60, 50, 40, 30, 20), Stage.LOYAL),
        (_bought(171, 10), Stage.RETURNED),  # a pause of 161 days, over 4 x 40
        (_bought(170, 10), Stage.ACTIVE),  # of 160, not over it
        (_bought(172, 11, 10), Stage.ACTIVE),  # back in rhythm with the next order
    ],
)
def test_each_stage_is_reached_by_a_person_made_for_it(person: Person, stage: Stage) -> None:
    assert _stages([person]) == [stage]


def test_who_buys_often_slips_sooner() -> None:
    weekly, seldom = _bought(*range(20 * 7 + 30, 29, -7)), _bought(30)

    # Usual gap of the one: (20 x 7 + 40) / 21 < 9 days. 30 days are over 2 and below 4 of them.
    assert _stages([weekly, seldom]) == [Stage.SLIPPING, Stage.FIRST_TIME_BUYER]


def test_who_buys_seldom_is_given_time() -> None:
    yearly = _bought(5 * 365, 4 * 365, 3 * 365, 2 * 365, 365)

    # Usual gap: (4 x 365 + 40) / 5 = 300 days.
    assert _stages([yearly]) == [Stage.LOYAL]


def test_the_pause_of_somebody_who_returned_is_no_rhythm() -> None:
    # Bought 10 days apart, then came back after 700: by (10 + 40) / 2 = 25 days a gap, 51 are over
    # two of them; with the pause in the mean it would be (710 + 40) / 3 = 250.
    assert _stages([_bought(761, 751, 51)]) == [Stage.SLIPPING]


def test_the_usual_gap_is_that_of_the_buyers_in_the_middle() -> None:
    histories = Histories.of(
        [[(0, BUY, day * SECONDS_PER_DAY) for day in days] for days in ((0, 10), (0, 30), (0, 90))]
    )

    assert usual_gap_days(activity(histories, as_of_s=0)) == 30


def test_a_shop_in_which_nobody_bought_twice_has_the_default_gap() -> None:
    assert usual_gap_days(activity(Histories.empty(3), as_of_s=0)) == StageRules().gap_days


def test_stage_codes_never_change() -> None:
    assert [stage.value for stage in map(Stage.of_code, range(8))] == [
        *("new visitor", "browser", "first-time buyer", "active"),
        *("loyal", "slipping", "lapsed", "returned"),
    ]
    assert [stage.code for stage in Stage] == list(range(8))


@pytest.mark.parametrize(
    "wrong", [{"gap_days": 0}, {"loyal_orders": 1}, {"slipping_after": 5}, {"slipping_after": 0}]
)
def test_rules_that_put_no_order_into_the_stages_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidSettings, match="gap_days > 0"):
        StageRules(**wrong)  # type: ignore[arg-type]  # on purpose


days_ago = st.lists(st.integers(0, 2_000), max_size=12).map(lambda one: sorted(one, reverse=True))
people = st.lists(
    days_ago.flatmap(
        lambda ages: st.tuples(
            *(st.tuples(st.just(0), st.sampled_from([BUY, VIEW]), st.just(age)) for age in ages)
        ).map(list)
    ),
    min_size=1,
    max_size=6,
)


@given(people, st.floats(1, 400))
def test_everybody_is_in_one_stage_that_fits_what_they_did(
    crowd: list[Person], gap_days: float
) -> None:
    stages = _stages(crowd, StageRules(gap_days=gap_days))

    assert len(stages) == len(crowd)
    for person, stage in zip(crowd, stages, strict=True):
        has_bought = any(kind == BUY for _, kind, _ in person)
        assert (stage in (Stage.NEW_VISITOR, Stage.BROWSER)) != has_bought


@given(people)
def test_stages_do_not_depend_on_who_else_is_there(crowd: list[Person]) -> None:
    assert _stages(crowd) == [_stages([one])[0] for one in crowd]
    assert _stages(crowd[::-1]) == _stages(crowd)[::-1]


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8), st.integers(1, 500))
def test_waiting_longer_never_leads_back_from_lapsed(ages: list[int], longer: int) -> None:
    order = (Stage.SLIPPING, Stage.LAPSED)
    now = _stages([_bought(*sorted(ages, reverse=True))])[0]
    later = _stages([_bought(*(age + longer for age in sorted(ages, reverse=True)))])[0]

    ranks = [order.index(one) + 1 if one in order else 0 for one in (now, later)]

    assert ranks == sorted(ranks)


def test_the_arguments_are_left_as_they_were() -> None:
    known = activity(Histories.of([_bought(1)]), as_of_s=10)
    before = known.orders.copy()

    lifecycle(known, RULES)

    assert np.array_equal(known.orders, before)
