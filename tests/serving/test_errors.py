"""Errors on the wire: every error has a status and the one body, and tells no secrets."""

import json
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from features import errors as tree
from features.errors import CorruptBundle, UnknownItem, VitrineError
from serving import errors
from serving.errors import (
    InternalError,
    InvalidJson,
    InvalidRequest,
    MethodNotAllowed,
    Refusal,
    error_answer,
    error_body,
    status_of,
    validation_refusal,
)
from serving.schemas import BatchRequest, ErrorAnswer, RecommendRequest


def _below(kind: type[VitrineError]) -> Iterator[type[VitrineError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


EVERY_ERROR = sorted(
    {one for one in _below(VitrineError) if one.__module__ in {tree.__name__, errors.__name__}},
    key=lambda one: one.__name__,
)


@pytest.mark.parametrize("kind", [one for one in EVERY_ERROR if one is not Refusal])
def test_every_error_has_a_status_and_the_one_body(kind: type[VitrineError]) -> None:
    error = kind() if kind is InternalError else kind("GET")

    told = ErrorAnswer.model_validate_json(error_body(error, request_id="4bf92f35"))

    assert 400 <= status_of(error) < 600
    assert told.error.request_id == "4bf92f35"
    assert told.error.code
    assert told.error.message


def test_codes_are_unique() -> None:
    codes = [one.code for one in EVERY_ERROR if one is not Refusal]

    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", list(_below(Refusal)))
def test_the_tree_in_the_module_names_every_refusal_and_its_status(kind: type[Refusal]) -> None:
    lines = [line.split() for line in (errors.__doc__ or "").splitlines()]

    assert [kind.__name__, str(kind.status)] in [line[1:3] for line in lines]


def test_an_error_of_ours_is_told_without_its_message() -> None:
    error = CorruptBundle("/srv/shop/bundles/70295984 is broken", details=["/srv/shop"])

    told = error_answer(error)["error"]

    assert status_of(error) == 500
    assert told["code"] == "internal_error"
    assert "/srv" not in json.dumps(told)


def test_an_error_of_the_callers_is_told_with_its_message() -> None:
    told = error_answer(UnknownItem("no item has the id 'x'"))["error"]

    assert (told["code"], told["message"]) == ("unknown_item", "no item has the id 'x'")


def test_a_wrong_field_is_named_and_its_value_is_not_repeated() -> None:
    refusal = _refused(RecommendRequest, b'{"user_id": "anna@example.org", "num_results": 501}')

    assert isinstance(refusal, InvalidRequest)
    assert refusal.details == ("num_results: Input should be less than or equal to 500",)
    assert "anna" not in str(refusal)


def test_a_body_that_is_no_json_is_told_apart_from_one_of_another_shape() -> None:
    assert isinstance(_refused(RecommendRequest, b'{"user_id": '), InvalidJson)
    assert isinstance(_refused(RecommendRequest, b"[]"), InvalidRequest)


def test_only_the_first_twenty_wrong_fields_are_told() -> None:
    body = json.dumps({"requests": [{"num_results": 0}] * 30}).encode()

    refusal = _refused(BatchRequest, body)

    assert "30 wrong fields" in refusal.message
    assert len(refusal.details) == 20


def test_a_wrong_method_tells_the_right_ones() -> None:
    assert MethodNotAllowed("GET", "HEAD").headers == (("allow", "GET, HEAD"),)


def _refused(shape: type[RecommendRequest] | type[BatchRequest], body: bytes) -> Refusal:
    with pytest.raises(ValidationError) as caught:
        shape.model_validate_json(body)
    return validation_refusal(caught.value)
