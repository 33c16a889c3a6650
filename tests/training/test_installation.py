"""What is installed is what was registered, and nothing that is mapped is written to."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from features.errors import CorruptBundle
from training.bundle import Bundle
from training.installation import install


def _copy_of(bundle: Path) -> Callable[[Path], Path]:
    return lambda into: Path(shutil.copytree(bundle, into / "fetched"))


def _never(into: Path) -> Path:
    raise AssertionError(f"there was no need to fetch into {into}")


def _damage(path: Path) -> None:
    # A new file in the old one's place: what is mapped stays as it is.
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.unlink()
    path.write_bytes(content)


@pytest.fixture
def bundle(bundle_folders: tuple[Path, ...]) -> Path:
    return bundle_folders[0]


def test_an_installed_bundle_equals_its_source(bundle: Path, tmp_path: Path) -> None:
    final = install(tmp_path, bundle.name, _copy_of(bundle))

    assert final == tmp_path / bundle.name
    sources = [path for path in bundle.rglob("*") if path.is_file()]
    assert sources
    for source in sources:
        assert (final / source.relative_to(bundle)).read_bytes() == source.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [bundle.name]


def test_a_whole_bundle_is_not_fetched_again(bundle: Path, tmp_path: Path) -> None:
    install(tmp_path, bundle.name, _copy_of(bundle))

    assert install(tmp_path, bundle.name, _never).is_dir()


@pytest.mark.parametrize("name", ["user_vectors.npy", "catalogue.arrow", "manifest.json"])
def test_a_changed_file_is_refused_and_nothing_is_left(
    bundle: Path, tmp_path: Path, name: str
) -> None:
    def fetch(into: Path) -> Path:
        copy = _copy_of(bundle)(into)
        _damage(copy / name)
        return copy

    with pytest.raises(CorruptBundle):
        install(tmp_path, bundle.name, fetch)

    assert list(tmp_path.iterdir()) == []


def test_a_whole_bundle_that_is_not_the_one_asked_for_is_refused(
    bundle_folders: tuple[Path, ...], tmp_path: Path
) -> None:
    asked, other = bundle_folders[:2]

    with pytest.raises(CorruptBundle, match=f"bundle {asked.name}: .* is that of {other.name}"):
        install(tmp_path, asked.name, _copy_of(other))

    assert list(tmp_path.iterdir()) == []


def test_a_damaged_bundle_is_replaced_while_readers_keep_theirs(
    bundle: Path, tmp_path: Path
) -> None:
    final = install(tmp_path, bundle.name, _copy_of(bundle))
    mapped = np.load(final / "user_vectors.npy", mmap_mode="r")
    before = np.array(mapped)
    _damage(final / "catalogue.arrow")

    install(tmp_path, bundle.name, _copy_of(bundle))

    Bundle.open(final, verify=True)
    np.testing.assert_array_equal(mapped, before)
    assert [path.name for path in tmp_path.iterdir()] == [bundle.name]


def test_what_a_kill_left_behind_is_swept_up(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / ".install-killed" / "fetched").mkdir(parents=True)

    install(tmp_path, bundle.name, _copy_of(bundle))

    assert [path.name for path in tmp_path.iterdir()] == [bundle.name]
