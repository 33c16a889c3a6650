"""Arrays and tables come back from disk as they went, mapped and never unpickled."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, scalar_dtypes

from features.errors import CorruptBundle
from training.storage import StoredArrays, read_table, settle, write_arrays, write_table


@given(array=arrays(scalar_dtypes(), array_shapes(min_dims=1, min_side=0, max_side=4)))
def test_an_array_comes_back_as_it_went(
    array: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("arrays")
    write_arrays(folder, {"inner/one": array})

    stored = StoredArrays(folder, ("inner/one.npy",)).one("inner/one")

    assert stored.dtype == array.dtype
    assert stored.shape == array.shape
    assert stored.tobytes() == array.tobytes()
    assert type(stored) is np.ndarray
    assert not stored.flags.writeable


def test_a_group_is_what_the_manifest_names(tmp_path: Path) -> None:
    write_arrays(tmp_path, {"a/one": np.arange(2), "a/two": np.arange(3), "ab/x": np.arange(4)})
    (tmp_path / "a" / "stranger.npy").write_bytes(b"not looked at")

    group = StoredArrays(tmp_path, ("a/one.npy", "a/two.npy", "ab/x.npy")).group("a")

    assert {name: len(one) for name, one in group.items()} == {"one": 2, "two": 3}


def test_objects_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        write_arrays(tmp_path, {"one": np.array([print], dtype=object)})


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_what_is_no_array_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "one.npy").write_bytes(content)

    with pytest.raises(CorruptBundle, match=r"one\.npy cannot be opened"):
        StoredArrays(tmp_path, ("one.npy",)).one("one")


def test_objects_are_not_read(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.array([print], dtype=object), allow_pickle=True)

    with pytest.raises(CorruptBundle, match="promote a version again"):
        StoredArrays(tmp_path, ("one.npy",)).one("one")


@given(titles=st.lists(st.none() | st.text(max_size=5), max_size=6))
def test_a_table_comes_back_as_it_went(
    titles: list[str | None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("tables") / "one.arrow"
    table = pa.table({"title": pa.array(titles, pa.string())})

    write_table(table, path)

    assert read_table(path).equals(table)


@pytest.mark.parametrize("content", [None, b"", b"no table"])
def test_what_is_no_table_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "one.arrow"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(CorruptBundle, match=r"one\.arrow cannot be opened"):
        read_table(path)


def test_a_draft_takes_its_final_name_or_goes(tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        draft = tmp_path / "draft"
        draft.mkdir()
        (draft / "file").write_bytes(content)

        assert settle(draft, tmp_path / "final") == tmp_path / "final"

    assert (tmp_path / "final" / "file").read_bytes() == b"first"
    assert not (tmp_path / "draft").exists()
