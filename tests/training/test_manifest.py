"""A manifest says what a bundle is, and refuses what it cannot open."""

import json
from pathlib import Path

import pytest

from features.errors import CorruptBundle
from tests.shops import AS_OF
from training.manifest import FORMAT_VERSION, MANIFEST, FileFact, Manifest, file_facts


def _manifest() -> Manifest:
    return Manifest(
        as_of=AS_OF,
        created_at=AS_OF,
        code_version="0.1.0",
        data_digest="abc",
        n_users=2,
        n_items=3,
        model=None,
        settings={},
    )


def _stored(folder: Path, **changes: object) -> Path:
    document = json.loads(_manifest().completed(parts={}, files={}).as_json())
    (folder / MANIFEST).write_text(json.dumps(document | changes))
    return folder


def test_a_manifest_comes_back_as_it_was(tmp_path: Path) -> None:
    manifest = _manifest().completed(parts={"kind": "x"}, files={})
    (tmp_path / MANIFEST).write_bytes(manifest.as_json())

    stored = Manifest.read(tmp_path)

    assert stored == manifest
    assert stored.bundle_id == manifest.bundle_id


def test_its_file_says_everything_also_what_is_as_usual() -> None:
    document = json.loads(_manifest().completed(parts={}, files={}).as_json())

    assert set(document) == set(Manifest.model_fields)
    assert document["format_version"] == FORMAT_VERSION


def test_a_field_of_a_later_version_does_not_rename_an_old_bundle(tmp_path: Path) -> None:
    class Later(Manifest):
        """What the next version may add."""

        translated: bool = False

    manifest = _manifest().completed(parts={}, files={})
    (tmp_path / MANIFEST).write_bytes(manifest.as_json())

    assert Later.read(tmp_path).bundle_id == manifest.bundle_id


def test_another_format_is_named_whatever_else_it_holds(tmp_path: Path) -> None:
    folder = _stored(tmp_path, format_version=FORMAT_VERSION + 1, unheard_of=True)

    with pytest.raises(CorruptBundle, match=r"has format 2, this version opens 1; install"):
        Manifest.read(folder)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "{}", '{"format_version": 1}', '"\\ud800"', "\udcff"],
)
def test_what_is_no_manifest_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(content.encode("utf-8", "surrogateescape"))

    with pytest.raises(CorruptBundle, match=r"no readable manifest\.json"):
        Manifest.read(tmp_path)


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(CorruptBundle, match="train again or promote another version"):
        Manifest.read(tmp_path)


def test_unknown_fields_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorruptBundle, match="surprise"):
        Manifest.read(_stored(tmp_path, surprise=1))


def test_every_file_but_the_manifest_is_a_fact(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.npy").write_bytes(b"abc")
    (tmp_path / MANIFEST).write_bytes(b"{}")

    facts = file_facts(tmp_path)

    # sha256sum of "abc", the first example of FIPS 180-2.
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert facts == {"inner/a.npy": FileFact(sha256=digest, n_bytes=3)}


def test_all_wrong_files_are_named(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(name.encode())
    manifest = _manifest().completed(parts={}, files=file_facts(tmp_path))
    manifest.verify(tmp_path)
    (tmp_path / "a").write_bytes(b"A")
    (tmp_path / "c").unlink()

    with pytest.raises(CorruptBundle, match="2 of 3 files") as refused:
        manifest.verify(tmp_path)

    assert refused.value.details == ("a", "c")
