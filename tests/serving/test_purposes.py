"""Purposes and scopes: over all endpoints, a key opens what it is for and nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, combinations
from pathlib import Path

import pytest

from features.home import Home
from serving.auth import Scope, issue, key_store, revoke
from serving.endpoints import ENDPOINTS
from serving.front import Front
from serving.house import House
from serving.settings import ServerSettings
from serving.store import Consent
from tests.serving.asking import Answer, Ask, MakeAsk, MakeHouse, nothing_behind

STOREFRONT, EMAIL, ADMIN = Scope.STOREFRONT, Scope.EMAIL, Scope.ADMIN
PLACEMENTS = """
[home]
exclude_purchased = false

[because_you_viewed]
exclude_purchased = true

[weekly_email]
exclude_purchased = true
purpose = "email"

[parcel]
exclude_purchased = true
purpose = "parcel_inserts"
"""
EVENT = {"event_id": "e", "event_type": "view", "user_id": "user-00", "item_id": "item-00"}
CONSENT = {"user_id": "user-00", "purpose": "email", "granted": True}
LINK = {"anonymous_id": "visitor", "user_id": "user-00"}
SOMEBODY = {"user_id": "user-00"}

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Question:
    """Something that one may ask, and the scopes that it needs, all of them."""

    method: str
    path: str
    body: Mapping[str, object]
    needs: frozenset[Scope]

    def __str__(self) -> str:
        return f"{self.path}-{self.body.get('placement', self.body.get('purpose', ''))}"


def _post(path: str, body: Mapping[str, object], *needs: Scope) -> Question:
    return Question("POST", path, body, frozenset(needs))


def _put(path: str, body: Mapping[str, object], *needs: Scope) -> Question:
    return Question("PUT", path, body, frozenset(needs))


QUESTIONS = [
    _post("/v1/recommend", SOMEBODY, STOREFRONT),
    _post("/v1/recommend", {**SOMEBODY, "placement": "weekly_email"}, STOREFRONT, EMAIL),
    _post("/v1/recommend", {**SOMEBODY, "placement": "parcel"}, ADMIN),
    _post("/v1/recommend/batch", {"requests": [SOMEBODY]}, STOREFRONT),
    _post(
        "/v1/recommend/batch",
        {"requests": [SOMEBODY, {**SOMEBODY, "placement": "weekly_email"}]},
        *(STOREFRONT, EMAIL),
    ),
    _post("/v1/rows", SOMEBODY, STOREFRONT),
    _post("/v1/rows", {**SOMEBODY, "placement": "weekly_email"}, STOREFRONT, EMAIL),
    _post("/v1/similar", {"item_id": "item-00"}, STOREFRONT),
    _post("/v1/picks", {"placement": "home", "user_ids": ["user-00"]}, EMAIL),
    _post("/v1/picks", {"placement": "weekly_email", "user_ids": ["user-00"]}, EMAIL),
    _post("/v1/picks", {"placement": "parcel", "user_ids": ["user-00"]}, ADMIN),
    _post("/v1/audience", {"item_id": "item-00"}, EMAIL),
    _post("/v1/audience", {"item_id": "item-00", "purpose": "email"}, EMAIL),
    _post("/v1/audience", {"item_id": "item-00", "purpose": "parcel_inserts"}, ADMIN),
    _post("/v1/events", {"events": [EVENT]}, STOREFRONT),
    _post("/v1/identities", {"links": [LINK]}, STOREFRONT),
    _put("/v1/consents", {"consents": [CONSENT]}, STOREFRONT),
    _put("/v1/items", {"items": [{"item_id": "item-00", "price": 9.5}]}, ADMIN),
    Question("GET", "/metrics", {}, frozenset({ADMIN})),
]
SCOPES = list(chain.from_iterable(combinations(Scope, size) for size in (1, 2, 3)))


@dataclass(frozen=True)
class Keyed:
    """A house whose keys are of every kind, and the way in."""

    house: House
    ask: Ask
    good: dict[tuple[Scope, ...], str]
    revoked: str
    expiring: str

    def put(self, question: Question, authorization: str | None) -> Answer:
        headers = {} if authorization is None else {"authorization": authorization}
        body = question.body if question.method != "GET" else b""
        return self.ask(question.method, question.path, body, headers=headers)


@pytest.fixture(scope="module")
def keyed(
    tmp_path_factory: pytest.TempPathFactory,
    tiny_home: Home,
    make_house: MakeHouse,
    make_ask: MakeAsk,
) -> Keyed:
    home = Home(tmp_path_factory.mktemp("shop"))
    (home.root / "bundles").symlink_to(tiny_home.bundles)
    home.placements.write_text(PLACEMENTS)
    house = House(ServerSettings(home=home.root))
    now = house.desk.clock()
    with key_store(house.settings) as store:
        good = {
            scopes: issue(store, "-".join(scopes), scopes, now=now, lifetime=10 * HOUR)
            for scopes in SCOPES
        }
        expiring = issue(store, "expiring", [ADMIN], now=now - 2 * HOUR, lifetime=HOUR)
        revoked = issue(store, "revoked", [ADMIN], now=now)
        revoke(store, "revoked", now=now)
        store.put_consents([Consent("user-00", "parcel_inserts", granted=True)], at_us=1)
    house = make_house(home.root, keys=True)
    ask = make_ask(Front(nothing_behind, house=house))
    return Keyed(house, ask, good, revoked, expiring)


def test_every_endpoint_is_asked_about() -> None:
    assert {question.path for question in QUESTIONS} == {*ENDPOINTS, "/metrics"}


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
@pytest.mark.parametrize("scopes", SCOPES, ids="-".join)
def test_a_key_opens_what_its_scopes_are_for_and_nothing_else(
    keyed: Keyed, question: Question, scopes: tuple[Scope, ...]
) -> None:
    answer = keyed.put(question, f"Bearer {keyed.good[scopes]}")

    if ADMIN in scopes or question.needs <= set(scopes):
        assert answer.status == 200, answer.body
    else:
        assert (answer.status, answer.error["code"]) == (403, "missing_scope")


STRANGERS: dict[str, Callable[[Keyed], str | None]] = {
    "no key": lambda _: None,
    "empty": lambda _: "Bearer ",
    "nobody's": lambda _: "Bearer vitrine_" + "x" * 43,
    "of another scheme": lambda keyed: f"Basic {keyed.good[(ADMIN,)]}",
    "a key and a half": lambda keyed: f"Bearer {keyed.good[(ADMIN,)]}x",
    "half a key": lambda keyed: f"Bearer {keyed.good[(ADMIN,)][:-1]}",
    "expired": lambda keyed: f"Bearer {keyed.expiring}",
    "revoked": lambda keyed: f"Bearer {keyed.revoked}",
}


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_is_let_in_nowhere(keyed: Keyed, question: Question, stranger: str) -> None:
    answer = keyed.put(question, STRANGERS[stranger](keyed))

    assert (answer.status, answer.error["code"]) == (401, "unauthorised")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_stranger_is_refused_before_anything_is_read(keyed: Keyed) -> None:
    answer = keyed.ask("POST", "/v1/recommend", b"no json at all")

    assert answer.status == 401


def test_a_key_expires_at_the_moment_of_a_request(
    keyed: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, question = keyed.house.desk.clock(), QUESTIONS[0]
    header = f"Bearer {keyed.good[(STOREFRONT,)]}"

    statuses = []
    for later in (timedelta(0), 10 * HOUR):
        monkeypatch.setattr(keyed.house.desk, "clock", lambda later=later: now + later)
        statuses.append(keyed.put(question, header).status)

    assert statuses == [200, 401]


def test_while_nobody_knows_the_keys_every_request_is_asked_to_come_back(
    tmp_path: Path, make_ask: MakeAsk
) -> None:
    house = House(ServerSettings(home=tmp_path))
    ask = make_ask(Front(nothing_behind, house=house))

    for question in QUESTIONS:
        body = question.body if question.method != "GET" else b""
        answer = ask(question.method, question.path, body, headers={"authorization": "Bearer x"})
        assert (answer.status, answer.error["code"]) == (503, "store_unavailable")
        assert answer.headers["retry-after"] == "1"
