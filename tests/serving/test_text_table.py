"""Tables for a terminal: no line is too long, and nothing steers the terminal."""

from hypothesis import given
from hypothesis import strategies as st

from serving.text_table import text_table

rows = st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), max_size=5)


@given(rows, st.integers(30, 80))
def test_no_line_is_wider_than_the_terminal(cells: list[tuple[str, str]], width: int) -> None:
    lines = text_table(["a", "b"], cells, width=width).split("\n")

    assert len(lines) == 1 + len(cells)
    assert max(map(len, lines)) <= width


@given(rows)
def test_in_a_pipe_nothing_is_cut(cells: list[tuple[str, str]]) -> None:
    lines = text_table(["a", "b"], cells, width=None).split("\n")

    for line, (first, _) in zip(lines[1:], cells, strict=True):
        assert "…" not in line or any("…" in cell for row in cells for cell in row)
        assert line.startswith("".join(one if one.isprintable() else " " for one in first).rstrip())


def test_what_a_title_holds_does_not_steer_the_terminal() -> None:
    table = text_table(["title"], [["a\x1b[2Jb\nc\u202ed"]], width=None)

    assert table == "title\na [2Jb c d"


def test_numbers_stand_to_the_right() -> None:
    table = text_table(
        ["item", "sold"], [["mug", "5"], ["lamp", "12"]], width=None, numbers=["sold"]
    )

    assert table.split("\n") == ["item  sold", "mug      5", "lamp    12"]
