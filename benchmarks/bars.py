"""Bars: what a benchmark claims, what was measured, and whether the claim is kept."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Bar:
    """One claim.

    Parameters
    ----------
    name : str
        What was measured, with its unit.
    measured : float
        What came of it.
    must_be : {"at least", "at most"}
        Which side of the bar is good.
    bar : float
        The limit itself.
    """

    name: str
    measured: float
    must_be: Literal["at least", "at most"]
    bar: float

    @property
    def is_kept(self) -> bool:
        """Whether the claim holds."""
        if self.must_be == "at least":
            return self.measured >= self.bar
        return self.measured <= self.bar

    def __str__(self) -> str:
        verdict = "kept" if self.is_kept else "BROKEN"
        return f"{verdict:<6} {self.name}: {self.measured:,.4g} ({self.must_be} {self.bar:,.4g})"


def verdict(bars: Iterable[Bar]) -> int:
    """Print every claim, and give the code that the process ends with: 0 where all are kept."""
    told = list(bars)
    print("\n" + "\n".join(map(str, told)))
    return int(not all(one.is_kept for one in told))


def print_machine() -> None:
    """Print what it is measured on."""
    print(f"{'machine':<26} {_processor()}, {os.cpu_count()} cores, {platform.system()}")


def print_setting(bundle: Bundle) -> None:
    """Print what it is measured on, and with what."""
    manifest = bundle.manifest
    stages = "with the ranker" if bundle.recommender.ranker is not None else "without a ranker"
    print_machine()
    size = f"{manifest.n_items:,} items, {manifest.n_users:,} users"
    print(f"{'catalogue':<26} {size}, model {manifest.model}, {stages}")


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()
