"""The live bundle: what is promoted goes live; what is bad is refused and the old serves on."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from features.errors import CorruptBundle, InvalidSettings, NoBundle
from features.home import Home
from serving import live_bundle
from serving.errors import NotReady
from serving.live_bundle import LiveBundle, open_road
from serving.telemetry import Telemetry
from training.bundle import Bundle, point_to

MakeBundle = Callable[..., Bundle]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


@pytest.fixture
def live(home: Home, telemetry: Telemetry) -> LiveBundle:
    return LiveBundle(home, telemetry)


def _promote(home: Home, bundle: Bundle) -> Path:
    folder = bundle.save(home.bundles)
    point_to(home.bundles, folder.name)
    return folder


def _look(live: LiveBundle) -> str | None:
    asyncio.run(live.look())
    return None if live.road is None else live.road.bundle.manifest.bundle_id


def _refusals(telemetry: Telemetry) -> int:
    lines = telemetry.render().decode().splitlines()
    (line,) = [line for line in lines if line.startswith("vitrine_bundle_refusals_total ")]
    return int(float(line.split()[1]))


def test_what_is_promoted_goes_live_at_the_next_look(
    home: Home, live: LiveBundle, make_tiny_bundle: MakeBundle
) -> None:
    first = _promote(home, make_tiny_bundle(prefix="a-"))
    assert _look(live) == first.name

    second = _promote(home, make_tiny_bundle(prefix="b-"))
    assert live.ready().bundle.manifest.bundle_id == first.name
    assert _look(live) == second.name


def test_nothing_is_opened_again_while_nothing_changes(
    home: Home, live: LiveBundle, make_tiny_bundle: MakeBundle
) -> None:
    _promote(home, make_tiny_bundle())
    _look(live)
    road = live.ready()

    _look(live)

    assert live.ready() is road


def test_before_the_first_promotion_nothing_is_ready_and_nothing_refused(
    live: LiveBundle, telemetry: Telemetry
) -> None:
    assert _look(live) is None
    assert _refusals(telemetry) == 0
    with pytest.raises(NotReady, match="vitrine promote"):
        live.ready()


def _an_array(folder: Path) -> Path:
    return max(folder.rglob("*.npy"), key=lambda path: path.stat().st_size)


def _damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: _damage(_an_array(folder)),
        lambda folder: _an_array(folder).unlink(),
        lambda folder: (folder / "manifest.json").write_text("{}"),
        lambda folder: (folder / "catalogue.arrow").write_bytes(b""),
    ],
    ids=["one bit", "a file gone", "another manifest", "an empty file"],
)
def test_a_bad_bundle_is_refused_and_the_old_one_serves_on(
    home: Home,
    live: LiveBundle,
    make_tiny_bundle: MakeBundle,
    caplog: pytest.LogCaptureFixture,
    harm: Callable[[Path], None],
) -> None:
    good = _promote(home, make_tiny_bundle(prefix="good-"))
    _look(live)
    bad = make_tiny_bundle(prefix="bad-").save(home.bundles)
    harm(bad)
    point_to(home.bundles, bad.name)

    assert _look(live) == good.name
    (record,) = [one for one in caplog.records if one.getMessage() == "bundle_refused"]
    assert record.fields["code"] == "corrupt_bundle"
    assert record.fields["keeps_serving"] == good.name
    assert bad.name in record.fields["reason"]


def test_a_refused_bundle_is_not_tried_again_until_it_is_promoted_again(
    home: Home, live: LiveBundle, telemetry: Telemetry, make_tiny_bundle: MakeBundle
) -> None:
    folder = make_tiny_bundle().save(home.bundles)
    vectors = _an_array(folder)
    good = vectors.read_bytes()
    _damage(vectors)
    point_to(home.bundles, folder.name)
    assert (_look(live), _look(live), _refusals(telemetry)) == (None, None, 1)

    vectors.write_bytes(good)
    assert _look(live) is None
    point_to(home.bundles, folder.name)
    assert _look(live) == folder.name


def test_wrong_placements_are_refused_and_right_ones_go_live(
    home: Home, live: LiveBundle, make_tiny_bundle: MakeBundle
) -> None:
    _promote(home, make_tiny_bundle())
    _look(live)
    built_in = live.ready().placements

    home.placements.write_text("[home]\nexclude_bought = true\n")
    _look(live)
    assert live.ready().placements == built_in

    home.placements.write_text("[sidebar]\nexclude_purchased = true\n")
    _look(live)
    assert list(live.ready().placements.by_name) == ["sidebar"]


def test_an_error_that_nobody_expected_refuses_the_bundle_too(
    home: Home,
    live: LiveBundle,
    telemetry: Telemetry,
    make_tiny_bundle: MakeBundle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = _promote(home, make_tiny_bundle(prefix="a-"))
    _look(live)

    def broken(home: Home) -> None:
        raise MemoryError

    monkeypatch.setattr(live_bundle, "open_road", broken)
    _promote(home, make_tiny_bundle(prefix="b-"))

    assert (_look(live), _refusals(telemetry)) == (good.name, 1)


def test_opening_names_what_is_missing(home: Home, make_tiny_bundle: MakeBundle) -> None:
    with pytest.raises(NoBundle, match="vitrine promote"):
        open_road(home)

    _promote(home, make_tiny_bundle())
    home.placements.write_text("[home]\n")
    with pytest.raises(InvalidSettings, match=r"placements\.toml"):
        open_road(home)


def test_a_bundle_that_cannot_answer_is_not_opened(
    home: Home, make_tiny_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    _promote(home, make_tiny_bundle())
    monkeypatch.setattr(live_bundle, "answer_recommend", lambda *_, **__: [NoBundle("cannot")])

    with pytest.raises(CorruptBundle, match="cannot answer"):
        open_road(home)
