"""The description of the API: complete, and true of what is answered."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from serving.docs import describe
from serving.endpoints import ENDPOINTS
from tests.serving.asking import Ask


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return json.loads(json.dumps(describe(ENDPOINTS.values())))


def _validator(described: dict[str, Any], model: str) -> Draft202012Validator:
    return Draft202012Validator({**described, "$ref": f"#/components/schemas/{model}"})


def _refs(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
        for value in part.values():
            yield from _refs(value)
    elif isinstance(part, list):
        for value in part:
            yield from _refs(value)


def test_the_page_is_the_description(ask: Ask, described: dict[str, Any]) -> None:
    assert ask("GET", "/docs.json").json() == described


def test_every_route_is_described(described: dict[str, Any]) -> None:
    assert set(described["paths"]) == {*ENDPOINTS, "/livez", "/readyz", "/metrics"}


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    names = {ref.removeprefix("#/components/schemas/") for ref in _refs(described)}

    assert names <= set(described["components"]["schemas"])


def test_every_operation_tells_the_one_shape_of_errors(described: dict[str, Any]) -> None:
    for path in described["paths"].values():
        (operation,) = path.values()
        errors = operation["responses"]["default"]["content"]["application/json"]["schema"]
        assert errors == {"$ref": "#/components/schemas/ErrorAnswer"}


def test_every_endpoint_tells_the_key_that_it_needs(described: dict[str, Any]) -> None:
    for path, endpoint in ENDPOINTS.items():
        operation = described["paths"][path][endpoint.method.lower()]
        assert operation["security"] == [{"key": [endpoint.scope.value]}]


@pytest.mark.parametrize(
    ("path", "body", "model"),
    [
        ("/v1/recommend", {"user_id": "user-00", "explain": True}, "ListAnswer"),
        ("/v1/recommend", {"anonymous_id": "nobody"}, "ListAnswer"),
        ("/v1/recommend", {"user_id": "user-00", "num_results": 500}, "ListAnswer"),
        ("/v1/recommend", {"num_results": 0}, "ErrorAnswer"),
        ("/v1/similar", {"item_ids": ["item-00", "no-such-item"]}, "ListAnswer"),
        ("/v1/similar", {"item_id": "no-such-item"}, "ErrorAnswer"),
        ("/v1/recommend/batch", {"requests": [{}, {"placement": "nowhere"}]}, "BatchAnswer"),
        ("/v1/recommend", {"user_id": "user-00", "candidates": ["item-03"]}, "ListAnswer"),
        ("/v1/recommend", {"filter": "prise < 3"}, "ErrorAnswer"),
        ("/v1/rows", {"user_id": "user-00"}, "RowsAnswer"),
        ("/v1/rows", {"anonymous_id": "nobody"}, "RowsAnswer"),
        ("/v1/audience", {"item_id": "item-03"}, "AudienceAnswer"),
        ("/v1/audience", {"item_id": "item-03", "num_results": 1000}, "AudienceAnswer"),
        ("/v1/events", {"events": [{"event_type": "view"}]}, "EventsAnswer"),
        ("/v1/items", {"items": [{"item_id": "item-03", "price": "dear"}]}, "UpdatedAnswer"),
        ("/v1/identities", {"links": [{}]}, "IdentitiesAnswer"),
        ("/v1/consents", {"consents": [{"user_id": "user-00"}]}, "UpdatedAnswer"),
    ],
)
def test_what_is_answered_is_as_described(
    ask: Ask, described: dict[str, Any], path: str, body: dict[str, object], model: str
) -> None:
    answer = ask(ENDPOINTS[path].method, path, body)

    _validator(described, model).validate(answer.json())


def test_lines_of_picks_are_as_described(ask: Ask, described: dict[str, Any]) -> None:
    body = {"placement": "weekly_email", "user_ids": ["user-00", "user-01", "nobody"]}

    *lines, _ = ask("POST", "/v1/picks", body).body.splitlines()

    for line in lines:
        _validator(described, "PickStatus").validate(json.loads(line))


def test_what_the_description_forbids_is_refused(ask: Ask, described: dict[str, Any]) -> None:
    body = {"user_id": "", "num_results": 501, "no_such_field": 1}
    forbidden = list(_validator(described, "RecommendRequest").iter_errors(body))

    assert len(ask("POST", "/v1/recommend", body).error["details"]) == len(forbidden) == 3
