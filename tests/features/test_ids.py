"""Ids and rows: what is put in comes out, and nothing else does."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from features import ids
from features.errors import InvalidInput
from features.ids import MISSING, IdMap

# Whatever UTF-8 can write, which is everything but lone surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
id_lists = st.lists(texts, unique=True, max_size=30)


@given(id_lists)
def test_every_id_is_found_in_its_row_and_named_from_it(external_ids: list[str]) -> None:
    id_map = IdMap.of(external_ids)

    assert len(id_map) == len(external_ids)
    assert id_map.rows(external_ids).tolist() == list(range(len(external_ids)))
    assert [id_map.id_of(row) for row in range(len(id_map))] == external_ids
    assert id_map.ids(np.arange(len(id_map))) == external_ids


@given(id_lists, texts)
def test_an_id_that_was_not_given_is_missing(external_ids: list[str], other: str) -> None:
    id_map = IdMap.of([one for one in external_ids if one != other])

    assert id_map.row_of(other) == MISSING
    assert other not in id_map


@given(id_lists, st.lists(texts, max_size=10))
def test_a_map_that_was_added_to_is_the_map_of_all(known: list[str], more: list[str]) -> None:
    added = IdMap.of(known).add_ids(more)

    whole = IdMap.of(list(dict.fromkeys([*known, *more])))
    for name, array in whole.arrays().items():
        np.testing.assert_array_equal(added.arrays()[name], array, strict=True)


@given(id_lists, st.lists(texts, max_size=10))
def test_added_ids_come_behind_and_move_nobody(known: list[str], more: list[str]) -> None:
    before = IdMap.of(known)

    after = before.add_ids(more)

    assert after.rows(known).tolist() == list(range(len(known)))
    assert after.ids(np.arange(len(after))) == [*known, *dict.fromkeys(set_minus(more, known))]
    assert len(before) == len(known)


def set_minus(more: list[str], known: list[str]) -> list[str]:
    return [one for one in more if one not in known]


def test_rows_are_given_in_the_order_asked_and_repeatedly() -> None:
    id_map = IdMap.of(["mug", "lamp", "sofa"])

    assert id_map.rows(["sofa", "desk", "mug", "sofa"]).tolist() == [2, MISSING, 0, 2]
    assert id_map.ids(np.array([1, 1, 0])) == ["lamp", "lamp", "mug"]


@pytest.mark.parametrize("external_id", ["", "häuschen", "お茶", "🧣", "e\u0301", "a\x00b", " a"])
def test_ids_are_compared_byte_by_byte(external_id: str) -> None:
    near = ["é", "a", "b", "haus"]

    id_map = IdMap.of([*near, external_id])

    assert id_map.row_of(external_id) == len(near)
    assert id_map.id_of(len(near)) == external_id


def test_an_id_that_is_no_unicode_is_missing_and_not_an_error() -> None:
    assert IdMap.of(["a"]).row_of("\ud800") == MISSING


def test_an_id_given_twice_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="id 'lamp' occurs twice; give every id once"):
        IdMap.of(["mug", "lamp", "sofa", "lamp"])


@pytest.mark.parametrize("external_ids", [["mug", "", "お茶"], []])
def test_a_map_opens_from_its_stored_arrays(external_ids: list[str], tmp_path: Path) -> None:
    stored = IdMap.of(external_ids).arrays()
    for name, array in stored.items():
        np.save(tmp_path / f"{name}.npy", array)

    opened = IdMap(**{name: np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in stored})

    assert opened.rows([*external_ids, "sofa"]).tolist() == [*range(len(external_ids)), MISSING]
    assert opened.ids(np.arange(len(opened))) == external_ids


def test_ids_whose_hashes_collide_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_alike(_: object, count: int) -> NDArray[np.uint64]:
        return np.full(count, 2**63, dtype=np.uint64)

    monkeypatch.setattr(ids, "_hashes", all_alike)

    id_map = IdMap.of(["mug", "lamp", "sofa"])

    assert id_map.rows(["sofa", "mug", "lamp", "desk"]).tolist() == [2, 0, 1, MISSING]
