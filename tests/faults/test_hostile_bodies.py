"""Hostile bodies: every one is answered, never by a 5xx, and only what is valid is kept."""

import json
from collections.abc import Iterator

import pytest

from serving.endpoints import ENDPOINTS, Endpoint
from tests.faults.callers import Answer, Caller, calling
from tests.faults.conftest import Shop

pytestmark = pytest.mark.server

SQL = (
    "'; DROP TABLE events; --",
    '" OR ""="',
    "1) OR 1=1 --",
    "\\'; DELETE FROM identities; --",
    "%' UNION SELECT sha256 FROM api_keys --",
    "{x:y} :x %(x)s ?",
)
STRANGE = (
    "\x00",
    "a\x1bb\x7f",
    "\ud800",
    "\udfff-\ud800",
    "\u202egnal",
    "\U0010ffff",
    "é" * 300,
    "x" * 100_000,
    "../../etc/passwd",
    "${jndi:ldap://x}",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "anonymous:x",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "2024-02-30T00:00:00Z",
    "None",
    "",
)
NUMBERS = (float("nan"), float("inf"), -float("inf"), -1, 0, 10**400, 2**63, 1e308, -0.0, 0.5)
OTHERS = (None, True, [], {}, [[]], {"": None}, [None] * 2_000)
DEPTH = 10_000
BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "a word": b"null",
    "a list": b"[]",
    "no UTF-8": b'{"user_id": "\xff\xfe"}',
    "UTF-16": '{"user_id": "u"}'.encode("utf-16"),
    "a zero byte": b"\x00",
    "deep lists": b"[" * DEPTH + b"]" * DEPTH,
    "deep objects": b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
    "never closed": b'{"a":' * DEPTH,
    "a number of a megabyte": b'{"num_results": ' + b"9" * 1_000_000 + b"}",
    "many keys": json.dumps({str(number): number for number in range(50_000)}).encode(),
}
LONGEST_FILTER = 4_096
FILTERS = {
    "parentheses": "(" * 2_000 + "price<1" + ")" * 2_000,
    "never closed": "(" * LONGEST_FILTER,
    "not": "not " * 1_000 + "price<1",
    "or": " or ".join(["price<1"] * 370),
    "in": "price in (" + ",".join(["1"] * 2_000) + ")",
    "like": "title like '" + "%a" * 2_000 + "'",
    "digits": "price<" + "9" * 4_000,
    "quotes": "'" * LONGEST_FILTER,
}
PERSON = {"user_id": "user-00"}
GOOD: dict[str, dict[str, object]] = {
    "/v1/recommend": {
        **PERSON,
        "placement": "home",
        "session_items": ["item-01"],
        "exclude_items": ["item-02"],
        "candidates": ["item-03"],
        "filter": "price < :most",
        "filter_params": {"most": 50},
        "mode": "fill",
        "context": {
            "country": "GB",
            "timezone": "Europe/London",
            "device": "mobile",
            "timestamp": "2024-06-01T12:00:00Z",
        },
    },
    "/v1/similar": {"item_ids": ["item-01"], "kind": "any", "exclude_items": ["item-02"]},
    "/v1/rows": {**PERSON, "placement": "because_you_viewed"},
    "/v1/recommend/batch": {"requests": [PERSON]},
    "/v1/audience": {"item_id": "item-01", "purpose": "email"},
    "/v1/picks": {"placement": "weekly_email", "user_ids": ["user-00"]},
    "/v1/events": {
        "events": [
            {
                "event_id": "good",
                "event_type": "view",
                "item_id": "item-01",
                "timestamp": "2024-06-01T12:00:00Z",
                "quantity": 1,
                "price": 1.5,
                "order_id": "o",
                "session_id": "s",
                "country": "GB",
                "device": "mobile",
                "recommendation_id": "r",
                **PERSON,
            }
        ]
    },
    "/v1/items": {
        "items": [
            {
                "item_id": "item-01",
                "title": "Lamp",
                "category": "Home > Lamps",
                "brand": "Glow",
                "price": 2,
                "available": True,
                "hidden": False,
                "released_at": "2024-06-01T12:00:00Z",
                "url": "/lamps/1",
                "image_url": "https://shop.example/1.jpg",
            }
        ]
    },
    "/v1/identities": {"links": [{"anonymous_id": "a", "user_id": "user-00"}]},
    "/v1/consents": {"consents": [{"user_id": "user-00", "purpose": "email", "granted": True}]},
}
TABLES = ("events", "item_overrides", "consents", "identities", "api_keys", "revisions")

