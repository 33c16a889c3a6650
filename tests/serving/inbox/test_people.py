"""Posted links and consents: what is taken, and what each wrong one is told."""

from typing import Any

import pytest

from serving.inbox.people import Link, read_consents, read_links
from serving.store.consents import Consent

LINK = {"anonymous_id": "a1", "user_id": "anna"}
CONSENT = {"user_id": "anna", "purpose": "email", "granted": True}


def test_links_and_consents_are_taken() -> None:
    assert read_links([LINK]).valid == [Link("a1", "anna")]
    assert read_consents([CONSENT, CONSENT | {"granted": False}]).valid == [
        Consent("anna", "email", True),
        Consent("anna", "email", False),
    ]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (None, "not_an_object"),
        ([], "not_an_object"),
        ({"user_id": "anna"}, "missing_id"),
        (LINK | {"user_id": ""}, "missing_id"),
        (LINK | {"user_id": 7}, "wrong_type"),
        (LINK | {"user_id": "anonymous:a1"}, "reserved_id"),
        (LINK | {"anonymous_id": "a\x00"}, "control_characters"),
        (LINK | {"users_id": "anna"}, "unknown_field"),
    ],
)
def test_a_wrong_link_has_its_code(entry: Any, code: str) -> None:  # noqa: ANN401 -- any JSON
    read = read_links([LINK, entry, LINK])

    assert len(read.valid) == 2
    assert [(one["index"], one["code"]) for one in read.rejected] == [(1, code)]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("yes", "not_an_object"),
        (CONSENT | {"user_id": None}, "missing_id"),
        (CONSENT | {"purpose": ""}, "missing_field"),
        (CONSENT | {"purpose": "e" * 257}, "too_long"),
        (CONSENT | {"granted": "yes"}, "invalid_flag"),
        (CONSENT | {"granted": None}, "invalid_flag"),
        (CONSENT | {"consent": True}, "unknown_field"),
    ],
)
def test_a_wrong_consent_has_its_code(entry: Any, code: str) -> None:  # noqa: ANN401
    read = read_consents([CONSENT, entry, CONSENT])

    assert len(read.valid) == 2
    assert [(one["index"], one["code"]) for one in read.rejected] == [(1, code)]


def test_a_consent_that_the_shop_does_not_ask_for_is_refused_with_the_near_name() -> None:
    posted = [
        {"user_id": "anna", "purpose": one, "granted": True} for one in ("email", "emial", "x")
    ]

    read = read_consents(posted, purposes=("email", "push"))

    assert [one.purpose for one in read.valid] == ["email"]
    assert [one["code"] for one in read.rejected] == ["unknown_purpose"] * 2
    assert "email" in read.rejected[0]["message"]
