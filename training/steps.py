"""Steps: what a training is doing, and how long each part of it took."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

Say = Callable[[str], None]
"""Told what is being done, one line each time."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Tells of each step and keeps the seconds that it took."""

    say: Say
    timings_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        self.say(name)
        started = perf_counter()
        yield
        # A step may come again, such as a fit for the champion's settings.
        seconds = self.timings_s.get(name, 0.0) + perf_counter() - started
        self.timings_s[name] = round(seconds, 3)
