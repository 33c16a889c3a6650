"""The `vitrine` command, with the seconds that it spends inside of libraries written to a file.

``python -m benchmarks.watched FILE COMMAND...`` is ``vitrine COMMAND...``; each line that the
command says is the same. The file holds the seconds and calls by library as JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import implicit.cpu.als
import implicit.cpu.bpr
import implicit.nearest_neighbours
import lightgbm

import training.models.spectral
import vitrine

LIBRARIES: Final = {
    "implicit ALS": (implicit.cpu.als.AlternatingLeastSquares, "fit"),
    "implicit BPR": (implicit.cpu.bpr.BayesianPersonalizedRanking, "fit"),
    "implicit all-pairs kNN": (implicit.nearest_neighbours, "all_pairs_knn"),
    "NumPy and SciPy, spectral": (training.models.spectral, "_right_singular"),
    "LightGBM": (lightgbm, "train"),
}
"""What a training cannot do without, and where it is called."""


@dataclass(slots=True)
class Spent:
    """How often a library was asked, and how long that took."""

    calls: int = 0
    seconds: float = 0.0

    def watching(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Give the same function, with its calls counted and timed."""

        def watched(*words: Any, **named: Any) -> Any:  # noqa: ANN401 -- whatever it takes and gives
            began = time.perf_counter()
            given = function(*words, **named)
            self.calls += 1
            self.seconds += time.perf_counter() - began
            return given

        return watched


def main() -> None:
    file, sys.argv = Path(sys.argv[1]), ["vitrine", *sys.argv[2:]]
    spent = {name: Spent() for name in LIBRARIES}
    for name, (owner, function) in LIBRARIES.items():
        setattr(owner, function, spent[name].watching(getattr(owner, function)))
    try:
        vitrine.main()
    finally:
        file.write_text(json.dumps({name: asdict(one) for name, one in spent.items()}))


if __name__ == "__main__":
    main()
