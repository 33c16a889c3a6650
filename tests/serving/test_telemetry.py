"""Telemetry: what is counted, with labels that no caller can multiply, and no one's words."""

import asyncio
import json
import sys
from select import PIPE_BUF
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.endpoints import ENDPOINTS
from serving.house import House
from serving.ledger import Ledger
from serving.telemetry import Telemetry
from serving.visits import Visit
from tests.serving.asking import Ask
from training.bundle import Bundle

ROUTES = {*ENDPOINTS, "/readyz", "/metrics", "/docs.json", "/livez", "/healthz", "/schema.json"}


def _samples(telemetry: Telemetry) -> dict[str, float]:
    lines = telemetry.render().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_a_reply_is_counted_by_route_and_class_of_status() -> None:
    telemetry = Telemetry()

    for status, seconds in ((200, 0.001), (200, 0.004), (404, 0.002)):
        telemetry.replied("/v1/similar", status, seconds)

    samples = _samples(telemetry)
    good = '{route="/v1/similar",status="2xx"}'
    assert samples[f"vitrine_request_seconds_count{good}"] == 2
    assert samples[f"vitrine_request_seconds_sum{good}"] == pytest.approx(0.001 + 0.004)
    assert (
        samples['vitrine_request_seconds_bucket{le="0.003",route="/v1/similar",status="2xx"}'] == 1
    )
    assert samples['vitrine_request_seconds_count{route="/v1/similar",status="4xx"}'] == 1


def test_the_live_bundle_is_told(tiny_bundle: Bundle) -> None:
    telemetry = Telemetry()
    assert "vitrine_bundle_info" not in telemetry.render().decode()

    telemetry.swapped(tiny_bundle)
    telemetry.refused()

    samples = _samples(telemetry)
    version = tiny_bundle.manifest.bundle_id
    assert samples[f'vitrine_bundle_info{{model="svd",model_version="{version}"}}'] == 1
    assert samples["vitrine_bundle_as_of_seconds"] == tiny_bundle.manifest.as_of.timestamp()
    assert (samples["vitrine_bundle_users"], samples["vitrine_bundle_items"]) == (60, 40)
    assert samples["vitrine_bundle_swaps_total"] == samples["vitrine_bundle_refusals_total"] == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(path=st.text(st.characters(codec="utf-8"), max_size=30))
def test_made_up_paths_make_no_series(house: House, ask: Ask, path: str) -> None:
    ask("GET", f"/{path}")
    house.ledger.write()

    routes = {
        name.partition('route="')[2].partition('"')[0]
        for name in _samples(house.telemetry)
        if "route=" in name
    }
    assert routes <= {"other", *ROUTES}


def test_a_request_is_one_line_of_json_without_the_callers_words(
    ask: Ask, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    marker = "anna@example.org"
    answers = [
        ask("POST", "/v1/recommend", {"user_id": marker}),
        ask("POST", "/v1/recommend", {"user_id": 7, marker: marker}),
        ask("GET", f"/{marker}", headers={"x-request-id": marker, "user-agent": marker}),
    ]
    house.ledger.write()

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert marker not in json.dumps(lines)
    assert [line["request_id"] for line in lines] == [
        one.headers["x-request-id"] for one in answers
    ]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("/v1/recommend", 200),
        ("/v1/recommend", 422),
        ("other", 404),
    ]
    assert [line["n_bytes"] for line in lines] == [len(one.body) for one in answers]
    assert all(line["event"] == "request" and line["ms"] > 0 for line in lines)


def test_workers_lines_never_mix_because_each_write_fits_a_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[str] = []
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(write=written.append, flush=list))
    longest = {b"x-request-id": b"a" * 64}
    scope = {"path": "/", "method": "OPTIONS", "headers": list(longest.items())}

    async def take_down() -> None:
        ledger = Ledger(Telemetry())
        for _ in range(95):
            visit = Visit(scope, receive=None, send=None)
            visit.key, visit.n_bytes, visit.status = "k" * 64, 10**12, 200
            ledger.add(visit, route="/v1/recommend/batch")
        ledger.write()

    asyncio.run(take_down())

    assert sum(len(some.splitlines()) for some in written) == 95
    assert all(len(some) <= PIPE_BUF and some.endswith("\n") for some in written)


def test_a_log_that_cannot_be_written_costs_no_answer(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stdout", SimpleNamespace(write=full))

    assert [ask("GET", "/readyz").status for _ in range(30)] == [200] * 30
