"""What everybody wants: the same list for all."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.fitted_model import PopularityModel
from features.interactions import Interactions
from training.models.protocol import learnable


@dataclass(frozen=True, slots=True)
class Popular:
    """Add up everybody's confidence in each item.

    The confidences have decayed with time, so this is a trend: what was bought by many lately.
    """

    embeds: ClassVar[bool] = False

    def fit(self, interactions: Interactions, *, seed: int) -> PopularityModel:  # noqa: ARG002 -- nothing is random
        """Count; see `Trainer.fit`."""
        totals = learnable(interactions).sum(axis=0)
        return PopularityModel(np.asarray(totals, dtype=np.float32).ravel())