Json = object


def spoilt(value: Json, by: Json) -> Iterator[Json]:
    """Give a body again and again, each time with another one of its values replaced."""
    yield by
    entries = list(value.items()) if isinstance(value, dict) else []
    entries += list(enumerate(value)) if isinstance(value, list) else []
    for key, inner in entries:
        for other in spoilt(inner, by):
            copy = value.copy()  # type: ignore[attr-defined]  # a dict or a list
            copy[key] = other
            yield copy


def ask(caller: Caller, endpoint: Endpoint, body: object) -> Answer:
    """Ask, and insist on what holds for every answer."""
    answer = caller.ask(endpoint.method, endpoint.path, body)
    assert answer.status < 500, (answer.status, answer.body[:500])
    assert answer.status == 200 or answer.error_code
    return answer


@pytest.fixture(params=ENDPOINTS.values(), ids=ENDPOINTS.keys())
def endpoint(request: pytest.FixtureRequest) -> Endpoint:
    return request.param


@pytest.fixture
def caller(shop: Shop) -> Iterator[Caller]:
    with calling(shop.server.port, key=shop.key) as caller:
        yield caller


def test_every_endpoint_has_a_good_body(caller: Caller, endpoint: Endpoint) -> None:
    assert ask(caller, endpoint, GOOD[endpoint.path]).status == 200


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_request_is_refused(caller: Caller, endpoint: Endpoint, name: str) -> None:
    answer = ask(caller, endpoint, BODIES[name])

    assert 400 <= answer.status < 500


def test_a_body_that_is_too_large_is_refused(caller: Caller, endpoint: Endpoint) -> None:
    answer = ask(caller, endpoint, b" " * (endpoint.largest_body + 1))

    assert answer.status == 413


def test_no_value_in_any_place_is_answered_by_a_server_error(
    caller: Caller, endpoint: Endpoint
) -> None:
    good = GOOD[endpoint.path]

    for value in (*STRANGE, *SQL, *NUMBERS, *OTHERS):
        for body in spoilt(good, value):
            ask(caller, endpoint, body)
        ask(caller, endpoint, {**good, str(value): value})

    assert caller.recommend(user_id="user-00").items


def test_sql_in_any_string_changes_nothing_but_what_was_stated(
    shop: Shop, caller: Caller, endpoint: Endpoint
) -> None:
    def counted() -> dict[str, int]:
        return {table: shop.database.ask(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}

    before = counted()
    for text in SQL:
        for body in spoilt(GOOD[endpoint.path], text):
            ask(caller, endpoint, body)
    after = counted()

    assert shop.database.ask("PRAGMA integrity_check") == [("ok",)]
    assert all(after[table] >= before[table] for table in TABLES)
    grown = {table for table in TABLES if after[table] > before[table]}
    assert grown <= {
        "/v1/events": {"events"},
        "/v1/items": {"item_overrides"},
        "/v1/identities": {"identities"},
        "/v1/consents": {"consents"},
    }.get(endpoint.path, set())


def test_no_body_is_repeated_in_the_log(shop: Shop, caller: Caller) -> None:
    somebody = "user-who-must-not-be-named"
    for endpoint in ENDPOINTS.values():
        for body in spoilt(GOOD[endpoint.path], somebody):
            ask(caller, endpoint, body)

    assert somebody not in shop.server.log.read_text()


@pytest.mark.parametrize("name", FILTERS)
def test_an_overgrown_filter_is_obeyed_or_refused(caller: Caller, name: str) -> None:
    ask(caller, ENDPOINTS["/v1/recommend"], {**PERSON, "filter": FILTERS[name]})
