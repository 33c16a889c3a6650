"""Bad bundles: whatever lies where a bundle should be, the one before serves on."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from features.home import Home
from tests.faults.callers import calling, eventually
from tests.faults.conftest import MakeLean
from tests.faults.databases import in_a_file
from tests.faults.servers import is_ready, started
from training.bundle import CURRENT, point_to

pytestmark = pytest.mark.server

NAME = "0123456789abcdef"


def _half_written(bundles: Path, good: Path) -> None:
    target = bundles / NAME
    shutil.copytree(good, target)
    for one in sorted(target.rglob("*.npy"))[::2]:
        one.unlink()
    point_to(bundles, NAME)


def _cut_short(bundles: Path, good: Path) -> None:
    target = bundles / NAME
    shutil.copytree(good, target)
    largest = max(target.rglob("*.npy"), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-100])
    point_to(bundles, NAME)


def _with_manifest(change: Callable[[bytes], bytes]) -> Callable[[Path, Path], None]:
    def spoil(bundles: Path, good: Path) -> None:
        target = bundles / NAME
        shutil.copytree(good, target)
        manifest = target / "manifest.json"
        manifest.write_bytes(change(manifest.read_bytes()))
        point_to(bundles, NAME)

    return spoil


def _with_pointer(content: bytes) -> Callable[[Path, Path], None]:
    return lambda bundles, _: _replace(bundles / CURRENT, content)


def _replace(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def _empty(bundles: Path, good: Path) -> None:
    (bundles / NAME).mkdir()
    point_to(bundles, NAME)


def _a_folder(bundles: Path, good: Path) -> None:
    (bundles / CURRENT).unlink()
    (bundles / CURRENT).mkdir()


BAD: Final[dict[str, Callable[[Path, Path], None]]] = {
    "a half-written folder": _half_written,
    "a file cut short": _cut_short,
    "an empty folder": _empty,
    "half a manifest": _with_manifest(lambda text: text[: len(text) // 2]),
    "an empty manifest": _with_manifest(lambda _: b""),
    "a manifest of something else": _with_manifest(lambda _: b'{"version": 99}'),
    "a deep manifest": _with_manifest(lambda _: b"[" * 100_000),
    "a pointer to nothing": _with_pointer(b"fedcba9876543210"),
    "an empty pointer": _with_pointer(b""),
    "garbage in the pointer": _with_pointer(b"\x00\xff\xfe" * 1_000),
    "a pointer out of the folder": _with_pointer(b"../../../etc"),
    "a pointer that is a folder": _a_folder,
}


@pytest.fixture(params=BAD.values(), ids=BAD.keys())
def spoil(request: pytest.FixtureRequest) -> Callable[[Path, Path], None]:
    return request.param


def good_bundle(home: Home) -> Path:
    (folder,) = (path for path in home.bundles.iterdir() if path.is_dir())
    return folder


def point_back(home: Home, good: Path) -> None:
    if (home.bundles / CURRENT).is_dir():
        (home.bundles / CURRENT).rmdir()
    point_to(home.bundles, good.name)


def test_the_bundle_before_serves_on_until_a_good_one_is_promoted(
    lean: MakeLean, home: Home, tmp_path: Path, spoil: Callable[[Path, Path], None]
) -> None:
    good, server = good_bundle(home), lean(in_a_file(tmp_path).url)
    with started(server), calling(server.port) as caller:
        before = caller.recommend(user_id="user-00")
        spoil(home.bundles, good)

        assert eventually(lambda: refusals(server.log) == 1)
        assert caller.recommend(user_id="user-00").items == before.items
        assert caller.readyz()["model_version"] == good.name

        point_back(home, good)

        assert eventually(lambda: server.log.read_text().count('"bundle_live"') == 2)
        assert caller.recommend(user_id="user-00").items == before.items


def test_a_server_that_starts_on_a_bad_bundle_waits_for_a_good_one(
    lean: MakeLean, home: Home, tmp_path: Path, spoil: Callable[[Path, Path], None]
) -> None:
    good, server = good_bundle(home), lean(in_a_file(tmp_path).url)
    spoil(home.bundles, good)
    server.start()
    try:
        with calling(server.port) as caller:
            answer = caller.recommend(user_id="user-00")

            assert answer.status == 503
            assert answer.error_code == "not_ready"

            point_back(home, good)

            assert is_ready(server)
            assert caller.recommend(user_id="user-00").items
    finally:
        server.kill()


def refusals(log: Path) -> int:
    lines = log.read_text().splitlines()
    return sum('"bundle_refused"' in line or '"no_bundle"' in line for line in lines)
