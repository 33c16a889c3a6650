"""The front: one shape of errors on every route, keys and scopes, and nothing leaks."""

from dataclasses import replace
from pathlib import Path

import pytest

from features.home import Home
from serving.auth import Scope, issue_key
from serving.endpoints import ENDPOINTS
from serving.front import Front
from serving.replies import Reply
from serving.road import Road
from serving.schemas import BatchAnswer, Health, ListAnswer
from tests.serving.asking import Ask, MakeAsk, MakeHouse, nothing_behind
from training.bundle import Bundle

PATHS = sorted(ENDPOINTS)
PAGES = ["/readyz", "/metrics", "/docs.json"]


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/recommend/", "/static_content/a.js", "/%00", ""])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_is_not_ours_is_unknown_with_every_method(ask: Ask, method: str, path: str) -> None:
    answer = ask(method, path)

    assert answer.status == 404
    assert answer.error["code"] == "unknown_route"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_endpoint_takes_its_own_method_only(ask: Ask, method: str, path: str) -> None:
    answer = ask(method, path)

    its_own = ENDPOINTS[path].method
    wanted = 400 if method == its_own else 405
    assert answer.status == wanted
    if method != its_own:
        assert answer.error["code"] == "method_not_allowed"
        assert answer.headers["allow"] == its_own


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_read_only(ask: Ask, path: str) -> None:
    answer = ask("POST", path, b"{}")

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.error["code"] == "method_not_allowed"


def test_an_unknown_item_is_told_in_the_same_shape(ask: Ask) -> None:
    answer = ask("POST", "/v1/similar", {"item_id": "no-such-item"})

    assert (answer.status, answer.error["code"]) == (404, "unknown_item")


def test_a_batch_has_an_answer_or_an_error_for_each_request(ask: Ask) -> None:
    requests = [{"user_id": "user-00"}, {"user_id": "user-01", "placement": "nowhere"}]

    told = ask("POST", "/v1/recommend/batch", {"requests": requests})

    first, second = BatchAnswer.model_validate_json(told.body).answers
    assert isinstance(first, ListAnswer)
    assert second.error.code == "unknown_placement"


def test_an_error_that_nobody_expected_is_hidden_and_logged(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(road: Road, request: object) -> Reply:
        raise KeyError("anna@example.org")

    monkeypatch.setitem(ENDPOINTS, "/v1/similar", replace(ENDPOINTS["/v1/similar"], respond=broken))

    answer = ask("POST", "/v1/similar", {"item_id": "item-00"})

    (record,) = caplog.records
    assert (answer.status, answer.error["code"]) == (500, "internal_error")
    assert "anna" not in answer.body.decode() + caplog.text + str(record.fields)
    assert record.fields["error"] == "KeyError"
    assert record.fields["request_id"] == answer.headers["x-request-id"]
    assert record.fields["where"][-1].endswith(" broken")


def test_until_a_bundle_is_live_nothing_is_ready(
    tmp_path: Path, make_house: MakeHouse, make_ask: MakeAsk
) -> None:
    ask = make_ask(Front(nothing_behind, house=make_house(tmp_path)))

    for answer in (ask("GET", "/readyz"), ask("POST", "/v1/recommend", {"user_id": "user-00"})):
        assert (answer.status, answer.error["code"]) == (503, "not_ready")
        assert answer.headers["retry-after"] == "1"


def test_a_live_bundle_is_ready_and_named(ask: Ask, tiny_bundle: Bundle) -> None:
    health = Health.model_validate_json(ask("GET", "/readyz").body)

    assert health.model_version == tiny_bundle.manifest.bundle_id
    assert (health.n_users, health.n_items) == (60, 40)


def test_a_key_opens_its_own_endpoints_only(
    tiny_home: Home, tmp_path: Path, make_house: MakeHouse, make_ask: MakeAsk
) -> None:
    (tmp_path / "bundles").symlink_to(tiny_home.bundles)
    keys = {one: issue_key(Home(tmp_path), one.value, [one]) for one in Scope}
    ask = make_ask(Front(nothing_behind, house=make_house(tmp_path, keys=True)))
    asked = {
        "/v1/recommend": ("POST", {"user_id": "user-00"}),
        "/v1/similar": ("POST", {"item_id": "item-00"}),
        "/v1/recommend/batch": ("POST", {"requests": [{}]}),
        "/v1/picks": ("POST", {"placement": "weekly_email", "user_ids": ["user-00"]}),
        "/v1/rows": ("POST", {"user_id": "user-00"}),
        "/v1/audience": ("POST", {"item_id": "item-00"}),
        "/v1/events": ("POST", {"events": [{}]}),
        "/v1/items": ("PUT", {"items": [{}]}),
        "/v1/identities": ("POST", {"links": [{}]}),
        "/v1/consents": ("PUT", {"consents": [{}]}),
        "/metrics": ("GET", b""),
    }
    assert set(asked) == {*ENDPOINTS, "/metrics"}

    opened = {
        path: [
            scope.value
            for scope, key in keys.items()
            if ask(method, path, body, headers={"authorization": f"Bearer {key}"}).status == 200
        ]
        for path, (method, body) in asked.items()
    }

    storefront = ["storefront", "admin"]
    assert opened == {
        "/v1/recommend": storefront,
        "/v1/similar": storefront,
        "/v1/recommend/batch": storefront,
        "/v1/picks": ["email", "admin"],
        "/v1/rows": storefront,
        "/v1/audience": ["email", "admin"],
        "/v1/events": storefront,
        "/v1/items": ["admin"],
        "/v1/identities": storefront,
        "/v1/consents": storefront,
        "/metrics": ["admin"],
    }
    for path, (method, body) in asked.items():
        answer = ask(method, path, body)
        assert (answer.status, answer.error["code"]) == (401, "unauthorised")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert [ask("GET", page).status for page in ("/readyz", "/docs.json")] == [200, 200]
