"""How soon does a list know the last click? The claim: the next one does, within 50 ms.

Runs ``python -m benchmarks.freshness --data FOLDER``. Somebody views an item, and the view is
posted on one connection; then their list is asked for on another, again and again until it is not
the list that it was before. The clock runs from the event's first byte to the changed list's last.
Servers are real ones with one worker and with two, on SQLite and, where a server answers, on
PostgreSQL. Of two workers one takes the event and the other is asked for the list.

Half of the people are visitors never seen before, the others known users. A view that changes
nothing about a list could not be seen to arrive, so the views are rehearsed without a server
first, and those are chosen after which the list is another one.
"""

import argparse
import asyncio
import http.client
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
import orjson

from benchmarks import traffic
from benchmarks.bars import Bar, print_setting, verdict
from benchmarks.homes import prepared_home
from benchmarks.processes import LOOPBACK, Server
from benchmarks.shops import Shop, as_kept, scratch_folder, shop_of, shops_by_store
from features.errors import VitrineError
from serving.offline import look, open_desk
from serving.recommend import answer_recommend
from serving.schemas import RecommendRequest
from training.bundle import Bundle, current

P99_MS: Final = 50.0

_MOST_ASKED: Final = 200
_MOST_TRIED: Final = 256
_WITHIN_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Click:
    """Somebody's view of an item, after which their list is another one."""

    person: dict[str, str]
    item_id: str


@dataclass(frozen=True, slots=True)
class Reaction:
    """How long a list took to know a view, and how often it was asked for until it did."""

    seconds: float
    n_asked: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--home", type=Path, help="use or make this home folder")
    parser.add_argument("--people", type=int, default=300, help="for each kind of server")
    options = parser.parse_args()
    home = prepared_home(options.data, options.home)
    print_setting(Bundle.open(current(home.bundles), verify=False))
    bars = []
    with scratch_folder() as scratch:
        clicks = _rehearsed(shop_of(home, scratch / "rehearsal"), options.people)
        columns = f"{'people':>7} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} {'asked again':>12}"
        print(f"\n{'store':<12} {'workers':>7} {columns}")
        for workers in (1, 2):
            with shops_by_store(home, scratch / f"workers-{workers}") as shops:
                for kind, shop in shops.items():
                    bars += _measured(f"{kind:<12} {workers:>7}", shop, clicks, workers=workers)
    return verdict(bars)


def _rehearsed(shop: Shop, n: int) -> list[Click]:
    """Choose views after which a list is another one, of visitors and of known users in turn."""
    desk = open_desk(shop.home)
    bundle = desk.live.ready().bundle
    users = iter(traffic.drawn(bundle.users, len(bundle.users), seed=0))
    # Each item once: what several people looked at is trending, and in the lists already.
    strong = bundle.items.ids(bundle.recommender.trends.order)
    clicks: list[Click] = []

    def listed(person: dict[str, str]) -> list[str]:
        request = RecommendRequest.model_validate(_asked(person))
        road, news = look(desk, [request.person], placements=(request.placement,))
        (answer,) = answer_recommend(road, [request], news, now=desk.clock())
        assert not isinstance(answer, VitrineError), answer
        return _told(answer)

    for number, item in enumerate(strong):
        is_known = len(clicks) % 2 == 1
        person = {"user_id": next(users)} if is_known else {"anonymous_id": f"visitor-{number}"}
        before = listed(person)
        desk.reach.store().add_events(as_kept([traffic.view(f"try-{number}", item, **person)]))
        if listed(person) != before:
            clicks.append(Click(person, item))
        if len(clicks) == n:
            break
    asyncio.run(desk.close())
    return clicks


def _measured(name: str, shop: Shop, clicks: Sequence[Click], *, workers: int) -> list[Bar]:
    with shop.served(workers=workers) as server, _two_ways(server, shop.key) as (tell, ask):
        reactions = [_reaction(tell, ask, f"click-{n}", one) for n, one in enumerate(clicks)]
    milliseconds = 1000 * np.array([one.seconds for one in reactions])
    p50, p99 = np.percentile(milliseconds, (50, 99))
    again = sum(one.n_asked > 1 for one in reactions)
    times = f"{p50:>8.1f} {p99:>8.1f} {milliseconds.max():>8.1f}"
    print(f"{name} {len(reactions):>7} {times} {again:>12}", flush=True)
    setting = " ".join(name.split())
    return [
        Bar(f"event to changed list, {setting} worker(s), p99 ms", float(p99), "at most", P99_MS),
        Bar(f"people asked for more than once, {setting} worker(s)", again, "at most", 0),
    ]


def _reaction(tell: "Way", ask: "Way", event_id: str, click: Click) -> Reaction:
    before = ask.listed(click.person)
    view = traffic.view(event_id, click.item_id, **click.person)
    began = perf_counter()
    tell.post("/v1/events", {"events": [view]})
    for n_asked in range(1, _MOST_ASKED + 1):
        if ask.listed(click.person) != before:
            return Reaction(perf_counter() - began, n_asked)
    raise RuntimeError(f"a list did not change in {_MOST_ASKED} requests")


def _asked(person: dict[str, str]) -> traffic.Body:
    # The top of a heavy buyer's home page is what is due, whatever they look at.
    return {**person, "placement": "recently_viewed" if "user_id" in person else "home"}


def _told(answer: traffic.Body) -> list[str]:
    return [f"{item['item_id']} {item['source']}" for item in answer["items"]]


@dataclass(frozen=True, slots=True)
class Way:
    """One connection to a server that stays."""

    connection: http.client.HTTPConnection
    key: str

    def post(self, path: str, body: traffic.Body) -> traffic.Body:
        """Ask, and wait for the answer."""
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        self.connection.request("POST", path, orjson.dumps(body), headers)
        reply = self.connection.getresponse()
        told: traffic.Body = orjson.loads(reply.read())
        if reply.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path} answered {reply.status}: {told}")
        return told

    def listed(self, person: dict[str, str]) -> list[str]:
        """Ask for a person's list, and give its items with where they came from."""
        return _told(self.post("/v1/recommend", _asked(person)))

    @property
    def port(self) -> int:
        """Where the connection leaves from."""
        return int(self.connection.sock.getsockname()[1])


@contextmanager
def _two_ways(server: Server, key: str) -> Iterator[tuple[Way, Way]]:
    """Open two connections; where there are two workers, one to each."""
    with ExitStack() as stack:
        ways: dict[int, Way] = {}
        for _ in range(_MOST_TRIED):
            connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=_WITHIN_S)
            way = Way(stack.enter_context(closing(connection)), key)
            way.post("/v1/recommend", {"anonymous_id": "somebody"})
            taken = _worker_of(server, way.port)
            # One worker takes both.
            ways.setdefault(len(ways) if len(server.workers) == 1 else taken, way)
            if len(ways) == 2:
                yield ways.popitem()[1], ways.popitem()[1]
                return
        raise RuntimeError(f"of {_MOST_TRIED} connections all went to one worker")


def _worker_of(server: Server, port: int) -> int:
    for worker in server.workers:
        ends = [one.raddr for one in worker.net_connections("tcp4")]
        if any(end and end.port == port for end in ends):
            return int(worker.pid)
    raise RuntimeError("a connection is with no worker")


if __name__ == "__main__":
    sys.exit(main())
