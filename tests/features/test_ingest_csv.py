"""The laws of reading CSV: right lines, and a broken line costs itself."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import UnreadableFile
from features.event_log.engine import SOURCE_LINE
from features.ingest import lines
from features.ingest.csv_rows import read_csv
from features.ingest.inputs import find
from features.reasons import MAX_LINE_BYTES, Reason

HEADER = ["a", "b", "c"]
BROKEN = {
    b'"x,1,2': Reason.BROKEN_QUOTE,
    b'1,"x"y,2': Reason.BROKEN_QUOTE,
    b"1,2": Reason.WRONG_NUMBER_OF_FIELDS,
    b"1,2,3,4": Reason.WRONG_NUMBER_OF_FIELDS,
    b"1,\xff,3": Reason.NOT_UTF8,
    b"1,x\ry,3": Reason.CARRIAGE_RETURN,
    b"1," + b"x" * MAX_LINE_BYTES + b",3": Reason.LINE_TOO_LONG,
}
# A text with either delimiters or line breaks; both at once can look like rows of their own.
CELL = st.one_of(st.text("ab,;'\" é", max_size=6), st.text('ab"\n é', max_size=6))


def read(path: Path, *, delimiter: str = ",") -> tuple[list[tuple], list[tuple[int, Reason]]]:
    (source,) = find([path])
    batches = list(read_csv(source, delimiter=delimiter))
    rows = [tuple(row.values()) for batch in batches for row in batch.rows.to_pylist()]
    refused = [(one.line, one.reason) for batch in batches for one in batch.refused]
    return rows, refused


def write(folder: Path, content: bytes, name: str = "given.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@settings(max_examples=150, deadline=None)
@given(
    cells=st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=12),
    ending=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    block_bytes=st.sampled_from([8, 64, 4 << 20]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_what_a_csv_writer_writes_is_read_with_the_line_of_each_row(
    tmp_path_factory: pytest.TempPathFactory,
    cells: list[list[str]],
    ending: str,
    quoting: int,
    block_bytes: int,
    mark: bytes,
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=ending, quoting=quoting)
    writer.writerow(HEADER)
    expected = []
    for row in cells:
        line = text.getvalue().count("\n") + 1
        writer.writerow(row)
        expected.append((*(cell or None for cell in row), line))
    path = write(tmp_path_factory.mktemp("csv"), mark + text.getvalue().encode())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_BLOCK_BYTES", block_bytes)
        rows, refused = read(path)

    assert rows == expected
    assert refused == []


@settings(max_examples=150, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(["plain", "quoted", *BROKEN]), min_size=1, max_size=15),
    block_bytes=st.sampled_from([8, 64, 4 << 20]),
    has_last_newline=st.booleans(),
)
def test_a_broken_line_costs_itself_and_no_line_around_it(
    tmp_path_factory: pytest.TempPathFactory,
    kinds: list[str | bytes],
    block_bytes: int,
    has_last_newline: bool,
) -> None:
    good = {"plain": b"x,y,%d", "quoted": b'"x","y ""z""",%d'}
    content = [b"a,b,c"]
    content += [good[kind] % n if kind in good else kind for n, kind in enumerate(kinds)]
    tail = b"\n" if has_last_newline else b""
    path = write(tmp_path_factory.mktemp("csv"), b"\n".join(content) + tail)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_BLOCK_BYTES", block_bytes)
        rows, refused = read(path)

    texts = {"plain": "y", "quoted": 'y "z"'}
    assert rows == [
        ("x", texts[kind], str(n), n + 2) for n, kind in enumerate(kinds) if kind in good
    ]
    assert sorted(refused) == [
        (n + 2, BROKEN[kind]) for n, kind in enumerate(kinds) if kind in BROKEN
    ]


def test_a_quote_that_is_never_closed_does_not_swallow_the_rows_up_to_the_next_quote(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, b'a,b,c\n1,"open,1\n2,x,1\n3,x,1\n4,x",1\n5,x,1\n')

    rows, refused = read(path)

    assert [row[0] for row in rows] == ["2", "3", "4", "5"]
    assert refused == [(2, Reason.BROKEN_QUOTE)]


def test_a_text_of_several_lines_is_one_row_and_the_next_rows_keep_their_lines(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, b'a,b,c\n1,"first\nsecond, with a comma\n\nlast",x\n2,y,z\n')

    rows, refused = read(path)

    assert rows == [
        ("1", "first\nsecond, with a comma\n\nlast", "x", 2),
        ("2", "y", "z", 6),
    ]
    assert refused == []


def test_an_inch_sign_inside_a_field_is_no_broken_quote(tmp_path: Path) -> None:
    path = write(tmp_path, b'a,b,c\n1,12" vinyl,x\n2,y,z\n')

    rows, refused = read(path)

    assert rows == [("1", '12" vinyl', "x", 2), ("2", "y", "z", 3)]
    assert refused == []


def test_empty_lines_are_no_rows_and_do_not_shift_line_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b,c\n\n1,2,3\r\n\r\n\n4,5,6\n")

    assert read(path) == ([("1", "2", "3", 3), ("4", "5", "6", 6)], [])


def test_ten_megabytes_in_one_field_are_refused_without_being_kept(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b,c\n1,2,3\n4," + b"x" * 10_000_000 + b",6\n7,8,9\n")
    (source,) = find([path])

    batches = list(read_csv(source, delimiter=","))

    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    (refused,) = (one for batch in batches for one in batch.refused)
    assert [row[SOURCE_LINE] for row in rows] == [2, 4]
    assert (refused.line, refused.reason) == (3, Reason.LINE_TOO_LONG)
    assert len(refused.content) == 1_000


def test_a_compressed_file_is_read_like_the_file_itself(tmp_path: Path) -> None:
    content = b"a,b,c\n1,2,3\n"

    plain = read(write(tmp_path, content))

    assert read(write(tmp_path, gzip.compress(content), "given.csv.gz")) == plain


def test_another_delimiter_is_read_where_it_is_stated(tmp_path: Path) -> None:
    path = write(tmp_path, b'a;b;c\n1;2,5;"3;4"\n')

    assert read(path, delimiter=";") == ([("1", "2,5", "3;4", 2)], [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b,a\n1,2,3\n", "names a twice"),
        (b"a,,c\n1,2,3\n", "has a column without a name"),
        (b"\n1,2,3\n", "no readable header"),
        (b'a,"b,c\n1,2,3\n', "cannot be read"),
        (b"a,\xff\n1,2\n", "no readable header"),
        (b"x" * (MAX_LINE_BYTES + 1), "no readable header"),
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16"),
    ],
)
def test_a_header_that_cannot_be_read_is_an_error_that_says_so(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(write(tmp_path, content))


def test_a_compressed_file_that_was_cut_off_is_an_error(tmp_path: Path) -> None:
    whole = gzip.compress(b"a,b,c\n" + b"1,2,3\n" * 1_000)
    path = write(tmp_path, whole[: len(whole) // 2], "cut.csv.gz")

    with pytest.raises(UnreadableFile, match=r"cannot be read: .*export it again"):
        read(path)
