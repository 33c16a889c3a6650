"""Passing on: what BentoML replies comes out in the shape of everything else."""

from serving.bodies import Message, Receive
from serving.front import Front
from serving.house import House
from serving.visits import Send
from tests.serving.asking import MakeAsk


def test_what_bentoml_refuses_or_breaks_on_is_told_in_our_shape(
    house: House, make_ask: MakeAsk
) -> None:
    def behind(status: int, **headers: str) -> Front:
        async def app(scope: Message, receive: Receive, send: Send) -> None:
            if status == 0:
                raise RuntimeError("anna@example.org")
            told = [(name.encode(), value.encode()) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": status, "headers": told})
            await send({"type": "http.response.body", "body": b"[{", "more_body": True})
            await send({"type": "http.response.body", "body": b"anna@example.org"})

        return Front(app, house=house)

    def told(status: int, **headers: str) -> tuple[int, str]:
        answer = make_ask(behind(status, **headers))("GET", "/livez")
        assert "anna" not in answer.body.decode()
        return answer.status, answer.error["code"]

    assert told(404) == (404, "unknown_route")
    assert told(405, allow="GET, HEAD") == (405, "method_not_allowed")
    assert told(400) == (422, "invalid_request")
    assert told(500) == told(503) == told(0) == (500, "internal_error")


def test_what_bentoml_answers_passes_untouched_under_our_request_id(
    house: House, make_ask: MakeAsk
) -> None:
    async def alive(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"\n"})

    answer = make_ask(Front(alive, house=house))("GET", "/livez")

    assert (answer.status, answer.body, answer.headers["a"]) == (200, b"\n", "b")
    assert answer.headers["x-request-id"]
