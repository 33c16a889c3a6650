"""Bodies: what is too large, too late, too deep or of another shape is refused, and told."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving import bodies
from serving.endpoints import ENDPOINTS, MIB
from serving.schemas import RecommendRequest, SimilarRequest
from tests.serving.asking import Ask

PATHS = sorted(ENDPOINTS)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"user_id":' * 5_000, b'{"user_id": "\\ud800"}'],
    ids=["empty", "cut", "no utf-8", "deep list", "deep object", "half a surrogate"],
)
def test_what_is_no_json_is_refused(ask: Ask, path: str, body: bytes) -> None:
    answer = ask(ENDPOINTS[path].method, path, body)

    assert (answer.status, answer.error["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "body", [b"null", b"[]", b"7", b'"x"', b'{"no_such_field": 1}', b'{"num_results": NaN}']
)
def test_json_of_another_shape_is_refused(ask: Ask, path: str, body: bytes) -> None:
    answer = ask(ENDPOINTS[path].method, path, body)

    assert (answer.status, answer.error["code"]) == (422, "invalid_request")
    assert answer.error["details"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(path=st.sampled_from(PATHS), body=st.binary(max_size=200))
def test_no_bytes_break_the_front(ask: Ask, path: str, body: bytes) -> None:
    answer = ask(ENDPOINTS[path].method, path, body)

    assert 400 <= answer.status < 500
    assert answer.error


SOME_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(), some, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    sorted({*RecommendRequest.model_fields, *SimilarRequest.model_fields, "no_such_field"})
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    path=st.sampled_from(["/v1/recommend", "/v1/similar"]),
    fields=st.dictionaries(FIELDS, SOME_JSON, max_size=4),
)
def test_no_json_is_our_fault(ask: Ask, path: str, fields: dict[str, object]) -> None:
    answer = ask(ENDPOINTS[path].method, path, json.dumps(fields).encode())

    assert answer.status < 500
    assert answer.status == 200 or answer.error


@pytest.mark.parametrize("path", PATHS)
def test_a_body_may_be_as_large_as_stated_and_no_larger(ask: Ask, path: str) -> None:
    largest = ENDPOINTS[path].largest_body
    as_large = b" " * largest
    in_pieces = [b" " * (largest // 2), b" " * (largest // 2), b" "]

    assert ask(ENDPOINTS[path].method, path, as_large).status == 400
    for too_large in (as_large + b" ", in_pieces):
        answer = ask(ENDPOINTS[path].method, path, too_large)
        assert (answer.status, answer.error["code"]) == (413, "body_too_large")
        assert str(largest) in answer.error["message"]


def test_limits_are_one_mebibyte_and_more_where_many_are_told_of_at_once() -> None:
    limits = {path: endpoint.largest_body // MIB for path, endpoint in ENDPOINTS.items()}

    larger = {"/v1/picks": 4, "/v1/items": 4, "/v1/events": 2}
    assert limits == dict.fromkeys(PATHS, 1) | larger


def test_a_body_that_declares_too_much_is_refused_before_it_is_read(ask: Ask) -> None:
    for declared in (str(MIB + 1), "9" * 5_000):
        answer = ask("POST", "/v1/similar", [], headers={"content-length": declared})
        assert answer.error["code"] == "body_too_large"


def test_a_body_that_does_not_arrive_is_given_up(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_TIMEOUT_S", 0.01)

    answer = ask("POST", "/v1/similar", [])

    assert (answer.status, answer.error["code"]) == (408, "body_timeout")


def test_a_caller_who_hangs_up_is_no_error_of_ours(ask: Ask) -> None:
    assert ask("POST", "/v1/similar", [], hangs_up=True).status == 499
