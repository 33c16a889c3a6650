"""Consent: who withdrew one gets no list that asks for it, however it is asked for."""

import asyncio
from itertools import permutations
from pathlib import Path
from typing import NoReturn

import pytest

from features.home import Home
from serving.errors import StoreUnavailable
from serving.front import Front
from serving.house import House
from serving.settings import ServerSettings
from serving.store import Store
from tests.serving.asking import Ask, MakeAsk, nothing_behind

PLACEMENTS = """
[home]
exclude_purchased = false

[weekly_email]
exclude_purchased = true
purpose = "email"

[for_you]
exclude_purchased = true
purpose = "personalisation"
"""
WITHDRAWN = {"user_id": "user-00", "placement": "weekly_email"}
STILL_GIVEN = {"user_id": "user-00", "placement": "for_you"}
FOR_ALL = {"user_id": "user-00", "placement": "home"}


@pytest.fixture
def ask(tiny_home: Home, tmp_path: Path, make_ask: MakeAsk) -> Ask:
    """Ask a shop where a user has withdrawn what the bundle says they gave."""
    (tmp_path / "bundles").symlink_to(tiny_home.bundles)
    (tmp_path / "placements.toml").write_text(PLACEMENTS)
    house = House(ServerSettings(home=tmp_path, insecure_development="1"))
    asyncio.run(house.look())
    ask = make_ask(Front(nothing_behind, house=house))
    consent = {"user_id": "user-00", "purpose": "email", "granted": False}
    assert ask("PUT", "/v1/consents", {"consents": [consent]}).json()["updated"] == 1
    return ask


def _code(answer: dict[str, dict[str, str]]) -> str:
    return answer["error"]["code"] if "error" in answer else "ok"


@pytest.mark.parametrize("path", ["/v1/recommend", "/v1/rows"])
def test_a_list_that_asks_for_a_withdrawn_consent_is_refused(ask: Ask, path: str) -> None:
    told = [ask("POST", path, body) for body in (WITHDRAWN, STILL_GIVEN, FOR_ALL)]

    assert [answer.status for answer in told] == [403, 200, 200]
    assert told[0].error["code"] == "no_consent"


def test_in_a_batch_each_list_asks_for_its_own_consent(ask: Ask) -> None:
    codes = {id(WITHDRAWN): "no_consent", id(STILL_GIVEN): "ok", id(FOR_ALL): "ok"}

    for requests in permutations((WITHDRAWN, STILL_GIVEN, FOR_ALL)):
        told = ask("POST", "/v1/recommend/batch", {"requests": list(requests)}).json()["answers"]

        assert [_code(one) for one in told] == [codes[id(request)] for request in requests]


def test_while_nobody_knows_who_withdrew_nobody_is_written_to(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(store: Store) -> NoReturn:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(Store, "revisions", gone)

    told = [ask("POST", "/v1/recommend", body) for body in (FOR_ALL, WITHDRAWN, STILL_GIVEN)]

    assert [answer.status for answer in told] == [200, 503, 503]
    assert told[1].error["code"] == "store_unavailable"
    picks = {"placement": "weekly_email", "user_ids": ["user-00"]}
    assert ask("POST", "/v1/picks", picks).error["code"] == "store_unavailable"
