"""Context lifts: what a season, an hour or a device changes is learnt, and nothing else is."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from features.arrivals import UNKNOWN_DAY
from features.catalog import ITEM_SCHEMA, Catalogue
from features.context import Situation, situation
from features.context_counts import ContextCounts
from features.context_lifts import ContextLifts
from features.events import EventType
from features.weights import ConfidenceWeights
from tests.shops import item

BOOTS, SANDALS, MUGS, NEW_BOOTS, TREE = range(5)
CATEGORIES = ("Boots", "Sandals", "Mugs", "Boots", "Christmas")
GB, AU = 0, 1
YEAR_BEGAN = 24 * (datetime(2023, 12, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
MORNING, EVENING = 9, 20
ENTRIES = ("item_rows", "event_types", "hours", "country_rows", "device_rows", "counts")

Entry = tuple[int, int, int]
"""An item, an hour of the year, a country."""


def _year(*, days: int = 366) -> Iterator[Entry]:
    """Sell boots in the cold half of the year, sandals in the other, and mugs every morning."""
    for day in range(days):
        is_cold = day < 91 or day >= 274
        for place, wanted in ((GB, is_cold), (AU, not is_cold)):
            yield from 4 * [(MUGS, 24 * day + MORNING, place)]
            yield from 2 * [(BOOTS if wanted else SANDALS, 24 * day + EVENING, place)]
        if day < 25:
            yield from 6 * [(TREE, 24 * day + EVENING, GB), (TREE, 24 * day + EVENING, AU)]


def _counts(entries: list[Entry], devices: tuple[int, ...] = (0,)) -> ContextCounts:
    items, hours, countries = np.array(entries).T
    return ContextCounts(
        item_rows=items.astype(np.int32),
        event_types=np.full(len(items), EventType.PURCHASE.code, np.uint8),
        hours=(YEAR_BEGAN + hours).astype(np.int32),
        country_rows=countries.astype(np.int16),
        device_rows=np.resize(np.array(devices), len(items)).astype(np.int16),
        counts=np.ones(len(items), np.float32),
        countries=("GB", "AU"),
        devices=("mobile", "desktop"),
    )


def _learnt(
    counts: ContextCounts,
    *,
    categories: tuple[str | None, ...] = CATEGORIES,
    first_days: NDArray[np.int32] | None = None,
) -> ContextLifts:
    item_ids = [f"item-{row}" for row in range(len(categories))]
    rows = [item(one, category=path) for one, path in zip(item_ids, categories, strict=True)]
    table = pa.Table.from_pylist(rows, schema=ITEM_SCHEMA)
    alive = np.ones(len(rows), dtype=np.bool_)
    return ContextLifts.of(
        counts,
        Catalogue.of(table, item_ids=item_ids, alive=alive),
        first_days=np.full(len(rows), UNKNOWN_DAY, np.int32) if first_days is None else first_days,
        weights=ConfidenceWeights(),
    )


def _asked(month: int, country: str | None = "GB", hour: int = 12, **told: Any) -> Situation:  # noqa: ANN401 -- any of what a client tells
    return situation(at=datetime(2025, month, 20, hour, tzinfo=UTC), country=country, **told)


def _lifts(learnt: ContextLifts, kind: str, asked: Situation) -> NDArray[np.float64]:
    return np.exp(learnt.log_lifts(asked)[kind]).astype(np.float64)


@pytest.fixture(scope="module")
def learnt() -> ContextLifts:
    return _learnt(_counts(list(_year())))


def test_an_item_is_lifted_in_its_season_and_lowered_out_of_it(learnt: ContextLifts) -> None:
    winter, summer = _lifts(learnt, "season", _asked(12)), _lifts(learnt, "season", _asked(7))

    assert winter[BOOTS] > 1.5
    assert summer[BOOTS] < 0.2
    assert summer[SANDALS] > 1.5
    assert winter[SANDALS] < 0.2


def test_the_season_is_the_persons_own(learnt: ContextLifts) -> None:
    here, there = learnt.out_of_season(_asked(12)), learnt.out_of_season(_asked(12, "Australia"))

    assert here is not None
    assert there is not None
    assert [row for row in (BOOTS, SANDALS, MUGS) if here[row]] == [SANDALS]
    assert [row for row in (BOOTS, SANDALS, MUGS) if there[row]] == [BOOTS]


def test_a_new_item_has_the_season_of_its_category(learnt: ContextLifts) -> None:
    marks = learnt.out_of_season(_asked(7))

    assert marks is not None
    assert marks[NEW_BOOTS]


def test_what_the_whole_world_wants_in_december_is_not_out_of_season_in_the_south(
    learnt: ContextLifts,
) -> None:
    there = _lifts(learnt, "season", _asked(12, "AU"))

    assert there[TREE] > 1
    assert there[BOOTS] < 0.5


def test_where_the_south_has_not_shown_its_ways_its_winter_is_as_the_norths() -> None:
    north = _learnt(_counts([one for one in _year() if one[2] == GB]))

    here, there = _lifts(north, "season", _asked(12)), _lifts(north, "season", _asked(7, "AU"))

    assert there == pytest.approx(here, rel=0.1, abs=0.1)
    assert (there < 0.5).tolist() == (here < 0.5).tolist()


def test_an_item_that_came_in_autumn_is_not_taken_for_one_that_nobody_wants_in_summer() -> None:
    new_mug, day_it_came = 5, 335
    sold = 3 * [(new_mug, 24 * day + MORNING, GB) for day in range(day_it_came, 366)]
    counts, categories = _counts([*_year(), *sold]), (*CATEGORIES, None)
    came = np.full(len(categories), UNKNOWN_DAY, np.int32)
    came[new_mug] = YEAR_BEGAN // 24 + day_it_came

    known = _learnt(counts, categories=categories, first_days=came)
    unknown = _learnt(counts, categories=categories)

    assert _lifts(known, "season", _asked(7))[new_mug] == pytest.approx(1, rel=0.01)
    assert _lifts(unknown, "season", _asked(7))[new_mug] < 0.5


def test_less_than_a_season_of_data_teaches_nothing_of_seasons() -> None:
    learnt = _learnt(_counts(list(_year(days=50))))

    assert not learnt.season.any()
    assert learnt.daypart.any()


def test_a_season_that_the_log_has_hardly_seen_teaches_nothing() -> None:
    autumn_and_some_winter = [one for one in _year() if one[1] // 24 >= 274 or one[1] // 24 < 30]

    learnt = _learnt(_counts([one for one in autumn_and_some_winter if one[2] == GB]))

    assert (_lifts(learnt, "season", _asked(12)) == 1).all()


def test_a_little_evidence_changes_little() -> None:
    rare = 5
    learnt = _learnt(
        _counts([*_year(), (rare, 5, GB), (rare, 200, GB)]), categories=(*CATEGORIES, None)
    )

    lifts = _lifts(learnt, "season", _asked(7))

    assert lifts[rare] == pytest.approx(1, abs=0.35)


def test_mornings_and_evenings_lift_what_is_wanted_then() -> None:
    learnt = _learnt(_counts([one for one in _year() if one[2] == GB]))

    morning, evening = _asked(12, hour=8), _asked(12, hour=21)

    assert _lifts(learnt, "daypart", morning)[MUGS] > 1 > _lifts(learnt, "daypart", evening)[MUGS]


def test_a_device_lifts_what_is_wanted_on_it() -> None:
    counts = _counts(list(_year()))
    on_desktop = np.where(counts.item_rows == MUGS, 1, 0).astype(np.int16)

    learnt = _learnt(replace(counts, device_rows=on_desktop))

    mobile, desktop = (_asked(12, device=device) for device in ("mobile", "desktop"))
    assert _lifts(learnt, "device", desktop)[MUGS] > 1 > _lifts(learnt, "device", mobile)[MUGS]
    assert (_lifts(learnt, "device", _asked(12, device="tablet")) == 1).all()


def test_only_what_is_known_of_the_situation_is_told(learnt: ContextLifts) -> None:
    assert list(learnt.log_lifts(_asked(12))) == ["season", "daypart", "weekday"]
    assert list(learnt.log_lifts(_asked(12, None, device="mobile"))) == ["device"]
    assert list(learnt.log_lifts(_asked(12, "Singapore"))) == ["daypart", "weekday"]


def test_nothing_is_out_of_season_where_there_is_none(learnt: ContextLifts) -> None:
    assert learnt.out_of_season(_asked(12, "Singapore")) is None
    assert learnt.out_of_season(_asked(12, None)) is None


def test_a_lower_floor_marks_fewer(learnt: ContextLifts) -> None:
    strict, mild = (learnt.out_of_season(_asked(7), floor=floor) for floor in (1.0, 1e-3))

    assert strict is not None
    assert mild is not None
    assert strict[BOOTS]
    assert not mild.any()


def test_the_order_of_the_log_changes_nothing(learnt: ContextLifts) -> None:
    counts = _counts(list(_year()))
    order = np.random.default_rng(0).permutation(len(counts.counts))

    shuffled = replace(counts, **{name: getattr(counts, name)[order] for name in ENTRIES})

    again = _learnt(shuffled)
    assert all(
        np.array_equal(again.arrays()[kind], lifts) for kind, lifts in learnt.arrays().items()
    )


def test_lifts_are_the_same_after_storage(learnt: ContextLifts) -> None:
    arrays = learnt.arrays()

    opened = ContextLifts.from_arrays(arrays)

    assert {kind: lifts.shape for kind, lifts in arrays.items()} == {
        "season": (8, 5),
        "daypart": (4, 5),
        "weekday": (2, 5),
        "device": (4, 5),
    }
    assert all(lifts.dtype == np.float32 for lifts in arrays.values())
    assert all(np.array_equal(opened.arrays()[kind], lifts) for kind, lifts in arrays.items())


def test_a_shop_without_events_or_categories_has_no_lifts() -> None:
    one = _counts([(MUGS, 0, GB)])
    empty = replace(one, **{name: getattr(one, name)[:0] for name in ENTRIES})

    learnt = _learnt(empty, categories=(None,) * 5)

    assert not any(lifts.any() for lifts in learnt.arrays().values())
