"""The service: a real server process, declared to BentoML and answered in front of it."""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from benchmarks.processes import free_port, running
from features.home import Home
from serving.auth import Scope
from serving.endpoints import ENDPOINTS
from serving.schemas import BatchAnswer, Health, ListAnswer
from tests.serving.asking import Answer, Shop

pytestmark = pytest.mark.server
ROOT = Path(__file__).parents[2]
MARKER = "anna-4711@example.org"

ASKED: list[tuple[str, Mapping[str, object]]] = [
    ("/v1/recommend", {"user_id": "user-00"}),
    ("/v1/recommend", {"user_id": "user-31", "num_results": 500, "explain": True}),
    ("/v1/recommend", {"user_id": MARKER}),
    ("/v1/recommend", {"session_items": ["item-30"], "placement": "product"}),
    ("/v1/recommend", {"user_id": "user-00", "placement": "nowhere"}),
    ("/v1/similar", {"item_id": "item-03"}),
    ("/v1/similar", {"item_ids": ["item-03", "no-such-item"], "num_results": 3}),
    ("/v1/similar", {"item_id": "no-such-item"}),
    ("/v1/recommend", {"user_id": "user-00", "filter": "price < 25"}),
    ("/v1/recommend", {"user_id": "user-00", "candidates": ["item-04", "item-30"]}),
    ("/v1/similar", {"item_id": "item-03", "filter": "no_such_column = 1"}),
    ("/v1/rows", {"user_id": "user-00"}),
    ("/v1/audience", {"item_id": "item-03", "purpose": "email"}),
    ("/v1/events", {"events": [{"event_type": "view"}]}),
    ("/v1/recommend/batch", {"requests": [{"user_id": "user-00"}, {"placement": "nowhere"}]}),
    ("/v1/picks", {"placement": "weekly_email", "user_ids": [f"user-{n:02d}" for n in range(60)]}),
]


