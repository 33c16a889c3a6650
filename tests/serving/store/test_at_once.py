"""The laws of many at once: threads and processes, and each change as if it were alone."""

import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from serving.store import ItemChange, Link, Store
from tests.serving.store.planted import NOW_US, ids_kept, news_of, view

N_EVENTS = 300
ADD = """
import random, sys
from features.events import EventType
from serving.store import Event, open_store

url, seed, n_events = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = open_store(url)
numbers = list(range(n_events))
random.Random(seed).shuffle(numbers)
n_new = 0
for start in range(0, n_events, 10):
    n_new += sum(
        store.add_events(
            [
                Event(f"e{number}", EventType.VIEW, f"user{number % 5}", None, "mug", number)
                for number in numbers[start : start + 10]
            ]
        )
    )
print(n_new)
"""

T = TypeVar("T")


def at_once(*tasks: Callable[[], T]) -> list[T]:
    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]


def test_threads_that_add_the_same_events_add_each_once(store: Store) -> None:
    def add(seed: int) -> int:
        numbers = random.Random(seed).sample(range(N_EVENTS), N_EVENTS)
        calls = [numbers[start : start + 10] for start in range(0, N_EVENTS, 10)]
        return sum(sum(store.add_events([view(f"{n}") for n in call])) for call in calls)

    n_new = at_once(*(lambda seed=seed: add(seed) for seed in range(4)))

    assert sum(n_new) == N_EVENTS
    assert sorted(ids_kept(store)) == sorted(f"{n}" for n in range(N_EVENTS))


def test_processes_that_add_the_same_events_add_each_once(url: str, store: Store) -> None:
    adding = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, url, f"{seed}", f"{N_EVENTS}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in range(2)
    ]

    n_new = [int(process.communicate(timeout=120)[0]) for process in adding]

    assert sum(n_new) == N_EVENTS
    assert len(ids_kept(store)) == N_EVENTS


def test_no_event_slips_between_a_link_and_its_user(store: Store) -> None:
    def browse() -> None:
        for n in range(100):
            store.add_events([view(f"{n}.{k}", anonymous_id=f"browser{k}") for k in range(5)])

    def link() -> None:
        for k in range(5):
            store.link_all([Link(f"browser{k}", f"user{k}")], at_us=NOW_US)

    at_once(browse, link, link)

    assert [len(news_of(store, f"user{k}").counts) for k in range(5)] == [100] * 5


def test_a_visitors_events_are_there_at_every_moment_of_a_link(store: Store) -> None:
    visitors = [f"browser{n}" for n in range(30)]
    store.add_events([view(f"{name}.{n}", anonymous_id=name) for name in visitors for n in "ab"])

    def link() -> None:
        for name in visitors:
            store.link_all([Link(name, "ann")], at_us=NOW_US)

    def look() -> set[bool]:
        return {
            len(news_of(store, f"anonymous:{name}", after_batch=0).counts) >= 2
            for name in visitors
            for _ in range(10)
        }

    _, seen = at_once(link, look)

    assert seen == {True}


def test_statements_about_one_item_from_several_sides_all_count(store: Store) -> None:
    def state(column: str) -> None:
        for value in range(20):
            changes = [ItemChange(item_id, {column: value}) for item_id in ("mug", "lamp")]
            store.put_items(changes if value % 2 else changes[::-1], at_us=NOW_US)

    at_once(*(lambda column=column: state(column) for column in ("price", "stock", "brand")))

    stated = {"price": 19, "stock": 19, "brand": 19}
    assert store.item_changes() == [ItemChange("lamp", stated), ItemChange("mug", stated)]
    assert store.revisions().items == 60


def test_no_two_batches_have_one_number(store: Store) -> None:
    numbers = at_once(*(lambda: [store.next_batch() for _ in range(20)] for _ in range(3)))

    assert sorted(number for some in numbers for number in some) == list(range(1, 61))
