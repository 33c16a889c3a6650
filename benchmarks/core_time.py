"""How long is a list in the making? The claim: 2.5 ms at the median, 8 ms at the 99th percentile.

Measured in this process and on one thread: for each request `Desk.look`, which asks the store, and
`answer_recommend`, which makes the list. ``python -m benchmarks.core_time --data FOLDER`` runs it
alone; it is part of ``python -m benchmarks.serve``.
"""

import argparse
import asyncio
import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, thread_time
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks import traffic
from benchmarks.bars import Bar, print_setting, verdict
from benchmarks.homes import prepared_home
from benchmarks.shops import Shop, scratch_folder, shop_of
from features.errors import VitrineError
from features.home import Home
from serving.desk import Desk
from serving.offline import open_desk
from serving.recommend import answer_recommend
from serving.schemas import RecommendRequest
from training.bundle import Bundle, current

P50_MS: Final = 2.5
P99_MS: Final = 8.0

_WARM_UP: Final = 200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--home", type=Path, help="use or make this home folder")
    parser.add_argument("--requests", type=int, default=3000)
    options = parser.parse_args()
    home = prepared_home(options.data, options.home)
    print_setting(Bundle.open(current(home.bundles), verify=False))
    with scratch_folder() as scratch:
        return verdict(core_time(home, scratch, n_requests=options.requests))


def core_time(home: Home, scratch: Path, *, n_requests: int) -> list[Bar]:
    """Measure lists for known users, each for another one while there are any.

    Parameters
    ----------
    home : Home
        Whose bundles are borrowed.
    scratch : Path
        Where a home is made.
    n_requests : int
        How many lists.
    """
    bundle = Bundle.open(current(home.bundles), verify=False)
    shop = shop_of(home, scratch / "core")
    shop.keep(traffic.news_of(bundle, n_requests))
    asked = traffic.lists(bundle, n_requests + _WARM_UP)[traffic.RECOMMEND]
    requests = [RecommendRequest.model_validate(one) for one in asked]
    with threadpool_limits(limits=1):
        looked_s, answered_s, cpu_s = _measured(
            shop, [*requests[n_requests:], *requests[:n_requests]]
        ).T
    print(f"\nthe core's own time, {n_requests:,} lists in this process, in ms")
    parts = {
        # What other processes take of the machine shows in the others, and hardly in this one.
        "both, CPU alone": cpu_s,
        "ask the store": looked_s,
        "make the list": answered_s,
        "both": looked_s + answered_s,
    }
    for name, seconds in parts.items():
        p50, p99 = np.percentile(1000 * seconds, (50, 99))
        print(f"  {name:<16} p50 {p50:6.2f}  p99 {p99:6.2f}  max {1000 * seconds.max():6.2f}")
    return [
        Bar("core time, p50 ms", float(p50), "at most", P50_MS),
        Bar("core time, p99 ms", float(p99), "at most", P99_MS),
    ]


def _measured(shop: Shop, requests: Sequence[RecommendRequest]) -> NDArray[np.float64]:
    """Give for each list the seconds of its look, of its making, and of both in CPU time."""
    desk = open_desk(shop.home)
    gc.collect()
    # As in a worker: what is here before the first request stays.
    gc.freeze()
    try:
        return np.array(asyncio.run(_times(desk, requests)))[_WARM_UP:]
    finally:
        gc.unfreeze()


async def _times(
    desk: Desk, requests: Sequence[RecommendRequest]
) -> list[tuple[float, float, float]]:
    times = []
    for request in requests:
        began, cpu_before_s = perf_counter(), thread_time()
        road, news = await desk.look([request.person], placements=(request.placement,))
        looked = perf_counter()
        (answer,) = answer_recommend(road, [request], news, now=desk.clock())
        answered = perf_counter()
        times.append((looked - began, answered - looked, thread_time() - cpu_before_s))
        assert not isinstance(answer, VitrineError), answer
    await desk.close()
    return times


if __name__ == "__main__":
    sys.exit(main())
