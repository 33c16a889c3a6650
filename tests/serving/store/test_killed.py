"""The law of kill -9: what was acknowledged is there, and what was not is there wholly or not."""

import random
import subprocess
import sys

import pytest

from serving.store import Store
from tests.serving.store.planted import ids_kept

BATCH = 20
# Every line that it writes is an acknowledgement: these events are kept.
ADD = """
import sys
from features.events import EventType
from serving.store import Event, open_store

url, first, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = open_store(url)
while True:
    numbers = range(first, first + size)
    events = [Event(f"{n}", EventType.VIEW, "ann", None, "mug", n) for n in numbers]
    assert all(store.add_events(events))
    print(first, flush=True)
    first += size
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_process_loses_nothing_that_it_acknowledged(
    url: str, store: Store, seed: int
) -> None:
    command = [sys.executable, "-c", ADD, url, "0", f"{BATCH}"]
    adding = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert adding.stdout is not None
    acknowledged = [
        int(adding.stdout.readline()) for _ in range(random.Random(seed).randint(1, 40))
    ]
    adding.kill()
    # It may have gone on until the signal came.
    acknowledged += [int(line) for line in adding.stdout.read().splitlines()]
    adding.wait()
    adding.stdout.close()

    kept = [int(event_id) for event_id in ids_kept(store)]

    assert len(kept) == len(set(kept))
    batches = {number // BATCH * BATCH for number in kept}
    assert set(kept) == {first + n for first in batches for n in range(BATCH)}
    assert set(acknowledged) <= batches
    # Only the one that was under way may have been kept without a word.
    assert len(batches) <= len(acknowledged) + 1
