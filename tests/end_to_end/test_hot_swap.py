"""Promotion under load: no error, no mixed answer, a bad bundle refused, the memory shared."""

import http.client
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest

from benchmarks.processes import LOOPBACK, Server, free_port, running, vitrine_serve
from features.home import Home
from training.bundle import Bundle, point_to

pytestmark = pytest.mark.server

MakeBundle = Callable[..., Bundle]
N_WORKERS, N_CALLERS, N_SWAPS = 2, 6, 30
ASKED = (
    ("/v1/recommend", {"user_id": "user-00", "num_results": 20, "explain": True}),
    ("/v1/recommend", {"anonymous_id": "nobody", "num_results": 38}),
    # One of the two is unknown to each bundle.
    ("/v1/similar", {"item_ids": ["a-item-03", "b-item-03"], "num_results": 20}),
    ("/v1/recommend/batch", {"requests": [{"user_id": "user-45"}, {"user_id": "user-07"}]}),
    ("/v1/picks", {"placement": "weekly_email", "user_ids": ["user-00", "user-03"]}),
)


@dataclass(frozen=True)
class Shop:
    """A server with two workers, and three bundles whose items begin with their letter."""

    server: Server
    home: Home
    bundles: dict[str, Path]

    def promote(self, letter: str) -> None:
        point_to(self.home.bundles, self.bundles[letter].name)

    def letter_of(self, model_version: str) -> str:
        return {folder.name: letter for letter, folder in self.bundles.items()}[model_version]

    def connect(self) -> closing[http.client.HTTPConnection]:
        return closing(http.client.HTTPConnection(LOOPBACK, self.server.port, timeout=20))

    def get(self, path: str) -> bytes:
        with self.connect() as connection:
            connection.request("GET", path)
            return connection.getresponse().read()

    def live(self) -> str:
        """Name the bundle of whichever worker answers."""
        return self.letter_of(json.loads(self.get("/readyz"))["model_version"])

    def count(self, metric: str) -> float:
        lines = self.get("/metrics").decode().splitlines()
        return sum(float(line.split()[1]) for line in lines if line.startswith(f"{metric} "))


