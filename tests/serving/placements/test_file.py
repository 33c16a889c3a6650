"""Placements are read from a file that is checked key by key."""

from pathlib import Path

import pytest

from features.catalog import ITEM_SCHEMA
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
    ("text", "finding"),
    [
        ("lenght = 3", "home.lenght: is no key of this section; use of exclude_purchased, "),
        ("rule = {}", "home.rule: is no key of this section; did you mean rules?"),
        ("rules = 3", "home.rules: must be a section, { key = value }, got 3"),
        ('rules.cap = "brand"', "home.rules.cap: must be a list, [ value ], got 'brand'"),
        ("rules.cap = [{ column = 'brand' }]", "home.rules.cap[0].most: is missing; add it"),
        (
            "rules.cap = [{ column = 'brand', most = 0 }]",
            "home.rules.cap[0].most: Input should be greater than or equal to 1, got 0",
        ),
        (
            "rules.cap = [{ column = 'brand', most = 3, window = 3 }]",
            "home.rules.cap[0]: 3 of 3 slots caps nothing; make window larger than most",
        ),
        (
            "rules.cap = [{ column = 'brand', most = 3, level = 1 }]",
            "home.rules.cap[0]: only category has levels; remove level",
        ),
        (
            "rules.pin = [{ item_id = 'a', slot = 1 }, { item_id = 'b', slot = 1 }]",
            "home.rules: slot 1 is pinned 2 times; keep one of these pins",
        ),
        (
            "rules.pin = [{ item_id = 'a', slot = 1 }, { item_id = 'a', slot = 2 }]",
            "home.rules: item 'a' is pinned 2 times; keep one of these pins",
        ),
        (
            "rules.price_window = { frm = 3 }",
            "home.rules.price_window.frm: is no key of this section; did you mean from?",
        ),
        (
            "rules.price_window = { from = 3, to = 2 }",
            "home.rules.price_window: from 3.0 lies above to 2.0; swap them",
        ),
        ("rules.price_window = {}", "home.rules.price_window: a price window needs from, to"),
        ("rules.filter = 'price <'", "home.rules.filter: the filter is wrong at its end"),
        (
            "rules.boost = [{ filter = 'price < :most' }]",
            "home.rules.boost[0].filter: nobody gives :most here; write its value into the filter",
        ),
        ("order = 'rankr'", "home.order: Input should be 'ranker' or 'source', got 'rankr'; did"),
        ("sources = []", "home.sources: Tuple should have at least 1 item"),
        ("sources = ['near_usr']", "home.sources[0]: Input should be "),
        ("sources = ['popular']", "home.sources: 'popular' names no candidates; use of "),
        ("sources = ['trending', 'trending']", "home.sources: 'trending' is named twice"),
        (
            "scenarios = [{ name = 'a', segment = { lifecycle = ['new_visitor'] } }]",
            "home.scenarios[0].segment.lifecycle[0]: Input should be 'new visitor', ",
        ),
        (
            "scenarios = [{ name = 'a', segment = { countries = ['Atlantis'] } }]",
            "home.scenarios[0].segment.countries[0]: 'Atlantis' is no country; give its ISO code",
        ),
        (
            "scenarios = [{ name = 'a', situation = { devices = ['mobile'] } }]",
            "home.scenarios[0].situation.devices: is no key of this section; did you mean device?",
        ),
        (
            "scenarios = [{ name = 'a', purpose = 'ads' }]",
            "home.scenarios[0].purpose: is no key of this section; use of name, ",
        ),
        (
            "scenarios = [{ name = 'a' }, { name = 'b' }]",
            "home: scenario 'a' fits everybody, so those behind it are never met; move it to the",
        ),
        (
            "scenarios = [{ name = 'a', segment = { known = true } }, { name = 'a' }]",
            "home: two scenarios are called 'a'; rename one of them",
        ),
    ],
)
def test_what_is_wrong_is_told_by_the_path_of_its_key_with_the_remedy(
    text: str, finding: str, tmp_path: Path
) -> None:
    with pytest.raises(
        InvalidSettings, match="has 1 wrong settings; correct these keys"
    ) as refused:
        _load(f"[home]\nexclude_purchased = true\n{text}", tmp_path)

    assert "placements.toml" in refused.value.message
    assert refused.value.details[0].startswith(finding)


def test_all_findings_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as refused:
        _load('home = 3\n[cart]\n[product]\nexclude_purchased = "perhaps"', tmp_path)

    assert [one.split(":")[0] for one in refused.value.details] == [
        "home",
        "cart.exclude_purchased",
        "product.exclude_purchased",
    ]


def test_what_the_catalogue_does_not_have_is_found_in_every_rule_and_scenario(
    tmp_path: Path,
) -> None:
    text = """
        [home]
        exclude_purchased = false
        rules.filter = "pric < 3"
        rules.boost = [{ filter = "price < 3" }, { filter = "brand = 3" }]
        rules.cap = [{ column = "brnd", most = 1 }, { column = "price", most = 1 }]
        [[home.scenarios]]
        name = "one"
        rules.bury = [{ filter = "colour IS NULL" }]
    """

    with pytest.raises(InvalidSettings) as refused:
        _load(text, tmp_path).check(ITEM_SCHEMA)

    told = refused.value.details
    assert [one.split(":")[0] for one in told] == [
        "home.rules.filter",
        "home.rules.boost[1].filter",
        "home.rules.cap[0].column",
        "home.rules.cap[1].column",
        "home.scenarios[0].rules.bury[0].filter",
    ]
    assert told[2].endswith("the catalogue has no column 'brnd'; did you mean brand?")


def test_the_built_in_placements_fit_every_catalogue() -> None:
    Placements.load().check(ITEM_SCHEMA)


def test_every_built_in_scenario_says_what_it_is_meant_to_move() -> None:
    scenarios = Placements.load().named("home").scenarios

    assert len(scenarios) >= 3
    assert all(one.outcome is not None for one in scenarios)


def test_the_config_version_is_of_the_files_content(tmp_path: Path) -> None:
    text = "[home]\nexclude_purchased = true\n"

    version = _load(text, tmp_path).config_version

    assert version == _load(text, tmp_path).config_version
    assert version != _load(f"{text}# a word more\n", tmp_path).config_version
    assert len(version) == 12


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
    with pytest.raises(UnknownPlacement, match=r"buy_again, cart, .*, home, .*weekly_email"):
        Placements.load().named("xyz")


def test_a_file_without_any_placement_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "placements.toml"
    path.write_text("# nothing yet\n")

    with pytest.raises(InvalidSettings, match="names no placement"):
        Placements.load(path)
