"""How fast is the simulated shop? The claim: a million events in under thirty seconds.

Runs ``python -m benchmarks.simulate``; the claim is in seconds, so the machine is printed too.
"""

import argparse
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from features.simulated_shop import SimulatedShop, SimulationSettings, simulate

SIZE: Final = SimulationSettings(n_users=20_000, n_items=10_000, days=365)
LEAST_EVENTS: Final = 1_000_000
BAR_S: Final = 30.0
ROUNDS: Final = 3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="taken by every benchmark; not needed by this one"
    )
    parser.parse_args()

    rounds = [_simulated() for _ in range(ROUNDS)]
    n_events = rounds[0][0].n_events
    seconds = statistics.median(elapsed_s for _, elapsed_s in rounds)
    rate = n_events / seconds
    ratio = rate / (LEAST_EVENTS / BAR_S)
    rows = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "libraries": f"Python {platform.python_version()}, numpy {np.__version__}, "
        f"pyarrow {pa.__version__}",
        "users, items, days": f"{SIZE.n_users:,}, {SIZE.n_items:,}, {SIZE.days:,}",
        "events": f"{n_events:,}",
        f"seconds (median of {ROUNDS})": f"{seconds:.2f}",
        "seconds of each round": ", ".join(f"{elapsed_s:.2f}" for _, elapsed_s in rounds),
        "events per second": f"{rate:,.0f}",
        "peak memory": f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB",
    }
    for name, value in rows.items():
        print(f"{name:28} {value}")
    print(f"ratio to {LEAST_EVENTS:,} events in {BAR_S:g} s: {ratio:.2f}")
    return 0 if n_events >= LEAST_EVENTS and ratio >= 1 else 1


def _simulated() -> tuple[SimulatedShop, float]:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        shop = simulate(SIZE, Path(folder))
        return shop, time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