@pytest.fixture(scope="module")
def shop(make_tiny_bundle: MakeBundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder, port = tmp_path_factory.mktemp("hot-swap"), free_port()
    home = Home(folder / "home")
    bundles = {
        letter: make_tiny_bundle(prefix=f"{letter}-", seed=seed).save(home.bundles)
        for seed, letter in enumerate("abc")
    }
    point_to(home.bundles, bundles["a"].name)
    environment = {
        "BENTOML_HOME": str(folder),
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "VITRINE_INSECURE_DEVELOPMENT": "1",
        "VITRINE_POLL_SECONDS": "0.02",
    }
    command = vitrine_serve(home.root, port=port, workers=N_WORKERS)
    with running(command, port=port, log=folder / "log", environment=environment) as server:
        shop = Shop(server, home, bundles)
        assert eventually(lambda: shop.count("vitrine_bundle_swaps_total") == N_WORKERS)
        yield shop


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = monotonic() + 20
    while not holds() and monotonic() < deadline:
        sleep(0.02)
    return holds()


@dataclass
class Heard:
    """What one caller was told while bundles changed."""

    statuses: list[int] = field(default_factory=list)
    letters: list[set[str]] = field(default_factory=list)


def _call(shop: Shop, over: Event) -> Heard:
    heard = Heard()
    with shop.connect() as connection:
        while not over.is_set():
            path, body = ASKED[len(heard.statuses) % len(ASKED)]
            status, letters = _ask(shop, connection, path, body)
            heard.statuses.append(status)
            heard.letters.append(letters)
    return heard


def _ask(
    shop: Shop, connection: http.client.HTTPConnection, path: str, body: dict[str, object]
) -> tuple[int, set[str]]:
    connection.request("POST", path, json.dumps(body))
    reply = connection.getresponse()
    return reply.status, _letters(shop, reply.read())


def _letters(shop: Shop, body: bytes) -> set[str]:
    """Find which bundles an answer speaks of, by its items and by its model versions."""
    letters: set[str] = set()

    def look(fields: dict[str, Any]) -> dict[str, Any]:
        if "item_id" in fields:
            letters.add(fields["item_id"][0])
        if "model_version" in fields:
            letters.add(shop.letter_of(fields["model_version"]))
        return fields

    for line in body.splitlines():
        json.loads(line, object_hook=look)
    return letters


def test_promoting_back_and_forth_under_load_gives_no_error_and_no_mixed_answer(
    shop: Shop,
) -> None:
    over = Event()
    with ThreadPoolExecutor(N_CALLERS) as callers:
        calls = [callers.submit(_call, shop, over) for _ in range(N_CALLERS)]
        try:
            for swap in range(1, N_SWAPS + 1):
                before = shop.count("vitrine_bundle_swaps_total")
                shop.promote("ab"[swap % 2])
                assert eventually(
                    lambda: shop.count("vitrine_bundle_swaps_total") == before + N_WORKERS  # noqa: B023 -- called within this turn
                )
        finally:
            over.set()
        heard = [call.result() for call in calls]

    statuses = [status for one in heard for status in one.statuses]
    letters = [some for one in heard for some in one.letters]
    assert len(statuses) >= 500
    assert set(statuses) == {200}
    assert {tuple(sorted(some)) for some in letters} == {("a",), ("b",)}


def test_workers_share_the_pages_of_the_live_bundle_and_let_go_of_the_others(shop: Shop) -> None:
    shop.promote("a")
    assert eventually(lambda: {shop.live() for _ in range(8)} == {"a"})
    for _ in range(8):
        shop.get("/readyz")

    live = shop.bundles["a"].name
    assert len(shop.server.workers) == N_WORKERS
    # What was counted from the old bundle goes with the look that found the new one.
    assert eventually(lambda: {one for some in _mapped(shop) for one in some[0]} == {live})
    for bundles, maps in _mapped(shop):
        assert bundles == {live}
        assert {Path(one.path).suffix for one in maps} == {".npy", ".faiss", ".arrow"}
        # File-backed and never written to: one copy in memory, whoever maps it.
        assert sum(one.anonymous + one.private_dirty for one in maps) == 0
        assert sum(one.shared_clean + one.shared_dirty for one in maps) > 0


def _mapped(shop: Shop) -> list[tuple[set[str], list[Any]]]:
    """Give each worker's bundles, and which of their files it has in memory."""
    found = []
    for worker in shop.server.workers:
        maps = [
            one
            for one in worker.memory_maps(grouped=False)
            if one.path.startswith(str(shop.home.bundles))
        ]
        bundles = {Path(one.path).relative_to(shop.home.bundles).parts[0] for one in maps}
        found.append((bundles, maps))
    return found


def test_a_corrupted_bundle_is_refused_and_the_old_one_serves_on(shop: Shop) -> None:
    shop.promote("a")
    assert eventually(lambda: {shop.live() for _ in range(8)} == {"a"})
    largest = max(shop.bundles["c"].rglob("*.npy"), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[-1] ^= 1
    largest.write_bytes(content)

    shop.promote("c")

    assert eventually(lambda: shop.count("vitrine_bundle_refusals_total") == N_WORKERS)
    assert {shop.live() for _ in range(8)} == {"a"}
    with shop.connect() as connection:
        for path, body in ASKED:
            assert _ask(shop, connection, path, body) == (200, {"a"})
    lines = shop.server.log.read_text().splitlines()
    refused = [json.loads(line) for line in lines if '"event":"bundle_refused"' in line]
    assert len(refused) == N_WORKERS
    for line in refused:
        assert largest.name in line["reason"]
        assert line["keeps_serving"] == shop.bundles["a"].name
