"""Context counts: a whole log is read by the same calendar, clock and words as one request."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from features.context import KINDS, situation
from features.context_counts import UNKNOWN, ContextCounts

COUNTRIES = ("Australia", "EIRE", "GB", "Singapore", "USA", "Unspecified")
DEVICES = ("Android", "desktop", "toaster")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _counts(hours: list[int], countries: list[int], devices: list[int]) -> ContextCounts:
    n = len(hours)
    return ContextCounts(
        item_rows=np.zeros(n, np.int32),
        event_types=np.zeros(n, np.uint8),
        hours=np.array(hours, np.int32),
        country_rows=np.array(countries, np.int16),
        device_rows=np.array(devices, np.int16),
        counts=np.ones(n, np.float32),
        countries=COUNTRIES,
        devices=DEVICES,
    )


def _named(counts: ContextCounts, entry: int) -> dict[str, str]:
    codes = {kind: int(values[entry]) for kind, values in counts.codes().items()}
    return {kind: KINDS[kind][code] for kind, code in codes.items() if code != UNKNOWN}


@given(
    hour=st.integers(24 * 365 * 30, 24 * 365 * 60),
    country=st.integers(0, len(COUNTRIES) - 1),
    device=st.integers(0, len(DEVICES) - 1),
)
def test_an_event_has_the_context_that_a_request_of_that_moment_has(
    hour: int, country: int, device: int
) -> None:
    at = EPOCH + timedelta(hours=hour, minutes=30)
    asked = situation(at=at, country=COUNTRIES[country], device=DEVICES[device])
    noon = situation(at=at.replace(hour=12, minute=0), country=COUNTRIES[country])
    # On the two days of a year on which a clock changes, the log goes by noon's.
    assume(asked.at.utcoffset() == noon.at.utcoffset())

    counts = _counts([hour, hour], [country, -1], [device, -1])

    assert _named(counts, 0) == asked.kinds
    assert _named(counts, 1) == {}


def test_the_south_is_where_the_latitude_says() -> None:
    counts = _counts([0] * 7, [0, 1, 2, 3, 4, 5, -1], [-1] * 7)

    assert counts.is_southern().tolist() == [True, *[False] * 6]


def test_a_log_without_events_has_no_contexts() -> None:
    assert all(len(values) == 0 for values in _counts([], [], []).codes().values())
