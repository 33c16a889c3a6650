"""The laws of consents: the last answer of a user for a purpose counts, for that purpose alone."""

import pytest

from features.errors import InvalidInput
from serving.store import Consent, Store
from tests.serving.store.planted import NOW_US


def test_only_who_answered_for_the_purpose_is_told(store: Store) -> None:
    store.put_consents(
        [
            Consent("ann", "email", granted=True),
            Consent("bob", "email", granted=False),
            Consent("cid", "audience", granted=True),
        ],
        at_us=NOW_US,
    )

    assert store.consents(["bob", "ann", "cid", "dan"], "email") == {"ann": True, "bob": False}
    assert store.consents([], "email") == {}


def test_the_last_answer_counts_also_within_one_call(store: Store) -> None:
    answers = [Consent("ann", "email", granted=granted) for granted in (True, False, True)]

    store.put_consents(answers[:2], at_us=NOW_US)
    assert store.consents(["ann"], "email") == {"ann": False}

    store.put_consents(answers[2:], at_us=NOW_US)
    assert store.consents(["ann"], "email") == {"ann": True}
    assert store.revisions().consents == 2


def test_consents_of_thousands_are_told_at_once(store: Store) -> None:
    people = [f"user{n}" for n in range(40_000)]
    store.put_consents([Consent(people[-1], "email", granted=True)], at_us=NOW_US)

    assert store.consents(people, "email") == {people[-1]: True}


def test_a_name_that_neither_database_holds_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput):
        store.put_consents([Consent("ann\0", "email", granted=True)], at_us=NOW_US)
    with pytest.raises(InvalidInput):
        store.consents(["ann\0"], "email")


def test_every_answer_is_given_by_user_and_purpose(store: Store) -> None:
    answers = [Consent("bob", "email", True), Consent("ann", "sms", False)]
    store.put_consents(answers, at_us=NOW_US)

    assert store.every_consent() == answers[::-1]
