"""Laws of the time split: what is learnt from is before what is measured on."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import FutureEventError, InvalidInput
from training.split import Fold, check_no_leak, time_folds

DAY_S = 86_400
AS_OF = datetime(2011, 10, 10, tzinfo=UTC)
AS_OF_S = int(AS_OF.timestamp())
FOLD = Fold(AS_OF, horizon_days=60, gap_days=2)
NOTHING = np.array([], dtype=np.int64)
ON_TIME = np.array([AS_OF_S + 3 * DAY_S])

moments = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001 -- Hypothesis adds the time zone
    max_value=datetime(2050, 1, 1),  # noqa: DTZ001 -- Hypothesis adds the time zone
    timezones=st.sampled_from([UTC, ZoneInfo("Europe/London"), ZoneInfo("Australia/Sydney")]),
)
days = st.integers(1, 90)
gaps = st.integers(0, 14)


def days_after_as_of(*ages: float) -> np.ndarray:
    return np.array([AS_OF_S + round(age * DAY_S) for age in ages], dtype=np.int64)


@given(moments, days, st.integers(1, 6), gaps)
def test_the_last_fold_closes_at_the_last_event(
    last_event: datetime, horizon_days: int, n_folds: int, gap_days: int
) -> None:
    folds = time_folds(last_event, horizon_days=horizon_days, n_folds=n_folds, gap_days=gap_days)

    assert len(folds) == n_folds
    assert folds[-1].closes == last_event
    assert folds[-1].as_of == last_event.astimezone(UTC) - timedelta(days=horizon_days + gap_days)


@given(moments, days, st.integers(2, 6), gaps)
def test_the_windows_follow_each_other_without_hole_or_overlap(
    last_event: datetime, horizon_days: int, n_folds: int, gap_days: int
) -> None:
    folds = time_folds(last_event, horizon_days=horizon_days, n_folds=n_folds, gap_days=gap_days)

    for earlier, later in pairwise(folds):
        assert earlier.closes == later.opens
        assert later.as_of - earlier.as_of == timedelta(days=horizon_days)


@given(
    moments,
    days,
    gaps,
    st.lists(st.integers(-200 * DAY_S, 200 * DAY_S), min_size=1),
)
def test_every_second_is_history_or_gap_or_target_or_later(
    as_of: datetime, horizon_days: int, gap_days: int, offsets_s: list[int]
) -> None:
    fold = Fold(as_of, horizon_days, gap_days)
    offsets = np.array([0, gap_days * DAY_S, (gap_days + horizon_days) * DAY_S, *offsets_s])

    timestamps = offsets + int(as_of.timestamp())

    assert fold.in_history(timestamps).tolist() == (offsets <= 0).tolist()
    begin, end = gap_days * DAY_S, (gap_days + horizon_days) * DAY_S
    assert fold.in_targets(timestamps).tolist() == [begin < one <= end for one in offsets]


@given(moments, days, gaps, st.lists(st.integers(-200 * DAY_S, 200 * DAY_S)))
def test_what_the_fold_marks_never_leaks(
    as_of: datetime, horizon_days: int, gap_days: int, offsets_s: list[int]
) -> None:
    fold = Fold(as_of, horizon_days, gap_days)
    timestamps = np.array(offsets_s, dtype=np.int64) + int(as_of.timestamp())

    history = timestamps[fold.in_history(timestamps)]
    targets = timestamps[fold.in_targets(timestamps)]

    check_no_leak(history, targets, fold)
    assert not len(history) or not len(targets) or history.max() < targets.min()


@given(moments, days, st.integers(2, 6), gaps, st.lists(st.integers(-600 * DAY_S, 0)))
def test_no_event_is_a_target_of_two_folds(
    last_event: datetime, horizon_days: int, n_folds: int, gap_days: int, ages_s: list[int]
) -> None:
    folds = time_folds(last_event, horizon_days=horizon_days, n_folds=n_folds, gap_days=gap_days)
    timestamps = np.array(ages_s, dtype=np.int64) + int(last_event.timestamp())

    times_a_target = sum(fold.in_targets(timestamps).astype(int) for fold in folds)

    assert (times_a_target <= 1).all()


def test_windows_keep_their_length_when_the_clocks_change() -> None:
    before_the_change = datetime(2011, 10, 29, 12, tzinfo=ZoneInfo("Europe/London"))

    fold = Fold(before_the_change, horizon_days=2)

    assert fold.closes.timestamp() - before_the_change.timestamp() == 2 * DAY_S


def test_a_planted_leak_is_caught_and_measured() -> None:
    history = days_after_as_of(-30, 2, -1, 0.5)

    with pytest.raises(FutureEventError, match=r"^event is 2\.0 days after as_of; filter it or"):
        check_no_leak(history, ON_TIME, FOLD)


def test_a_leak_of_one_second_is_caught() -> None:
    with pytest.raises(FutureEventError, match=r"^event is 1 s after as_of"):
        check_no_leak(np.array([AS_OF_S + 1]), ON_TIME, FOLD)


def test_an_event_at_as_of_is_history() -> None:
    check_no_leak(np.array([AS_OF_S]), ON_TIME, FOLD)


@pytest.mark.parametrize(
    ("age_days", "complaint"),
    [(2, "0 s before"), (1, r"1\.0 days before"), (-5, r"7\.0 days before")],
)
def test_a_target_before_the_window_is_a_leak(age_days: float, complaint: str) -> None:
    with pytest.raises(FutureEventError, match=complaint):
        check_no_leak(NOTHING, days_after_as_of(10, age_days), FOLD)


def test_a_target_after_the_window_is_refused() -> None:
    last = 2 + 60

    check_no_leak(NOTHING, days_after_as_of(last), FOLD)

    with pytest.raises(InvalidInput, match=r"target is 3\.0 days after its window closes"):
        check_no_leak(NOTHING, days_after_as_of(10, last + 3), FOLD)


def test_nothing_learnt_and_nothing_measured_does_not_leak() -> None:
    check_no_leak(NOTHING, NOTHING, FOLD)


def test_the_zone_of_as_of_does_not_matter() -> None:
    in_tokyo = AS_OF.astimezone(timezone(timedelta(hours=9)))

    assert Fold(in_tokyo, 60, 2).closes == FOLD.closes
    assert Fold(in_tokyo, 60, 2).in_history(np.array([AS_OF_S, AS_OF_S + 1])).tolist() == [
        True,
        False,
    ]


def test_a_time_without_zone_is_refused() -> None:
    naive = AS_OF.replace(tzinfo=None)

    with pytest.raises(InvalidInput, match="as_of has no time zone"):
        Fold(naive, horizon_days=1)
    with pytest.raises(InvalidInput, match="last_event has no time zone"):
        time_folds(naive, horizon_days=1, n_folds=1)


@pytest.mark.parametrize(
    ("horizon_days", "n_folds", "gap_days"), [(0, 1, 0), (1, 0, 0), (1, 1, -1), (-3, 2, 0)]
)
def test_folds_without_sense_are_refused(horizon_days: int, n_folds: int, gap_days: int) -> None:
    with pytest.raises(InvalidInput, match="must be at least"):
        time_folds(AS_OF, horizon_days=horizon_days, n_folds=n_folds, gap_days=gap_days)
