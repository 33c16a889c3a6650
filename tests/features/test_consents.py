"""The user table says what each user agreed to last, and loses nothing else."""

import pyarrow as pa

from features.catalog import USER_SCHEMA
from features.consents import Answers, answered
from tests.shops import Row, user

SCHEMA = USER_SCHEMA.append(pa.field("tier", pa.int64()))


def _users(*rows: Row) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def _consents(users: pa.Table, answers: Answers) -> dict[str, list[str] | None]:
    after = answered(users, answers)
    return dict(zip(after["user_id"].to_pylist(), after["consent"].to_pylist(), strict=True))


def test_a_purpose_comes_and_goes_and_the_others_stay() -> None:
    users = _users(
        user("ann", consent=["sms", "email"]), user("bob", consent=None), user("cid", consent=[])
    )

    after = _consents(
        users, {"ann": {"sms": False, "push": True}, "bob": {"email": True}, "dan": {"sms": True}}
    )

    assert after == {"ann": ["email", "push"], "bob": ["email"], "cid": [], "dan": ["sms"]}


def test_everything_else_about_a_user_stays() -> None:
    users = _users(user("ann", country="NZ", tier=3), user("bob", tier=1))

    after = answered(users, {"bob": {"email": True}})

    assert after.schema == users.schema
    assert after.drop_columns("consent").equals(users.drop_columns("consent"))


def test_who_withdraws_without_having_said_anything_has_agreed_to_nothing() -> None:
    assert _consents(_users(), {"ann": {"email": False}}) == {"ann": []}


def test_the_same_answers_again_change_nothing() -> None:
    answers = {"ann": {"email": True, "sms": False}, "bob": {"email": False}}
    once = answered(_users(user("ann")), answers)

    assert answered(once, answers) is once
    assert answered(once, {}) is once
