"""The audience: whom a file names, each once, as the shop writes them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import UnreadableFile
from features.ids import IdMap
from serving.audience import Audience

USERS = IdMap.of(["007", "7", "anna", "anonymous:x1", "NA", "zoë"])


def ids_of(audience: Audience) -> list[str]:
    return audience.ids(0, len(audience))


def as_text(path: Path, ids: list[str]) -> Path:
    path.write_text("\n".join(ids), encoding="utf-8")
    return path


def as_csv(path: Path, ids: list[str]) -> Path:
    rows = [f"{place},{one}" for place, one in enumerate(ids)]
    path.write_text("\n".join(["n,user_id", *rows]), encoding="utf-8")
    return path


def as_parquet(path: Path, ids: list[str]) -> Path:
    pq.write_table(pa.table({"n": list(range(len(ids))), "user_id": ids}), path)
    return path


FORMATS = pytest.mark.parametrize(
    ("name", "write"), [("a.txt", as_text), ("a.csv", as_csv), ("a.parquet", as_parquet)]
)


@FORMATS
def test_everybody_a_file_names_counts_once_and_in_order(
    tmp_path: Path, name: str, write: Callable[[Path, list[str]], Path]
) -> None:
    path = write(tmp_path / name, ["zoë", "007", "stranger", "7", "zoë", "NA", "stranger"])

    audience = Audience.read(path, USERS)

    assert ids_of(audience) == ["zoë", "007", "stranger", "7", "NA"]
    assert audience.user_rows.tolist() == [5, 0, -1, 1, 4]


@FORMATS
def test_a_file_that_names_nobody_is_an_error(
    tmp_path: Path, name: str, write: Callable[[Path, list[str]], Path]
) -> None:
    with pytest.raises(UnreadableFile, match="names no users"):
        Audience.read(write(tmp_path / name, [""]), USERS)


def test_whole_numbers_are_ids_too(tmp_path: Path) -> None:
    pq.write_table(pa.table({"user_id": [7, 8]}), tmp_path / "ids.parquet")

    assert ids_of(Audience.read(tmp_path / "ids.parquet", USERS)) == ["7", "8"]


def test_a_spreadsheet_s_mark_and_line_ends_are_no_part_of_an_id(tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_bytes("\ufeffanna\r\n\r\n 007 \r\n".encode())

    assert ids_of(Audience.read(path, USERS)) == ["anna", "007"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.txt", None),
        ("latin.txt", "zoë".encode("latin-1")),
        ("other.csv", b"id,name\n1,anna\n"),
        ("broken.csv", b'user_id,n\n"anna,1\n'),
        ("empty.csv", b""),
        ("text.parquet", b"anna"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_an_error(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(UnreadableFile, match=f"{name}.*column user_id"):
        Audience.read(tmp_path / name, USERS)


def test_everybody_is_every_user_and_no_visitor() -> None:
    assert ids_of(Audience.everybody(USERS)) == ["007", "7", "anna", "NA", "zoë"]


def test_a_digest_tells_audiences_apart() -> None:
    asked = [["anna", "x"], ["anna", "y"], ["x", "anna"], ["anna"], ["007", "x"]]

    digests = {Audience.named(USERS, ids).digest for ids in asked}

    assert len(digests) == len(asked)
    assert Audience.named(USERS, ["anna", "x", "x"]).digest in digests


def test_a_part_of_an_audience_is_named_like_the_whole() -> None:
    audience = Audience.named(USERS, ["x", "anna", "y", "7", "z"])

    assert audience.ids(1, 4) == ["anna", "y", "7"]
    np.testing.assert_array_equal(audience.user_rows[1:4], [2, -1, 1])
