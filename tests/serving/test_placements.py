"""Placements are read from a file that is checked key by key."""

from pathlib import Path

import pytest

from features.errors import InvalidSettings, UnknownPlacement
from serving.placements import Placement, Placements


def _load(text: str, folder: Path) -> Placements:
    path = folder / "placements.toml"
    path.write_text(text, encoding="utf-8")
    return Placements.load(path)


def test_the_built_in_placements_tell_goods_bought_again_from_discoveries() -> None:
    placements = Placements.load()

    left_out = {name for name, one in placements.by_name.items() if one.exclude_purchased}
    assert {"discover", "product", "weekly_email"} <= left_out
    assert not {"home", "cart", "buy_again"} & left_out
    assert placements.named("weekly_email").purpose == "email"
    assert placements.named("home").purpose is None


def test_a_shop_without_a_file_has_the_built_in_ones(tmp_path: Path) -> None:
    assert Placements.load(tmp_path / "placements.toml") == Placements.load()


def test_a_shops_own_file_replaces_them(tmp_path: Path) -> None:
    placements = _load('[checkout]\nexclude_purchased = true\npurpose = "ads"', tmp_path)

    assert placements.by_name == {"checkout": Placement(exclude_purchased=True, purpose="ads")}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[home]\nexclude_purchased = true\nlenght = 3", "home.lenght"),
        ("[home]", "home.exclude_purchased"),
        ('[home]\nexclude_purchased = "perhaps"', "home.exclude_purchased"),
        ("home = 3", "home"),
    ],
)
def test_a_wrong_key_is_named(text: str, named: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="correct these keys") as refused:
        _load(text, tmp_path)

    assert "placements.toml" in refused.value.message
    assert refused.value.details[0].startswith(f"{named}: ")


@pytest.mark.parametrize("content", [b"[home", b"\xff\xfe", b"a = 1\na = 2"])
def test_what_is_no_toml_is_refused_by_its_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "placements.toml"
    path.write_bytes(content)

    with pytest.raises(InvalidSettings, match=r"placements\.toml cannot be read as TOML"):
        Placements.load(path)


def test_a_folder_in_its_place_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="cannot be read as TOML"):
        Placements.load(tmp_path)


def test_an_unknown_placement_names_the_near_ones() -> None:
    with pytest.raises(UnknownPlacement, match="'weekly_mail'; use one of weekly_email"):
        Placements.load().named("weekly_mail")


def test_a_placement_like_no_other_names_them_all() -> None:
    with pytest.raises(UnknownPlacement, match="buy_again, cart, .*, home, .*weekly_email"):
        Placements.load().named("xyz")


def test_a_file_without_any_placement_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "placements.toml"
    path.write_text("# nothing yet\n")

    with pytest.raises(InvalidSettings, match="names no placement"):
        Placements.load(path)