@pytest.fixture(scope="module")
def bento_lane(tiny_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Run the service with its endpoints left to BentoML, and without keys."""
    folder, port = tmp_path_factory.mktemp("bento-lane"), free_port()
    shutil.copytree(tiny_home.root, folder / "home")
    service = ("serve", "benchmarks.bento_lane:Vitrine", "--host", "127.0.0.1")
    command = [sys.executable, "-m", "bentoml", *service, "--port", str(port)]
    environment = {
        "VITRINE_HOME": str(folder / "home"),
        "VITRINE_INSECURE_DEVELOPMENT": "1",
        "BENTOML_HOME": str(folder),
        "BENTOML_DO_NOT_TRACK": "True",
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
    }
    with running(command, port=port, log=folder / "log", environment=environment) as server:
        yield Shop(server, {})


def _told(answer: Answer) -> list[Any]:
    """Give what an answer says, without the ids that are new each time."""
    lines = [json.loads(line) for line in answer.body.splitlines()]
    return json.loads(json.dumps(lines), object_hook=_without_ids)


def _without_ids(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in fields.items() if k not in {"recommendation_id", "request_id"}}


@pytest.mark.parametrize(("path", "body"), ASKED)
def test_the_front_answers_as_bentoml_does(
    shop: Shop, bento_lane: Shop, path: str, body: Mapping[str, object]
) -> None:
    front = shop.ask("POST", path, body, scope=Scope.ADMIN)
    behind = bento_lane.ask("POST", path, body)

    assert front.status == behind.status
    assert _told(front) == _told(behind)
    assert front.headers["content-type"] == behind.headers["content-type"]


def test_bentomls_own_refusals_have_our_shape(bento_lane: Shop) -> None:
    for body in (b"{", b'{"num_results": 0}'):
        answer = bento_lane.ask("POST", "/v1/recommend", body)
        assert (answer.status, answer.error["code"]) == (422, "invalid_request")


def test_development_without_keys_is_announced_in_the_log(bento_lane: Shop) -> None:
    events = [json.loads(line) for line in _json_lines(bento_lane)]

    assert "insecure_development" in [one["event"] for one in events]


def test_the_endpoints_are_declared_to_bentoml(shop: Shop) -> None:
    routes = shop.ask("GET", "/schema.json").json()["routes"]

    declared = {one["route"]: set(one["input"]["properties"]) for one in routes}
    assert declared == {path: set(one.takes.model_fields) for path, one in ENDPOINTS.items()}


def test_bentomls_client_gets_lists(shop: Shop, tmp_path: Path) -> None:
    program = (
        "import sys, bentoml\n"
        "with bentoml.SyncHTTPClient(sys.argv[1], token=sys.argv[2]) as client:\n"
        "    answer = client.recommend({'user_id': 'user-00', 'num_results': 3})\n"
        "print([item['rank'] for item in answer['items']])"
    )
    url, key = f"http://127.0.0.1:{shop.server.port}", shop.keys[Scope.STOREFRONT]

    assert _run(program, url, key, home=tmp_path).splitlines()[-1] == "[1, 2, 3]"


def test_lists_come_from_the_planted_taste(shop: Shop) -> None:
    def categories(user_id: str) -> set[str]:
        body = {"user_id": user_id, "num_results": 5}
        answer = shop.ask("POST", "/v1/recommend", body, scope=Scope.STOREFRONT)
        items = ListAnswer.model_validate_json(answer.body).items
        return {str(item.properties["category"]) for item in items}

    assert categories("user-00") == {"Home > Lamps"}
    assert categories("user-45") == {"Kitchen > Mugs"}


def test_health_needs_no_key_and_names_the_bundle(shop: Shop) -> None:
    alive, ready = shop.ask("GET", "/livez"), shop.ask("GET", "/readyz")

    assert (alive.status, ready.status) == (200, 200)
    assert alive.headers["x-request-id"] != ready.headers["x-request-id"]
    assert Health.model_validate_json(ready.body).n_users == 60


def test_every_route_refuses_in_the_one_shape(shop: Shop) -> None:
    for method, path, status in (
        ("POST", "/livez", 405),
        ("DELETE", "/v1/recommend", 405),
        ("PATCH", "/metrics", 405),
        ("GET", "/", 404),
        ("GET", "/static_content/swagger-initializer.js", 404),
        ("POST", "/v1/recommend", 401),
        ("GET", "/metrics", 401),
    ):
        answer = shop.ask(method, path, b"{}")
        assert (answer.status, bool(answer.error)) == (status, True), (method, path)


def test_metrics_of_the_server_count_its_requests(shop: Shop) -> None:
    for _ in range(3):
        shop.ask("GET", "/no-such-path")

    def counted() -> float:
        body = shop.ask("GET", "/metrics", scope=Scope.ADMIN).body.decode()
        name = 'vitrine_request_seconds_count{route="other",status="4xx"} '
        return sum(float(line.split()[1]) for line in body.splitlines() if line.startswith(name))

    assert _eventually(lambda: counted() >= 3)


def test_no_user_id_stands_in_the_servers_output(shop: Shop) -> None:
    asked = _drive_every_route(shop)

    assert _eventually(
        lambda: asked <= {json.loads(line)["request_id"] for line in _requests(shop)}
    )
    assert MARKER not in shop.server.log.read_text()


def _drive_every_route(shop: Shop) -> set[str]:
    """Ask every route, well and badly, with the marker everywhere; give the request ids."""
    person = {"user_id": MARKER}
    view = {"event_id": MARKER, "event_type": "view", "item_id": MARKER, **person}
    bodies: dict[str, list[Mapping[str, object] | bytes]] = {
        "/v1/recommend": [person, {"anonymous_id": MARKER}, {"session_items": [MARKER]}],
        "/v1/similar": [{"item_id": MARKER}, {"item_ids": ["item-00", MARKER]}],
        "/v1/recommend/batch": [{"requests": [person, {**person, "placement": MARKER}]}],
        "/v1/picks": [{"placement": "weekly_email", "user_ids": [MARKER]}, {"placement": MARKER}],
        "/v1/rows": [person, {"anonymous_id": MARKER, "filter": MARKER}],
        "/v1/audience": [{"item_id": MARKER}, {"item_id": "item-00", "purpose": MARKER}],
        "/v1/events": [{"events": [view, {**view, "price": MARKER}, MARKER]}],
        "/v1/items": [{"items": [{"item_id": MARKER, "price": MARKER}, MARKER]}],
        "/v1/identities": [{"links": [{"anonymous_id": MARKER, "user_id": MARKER}, MARKER]}],
        "/v1/consents": [{"consents": [{**person, "purpose": "email", "granted": False}]}],
    }
    headers = {"x-request-id": MARKER, "user-agent": MARKER, "cookie": MARKER}
    broken: list[Mapping[str, object] | bytes] = [
        f'{{"user_id": "{MARKER}"'.encode(),
        {"user_id": MARKER, MARKER: 1},
        {"num_results": MARKER},
        MARKER.encode() * 300_000,
    ]
    answers = [
        shop.ask(
            ENDPOINTS[path].method,
            f"{path}?user={MARKER}",
            body,
            scope=Scope.ADMIN,
            headers=headers,
        )
        for path, some in bodies.items()
        for body in [*some, *broken]
    ]
    for path in ("/livez", "/readyz", "/metrics", "/docs.json", "/schema.json", f"/{MARKER}"):
        answers += [
            shop.ask(method, f"{path}?user={MARKER}", scope=Scope.ADMIN, headers=headers)
            for method in ("GET", "POST")
        ]
    answers.append(shop.ask("POST", "/v1/recommend", headers={"authorization": f"Bearer {MARKER}"}))
    assert set(bodies) == set(ENDPOINTS)
    assert all(answer.status < 500 for answer in answers)
    return {answer.headers["x-request-id"] for answer in answers}


def _json_lines(shop: Shop) -> list[str]:
    return [line for line in shop.server.log.read_text().splitlines() if line.startswith("{")]


def _requests(shop: Shop) -> list[str]:
    return [line for line in _json_lines(shop) if '"event":"request"' in line]


def _eventually(holds: Callable[[], bool]) -> bool:
    deadline = monotonic() + 10
    while not holds() and monotonic() < deadline:
        sleep(0.05)
    return holds()


def test_a_batch_is_answered_in_order(shop: Shop) -> None:
    body = {"requests": [{"user_id": f"user-{n:02d}", "num_results": 1} for n in range(20)]}

    told = shop.ask("POST", "/v1/recommend/batch", body, scope=Scope.STOREFRONT)

    single = [
        shop.ask("POST", "/v1/recommend", one, scope=Scope.STOREFRONT) for one in body["requests"]
    ]
    expected = [
        _without_ids(ListAnswer.model_validate_json(one.body).model_dump()) for one in single
    ]
    answers = BatchAnswer.model_validate_json(told.body).answers
    assert [_without_ids(one.model_dump()) for one in answers] == expected


def _run(program: str, *words: str, home: Path) -> str:
    """Run a program in a process of its own, and give what it prints."""
    environment = {"BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True"}
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def test_bodies_of_endpoints_have_at_most_five_lines() -> None:
    tree = ast.parse((ROOT / "serving/service.py").read_text())
    (service,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    methods = [node for node in service.body if isinstance(node, ast.AsyncFunctionDef)]

    assert len(methods) == len(ENDPOINTS) + 2
    for method in methods:
        without_docstring = method.body[1:]
        assert without_docstring[-1].end_lineno - without_docstring[0].lineno < 5, method.name
