"""How fast is serving? The claim: nearly as fast as a bare app that calls the same core.

Runs ``python -m benchmarks.serve --data FOLDER``. Everything is measured in one run, with the
ranker and the store: the core's own time; the service beside a bare Starlette app that calls the
same core and beside a service as people write it by hand, asked by 16 connections and by one;
events that are posted; with ``--memory`` what a worker holds after a hundred thousand requests.
All servers are real processes on loopback with one worker.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks import traffic
from benchmarks.bars import Bar, print_setting, verdict
from benchmarks.core_time import core_time
from benchmarks.homes import prepared_home
from benchmarks.lanes import (
    BARE,
    BENTO,
    CASES,
    HAND_MADE,
    MANY,
    SERVICE,
    Case,
    Lane,
    lane,
    measure_in_turn,
    print_table,
    ratio,
)
from benchmarks.memory import memory
from benchmarks.posting import posting
from benchmarks.shops import Shop, scratch_folder, shop_of
from features.home import Home
from training.bundle import Bundle, current

BARS: Final = {traffic.RECOMMEND: 0.85, traffic.SIMILAR: 0.70}
"""Of the requests a second that the bare app answers."""

_BODIES: Final = 512


def main() -> int:
    options = _options()
    home = prepared_home(options.data, options.home)
    print_setting(Bundle.open(current(home.bundles), verify=False))
    names = [SERVICE, BARE, HAND_MADE, *([BENTO] if options.with_bentoml else [])]
    with scratch_folder() as scratch:
        bars = core_time(home, scratch, n_requests=options.core_requests)
        bars += _lists(home, scratch, names, rounds=options.rounds, n_requests=options.requests)
        bars += posting(home, scratch / "posting", rounds=options.posting_rounds)
        if options.memory:
            bars += memory(home, scratch)
    return verdict(bars)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--home", type=Path, help="use or make this home folder")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--requests", type=int, default=600, help="of one kind in one round")
    parser.add_argument("--core-requests", type=int, default=3000, help="without HTTP")
    parser.add_argument("--posting-rounds", type=int, default=7)
    parser.add_argument("--memory", action="store_true", help="ask 100,000 times; takes minutes")
    parser.add_argument(
        "--with-bentoml", action="store_true", help="measure the endpoints left to BentoML too"
    )
    return parser.parse_args()


def _lists(
    home: Home, scratch: Path, names: Sequence[str], *, rounds: int, n_requests: int
) -> list[Bar]:
    bundle = Bundle.open(current(home.bundles), verify=False)
    shops = {name: shop_of(home, scratch / f"lane-{n}") for n, name in enumerate(names)}
    bodies = traffic.lists(bundle, _BODIES)
    with ExitStack() as stack:
        lanes = [stack.enter_context(lane(name, _lived_in(shops[name], bundle))) for name in names]
        requests = {
            name: {
                endpoint: traffic.as_posts(endpoint, some, key=shop.key)
                for endpoint, some in bodies.items()
            }
            for name, shop in shops.items()
        }
        measure_in_turn(lanes, requests, rounds=rounds, n_requests=n_requests)
        print_table(lanes)
    return _compared(lanes)


def _lived_in(shop: Shop, bundle: Bundle) -> Shop:
    shop.keep(traffic.news_of(bundle, _BODIES))
    return shop


def _compared(lanes: Sequence[Lane]) -> list[Bar]:
    by_name = {one.name: one for one in lanes}
    service, bare = by_name.pop(SERVICE), by_name[BARE]
    print()
    for other in by_name.values():
        ratios = ", ".join(f"{case} {ratio(service, other, case):.2f}" for case in CASES)
        print(f"requests/s of the service to those of {other.name}: {ratios}")
    return [
        Bar(
            f"requests/s to bare Starlette, {name}",
            ratio(service, bare, Case(name, MANY)),
            "at least",
            bar,
        )
        for name, bar in BARS.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
