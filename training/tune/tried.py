"""What a search has tried: each trial that came to an end, and which of them was best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.tune.space import Point

State = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial that has come to an end.

    Parameters
    ----------
    number : int
        Its number in the study.
    state : {"complete", "pruned", "failed"}
        Whether it was measured on all folds, given up as hopeless, or could not be fitted.
    point : dict of str to float or str
        Where in the space.
    fold_values : tuple of float
        What it reached on each fold that it was measured on, oldest first.
    is_current : bool
        Whether it stands for the settings that the search began with.
    """

    number: int
    state: State
    point: Point
    fold_values: tuple[float, ...]
    is_current: bool

    @property
    def value(self) -> float:
        """The mean over its folds, in [0, 1]."""
        return float(np.mean(self.fold_values))


def ranked(tried: Sequence[Tried]) -> tuple[Tried, ...]:
    """Order the trials that were measured on all folds, best first, the older of equals."""
    complete = [one for one in tried if one.state == "complete"]
    return tuple(sorted(complete, key=lambda one: (-one.value, one.number)))
