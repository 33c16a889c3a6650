"""The models that can be trained, by name: the only registry."""

from typing import Final

from training.models.als import Als
from training.models.bpr import Bpr
from training.models.item_knn import ItemKnn
from training.models.lightfm import LightFm
from training.models.popular import Popular
from training.models.protocol import FittedModel, Trainer
from training.models.spectral import Spectral

_POPULAR: Final = "popular"

__all__ = ["TRAINERS", "FittedModel", "Trainer", "servable"]

TRAINERS: Final[dict[str, type[Trainer]]] = {
    "als": Als,
    "bpr": Bpr,
    "item_knn": ItemKnn,
    "lightfm": LightFm,
    "popular": Popular,
    "spectral": Spectral,
}
"""A trainer's name in settings and reports, and its class. The libraries behind them are imported
when one is fitted, so that this table is cheap to read."""


def servable(name: str) -> str:
    """Give the name of a model back if a bundle can serve its lists from it.

    Parameters
    ----------
    name : str
        Of a trainer; one that is not known is for others to refuse.

    Raises
    ------
    ValueError
        The model has no vectors, and is not "popular", for which a bundle needs none.
    """
    if name not in TRAINERS or name == _POPULAR or TRAINERS[name].embeds:
        return name
    others = sorted({_POPULAR} | {other for other, one in TRAINERS.items() if one.embeds})
    raise ValueError(
        f"{name!r} has no vectors that lists could be made from; serve one of {others}"
        f" and put {name!r} beside it"
    )
