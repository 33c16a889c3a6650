"""Visits: request ids, and streams that end well, break, or lose their caller."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from typing import Any

import pytest

from serving import answering
from serving.desk import Desk
from serving.endpoints import ENDPOINTS
from serving.replies import JSON_LINES, Reply
from tests.serving.asking import Answer, Ask


def test_an_answer_that_takes_too_long_is_given_up(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> Awaitable[None]:
        return asyncio.get_running_loop().create_future()

    monkeypatch.setattr(answering, "ANSWER_TIMEOUT_S", 0.01)
    monkeypatch.setattr(answering, "_behind", never)

    answer = ask("POST", "/v1/recommend/batch", {"requests": [{}]})

    assert (answer.status, answer.error["code"]) == (503, "overloaded")
    assert answer.headers["retry-after"] == "1"


def test_a_proxys_request_id_is_taken_over_and_no_other(ask: Ask) -> None:
    traced = "4bf92f3577b34da6a3ce929d0e0e4736"
    ids = [ask("GET", "/nope", headers={"x-request-id": one}) for one in (traced, "anna", "a" * 99)]

    assert ids[0].headers["x-request-id"] == traced
    assert len({one.headers["x-request-id"] for one in ids}) == 3
    assert [one.error["request_id"] for one in ids[1:]] != ["anna", "a" * 99]


def _lines(answer: Answer) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.body.splitlines()]


def test_picks_are_a_line_for_each_user_and_a_trailer(ask: Ask) -> None:
    users = [f"user-{n:02d}" for n in range(60)] * 10

    answer = ask("POST", "/v1/picks", {"placement": "weekly_email", "user_ids": users})

    *picks, trailer = _lines(answer)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [line["user_id"] for line in picks] == users
    assert (trailer["type"], trailer["n_users"]) == ("trailer", 600)


def _streamed(monkeypatch: pytest.MonkeyPatch, rest: AsyncIterator[bytes]) -> None:
    async def respond(desk: Desk, request: object) -> Reply:
        return Reply(b'{"user_id": "a"}\n', media_type=JSON_LINES, rest=rest)

    monkeypatch.setitem(ENDPOINTS, "/v1/picks", replace(ENDPOINTS["/v1/picks"], respond=respond))


PICKS = {"placement": "weekly_email", "user_ids": ["user-00"]}


def test_a_stream_that_breaks_ends_with_the_error_instead_of_a_trailer(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b'{"user_id": "b"}\n'
        raise OSError("anna@example.org")

    _streamed(monkeypatch, breaks())

    *lines, last = _lines(ask("POST", "/v1/picks", PICKS))

    assert lines == [{"user_id": "a"}, {"user_id": "b"}]
    assert last["error"]["code"] == "internal_error"


def test_nothing_more_is_made_for_a_caller_who_has_hung_up(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    async def long() -> AsyncIterator[bytes]:
        for _ in range(1000):
            await asyncio.sleep(0)
            made.append(1)
            yield b"{}\n"

    _streamed(monkeypatch, long())

    ask("POST", "/v1/picks", PICKS, hangs_up=True)

    assert len(made) < 5
