"""Reports for tests: models whose users all fare by a known margin better than the baselines."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from training.report import METRICS, Report, Result, Target

AS_OF = datetime(2011, 10, 10, 12, 50, tzinfo=UTC)
OF_LISTS = {"coverage": 0.5, "novelty": 9.25, "diversity": 0.75, "popularity_lift": 1.5}


def planted_result(user_rows: NDArray[np.integer], mean: float) -> Result:
    """Spread users evenly around a mean."""
    values = mean + np.linspace(-0.1, 0.1, len(user_rows))
    return Result(
        user_rows=np.asarray(user_rows),
        per_user=dict.fromkeys(METRICS, values),
        item_rows=np.zeros((len(user_rows), 1), dtype=np.int32),
        of_lists=OF_LISTS,
    )


def planted_report(
    user_rows: NDArray[np.integer],
    segments: Mapping[str, NDArray[np.bool_]],
    *,
    targets: tuple[Target, ...] = ("all", "new"),
    **means: float,
) -> Report:
    """Report on models by their means; "served" is 0.5 and "trending" 0.3 where not said."""
    chosen = {"served": 0.5, "trending": 0.3} | means
    return Report(
        as_of=AS_OF,
        horizon_days=60,
        k=20,
        results={
            name: {target: planted_result(user_rows, mean) for target in targets}
            for name, mean in chosen.items()
        },
        segments=dict(segments),
        timings_s={},
    )
