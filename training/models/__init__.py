"""The models that can be trained, by name: the only registry."""

from typing import Final

from training.models.als import Als
from training.models.bpr import Bpr
from training.models.lightfm import LightFm
from training.models.popular import Popular
from training.models.protocol import FittedModel, Trainer

TRAINERS: Final[dict[str, type[Trainer]]] = {
    "als": Als,
    "bpr": Bpr,
    "lightfm": LightFm,
    "popular": Popular,
}
"""A trainer's name in settings and reports, and its class. The libraries behind them are imported
when one is fitted, so that this table is cheap to read."""

__all__ = ["TRAINERS", "FittedModel", "Trainer"]
