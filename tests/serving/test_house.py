"""The house: keys and bundles are followed while it is open."""

import asyncio
from pathlib import Path

import pytest

from features.home import Home
from serving.auth import Scope, issue_key, key_store, revoke
from serving.errors import Unauthorised
from serving.house import House
from serving.settings import ServerSettings
from tests.serving.asking import MakeHouse
from training.bundle import Bundle, point_to


def _header(key: str) -> bytes:
    return f"Bearer {key}".encode()


def test_a_key_is_good_from_the_next_look_until_it_is_revoked(
    tmp_path: Path, make_house: MakeHouse
) -> None:
    house = make_house(tmp_path, keys=True)
    key = issue_key(Home(tmp_path), "shop", [Scope.STOREFRONT])
    with pytest.raises(Unauthorised):
        house.admit(_header(key), Scope.STOREFRONT)

    asyncio.run(house.look())
    assert house.admit(_header(key), Scope.STOREFRONT).name == "shop"

    with key_store(house.settings) as store:
        revoke(store, "shop", now=house.desk.clock())
    asyncio.run(house.look())
    with pytest.raises(Unauthorised):
        house.admit(_header(key), Scope.STOREFRONT)


def test_an_open_house_follows_what_is_promoted(tmp_path: Path, tiny_bundle: Bundle) -> None:
    home = Home(tmp_path)
    house = House(ServerSettings(home=tmp_path, insecure_development="1", poll_seconds=0.001))

    async def promote_while_open() -> str:
        await house.open()
        assert house.live.road is None
        point_to(home.bundles, tiny_bundle.save(home.bundles).name)
        async with asyncio.timeout(10):
            while house.live.road is None:
                await asyncio.sleep(0)
        await house.close()
        return house.live.ready().bundle.manifest.bundle_id

    assert asyncio.run(promote_while_open()) == tiny_bundle.manifest.bundle_id


def test_a_look_that_fails_is_not_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(ServerSettings(home=tmp_path, insecure_development="1", poll_seconds=0.001))
    looks: list[int] = []

    async def fail() -> None:
        looks.append(1)
        if len(looks) > 1:
            raise PermissionError("keys.toml")

    async def open_for_three_looks() -> None:
        monkeypatch.setattr(house, "look", fail)
        await house.open()
        async with asyncio.timeout(10):
            while len(looks) < 4:
                await asyncio.sleep(0)
        await house.close()

    asyncio.run(open_for_three_looks())

    assert len(looks) >= 4
