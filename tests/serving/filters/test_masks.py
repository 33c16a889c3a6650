"""A mask is computed once for a question, and what is remembered is bounded."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest

from features.errors import InvalidFilter
from serving.filters import Masks, compile_filter

TABLE = pa.table({"price": [1.0, 2.0, 3.0], "brand": ["a", "b", None]})


def test_the_same_question_has_the_same_answer() -> None:
    masks = Masks(TABLE)

    first = masks.of("price < :max AND brand IN (:of)", {"max": 2, "of": ["a", "b"]})
    again = masks.of("price < :max AND brand IN (:of)", {"of": ("a", "b"), "max": 2})

    assert first is again
    assert first.tolist() == [True, False, False]
    assert len(masks) == 1


def test_another_text_value_or_type_is_another_question() -> None:
    masks = Masks(TABLE)

    assert masks.of("price < :max", {"max": 2}).tolist() == [True, False, False]
    assert masks.of("price <= :max", {"max": 2}).tolist() == [True, True, False]
    assert masks.of("price < :max", {"max": 3}).tolist() == [True, True, False]
    with pytest.raises(InvalidFilter):
        masks.of("price < :max", {"max": "2"})
    assert masks.of("price < :max", {"max": 1}).tolist() == [False, False, False]
    with pytest.raises(InvalidFilter):
        masks.of("price < :max", {"max": True})


def test_another_table_has_another_mask() -> None:
    other = Masks(TABLE.slice(1))

    assert other.of("price < 3", {}).tolist() == [True, False]
    assert Masks(TABLE).of("price < 3", {}).tolist() == [True, True, False]


def test_a_mask_cannot_be_written_to() -> None:
    mask = Masks(TABLE).of("price < 3", {})

    with pytest.raises(ValueError, match="read-only"):
        mask[0] = False


def test_only_the_masks_asked_last_are_kept() -> None:
    masks = Masks(TABLE, most_masks=2)
    first, second = masks.of("price < 1", {}), masks.of("price < 2", {})

    assert masks.of("price < 1", {}) is first
    masks.of("price < 3", {})

    assert len(masks) == 2
    assert masks.of("price < 1", {}) is first
    assert masks.of("price < 2", {}) is not second


def test_the_masks_take_no_more_bytes_than_allowed() -> None:
    of_one = len("price < 1\0{}") + TABLE.num_rows
    masks = Masks(TABLE, most_bytes=2 * of_one)

    for n in range(1, 9):
        masks.of(f"price < {n}", {})

    assert len(masks) == 2


def test_a_mask_that_is_larger_than_all_bytes_is_given_and_not_kept() -> None:
    masks = Masks(TABLE, most_bytes=1)

    assert masks.of("price < 2", {}).tolist() == [True, False, False]
    assert len(masks) == 0


def test_an_error_is_not_kept() -> None:
    masks = Masks(TABLE)

    for _ in range(2):
        with pytest.raises(InvalidFilter):
            masks.of("price <", {})

    assert len(masks) == 0


def test_many_threads_get_the_masks_that_one_gets() -> None:
    masks = Masks(TABLE, most_masks=3)
    questions = [(f"price < {n % 7}", n % 7) for n in range(700)]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda question: masks.of(question[0], {}), questions))

    assert len(masks) == 3
    for mask, (text, _) in zip(found, questions, strict=True):
        np.testing.assert_array_equal(mask, compile_filter(text).mask(TABLE, {}))
