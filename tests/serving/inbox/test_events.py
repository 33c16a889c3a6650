"""Posted events: what is taken, and what each wrong one is told."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events import EVENT_SCHEMA, EventType
from features.reasons import Reason
from serving.inbox.events import read_events
from serving.store.events import Event

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
NOW_US = 1_717_243_200_000_000
VIEW = {"event_id": "e1", "event_type": "view", "item_id": "lamp"}
FULL = VIEW | {
    "event_type": "purchase",
    "user_id": "anna",
    "timestamp": "2024-06-01T13:30:00.25+02:00",
    "quantity": 2,
    "price": 12.5,
    "order_id": "o1",
    "session_id": "s1",
    "country": "GB",
    "device": "mobile",
    "recommendation_id": "r1",
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def only(**columns: Any) -> Event:  # noqa: ANN401 -- any JSON
    read = read_events([VIEW | columns], now=NOW)
    assert read.rejected == []
    return read.valid[0]


def fault(**columns: Any) -> str:  # noqa: ANN401
    read = read_events([VIEW | columns], now=NOW)
    assert read.valid == []
    return read.rejected[0]["code"]


def test_every_column_of_the_log_is_taken() -> None:
    assert FULL.keys() | {"anonymous_id"} == set(EVENT_SCHEMA.names)

    assert read_events([FULL], now=NOW).valid == [
        Event(
            event_id="e1",
            event_type=EventType.PURCHASE,
            user_id="anna",
            anonymous_id=None,
            item_id="lamp",
            timestamp_us=NOW_US - 1_799_750_000,
            quantity=2,
            price=12.5,
            order_id="o1",
            session_id="s1",
            country="GB",
            device="mobile",
            recommendation_id="r1",
        )
    ]


def test_what_is_not_said_is_now_one_and_nobody() -> None:
    event = only()

    assert (event.timestamp_us, event.quantity, event.price) == (NOW_US, 1, None)
    assert (event.user_id, event.anonymous_id) == (None, None)


def test_null_and_an_empty_text_say_nothing() -> None:
    said = dict.fromkeys(("anonymous_id", "timestamp", "session_id"), "")
    unsaid = dict.fromkeys(("user_id", "quantity", "price", "order_id"))

    assert only(**said, **unsaid) == only()


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_type_is_taken(event_type: EventType) -> None:
    assert only(event_type=event_type.value).event_type is event_type


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"event_id": None}, "missing_id"),
        ({"event_id": ""}, "missing_id"),
        ({"event_id": "e" * 129}, "too_long"),
        ({"item_id": ""}, "missing_id"),
        ({"item_id": 7}, "wrong_type"),
        ({"item_id": ["lamp"]}, "wrong_type"),
        ({"item_id": "é" * 129}, "too_long"),
        ({"item_id": "la\x00mp"}, "control_characters"),
        ({"session_id": "s\n1"}, "control_characters"),
        ({"country": "\x7f"}, "control_characters"),
        ({"device": "\ud800"}, "not_utf8"),
        ({"event_type": None}, "unknown_event_type"),
        ({"event_type": "VIEW"}, "unknown_event_type"),
        ({"event_type": {}}, "unknown_event_type"),
        ({"user_id": "anna", "anonymous_id": "a1"}, "two_persons"),
        ({"user_id": "anonymous:a1"}, "reserved_id"),
        ({"itemid": "lamp"}, "unknown_field"),
        ({"timestamp": 1_717_243_200}, "invalid_time"),
        ({"timestamp": "yesterday"}, "invalid_time"),
        ({"timestamp": "20240601T120000Z"}, "invalid_time"),
        ({"timestamp": "2024-02-30T12:00:00Z"}, "invalid_time"),
        ({"timestamp": "0000-01-01T00:00:00Z"}, "invalid_time"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "invalid_time"),
        ({"timestamp": "٢٠٢٤-06-01T12:00:00Z"}, "invalid_time"),
        ({"timestamp": "2024-06-01T12:00:00"}, "time_without_offset"),
        ({"timestamp": "1969-12-31T23:59:59Z"}, "time_before_1970"),
        ({"timestamp": "2024-06-01T12:05:01Z"}, "future_time"),
        ({"timestamp": "9999-12-31T23:59:59-14:00"}, "invalid_time"),
        ({"quantity": 0}, "quantity_not_positive"),
        ({"quantity": -1}, "quantity_not_positive"),
        ({"quantity": 1.5}, "invalid_quantity"),
        ({"quantity": "2"}, "invalid_quantity"),
        ({"quantity": True}, "invalid_quantity"),
        ({"quantity": 1_000_001}, "invalid_quantity"),
        ({"quantity": 10**400}, "invalid_quantity"),
        ({"quantity": math.inf}, "invalid_quantity"),
        ({"price": "12.50"}, "invalid_price"),
        ({"price": False}, "invalid_price"),
        ({"price": 10**400}, "invalid_price"),
        ({"price": -0.01}, "negative_price"),
        ({"price": math.nan}, "non_finite_price"),
        ({"price": -math.inf}, "non_finite_price"),
        ({"price": 1.1e12}, "implausible_price"),
    ],
)
def test_a_wrong_field_has_its_code(columns: dict[str, Any], code: str) -> None:
    assert fault(**columns) == code


@pytest.mark.parametrize(
    "timestamp",
    ["2024-06-01T12:00:00Z", "2024-06-01 14:00:00.000000000+02:00", "2024-06-01t12:00:00z"],
)
def test_one_moment_may_be_written_in_several_ways(timestamp: str) -> None:
    assert only(timestamp=timestamp).timestamp_us == NOW_US


def test_a_clock_may_be_five_minutes_ahead() -> None:
    latest = NOW + timedelta(minutes=5)

    assert only(timestamp=latest.isoformat()).timestamp_us == NOW_US + 300_000_000


def test_a_returned_quantity_may_be_negative() -> None:
    assert only(event_type="return", quantity=-3).quantity == 3


def test_one_wrong_event_costs_no_other() -> None:
    raw = [VIEW, 7, VIEW | {"event_id": "e2"}, VIEW | {"price": -1}, VIEW | {"event_id": "e3"}]

    read = read_events(raw, now=NOW)

    assert [event.event_id for event in read.valid] == ["e1", "e2", "e3"]
    assert [(one["index"], one["code"]) for one in read.rejected] == [
        (1, "not_an_object"),
        (3, "negative_price"),
    ]


def test_a_misspelt_field_is_told_what_comes_near() -> None:
    (rejected,) = read_events([VIEW | {"itemid": "lamp"}], now=NOW).rejected

    assert "'itemid'; did you mean item_id?" in rejected["message"]


@given(st.lists(JSON | st.fixed_dictionaries(dict.fromkeys(FULL, JSON)), max_size=5))
def test_whatever_comes_is_either_taken_or_told_why(raw: list[Any]) -> None:
    read = read_events(raw, now=NOW)

    assert len(read.valid) + len(read.rejected) == len(raw)
    assert orjson.loads(orjson.dumps(read.rejected)) == read.rejected


@given(
    column=st.sampled_from(EVENT_SCHEMA.names),
    value=JSON,
    secret=st.uuids().map(str),
)
def test_no_message_repeats_who_it_was(column: str, value: Any, secret: str) -> None:  # noqa: ANN401
    people = [{"user_id": secret}, {"anonymous_id": secret}, {"user_id": f"anonymous:{secret}"}]

    read = read_events([FULL | who | {column: value} for who in people], now=NOW)

    assert not any(secret in one["message"] for one in read.rejected)


@given(text=st.text(min_size=1, max_size=300))
def test_what_is_taken_fits_the_log(text: str) -> None:
    for event in read_events([VIEW | {"item_id": text, "user_id": text}], now=NOW).valid:
        assert event.item_id == event.user_id == text
        assert len(text.encode()) <= 256
        assert not any(character < " " or character == "\x7f" for character in text)


def test_codes_are_those_of_files() -> None:
    raw = [VIEW | {"price": -1}, VIEW | {"user_id": "anonymous:a"}, VIEW | {"item_id": None}]

    codes = [Reason(one["code"]) for one in read_events(raw, now=NOW).rejected]

    assert codes == [Reason.NEGATIVE_PRICE, Reason.RESERVED_ID, Reason.MISSING_ID]
