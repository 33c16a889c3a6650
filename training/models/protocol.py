"""What every trainer promises, and the checks that all of them share."""

import math
from dataclasses import Field, fields
from typing import Any, ClassVar, Protocol, get_args

import scipy.sparse as sp

from features.errors import InvalidSettings, NotEnoughData
from features.fitted_model import EmbeddingModel, PopularityModel
from features.interactions import Interactions
from features.neighbours import Neighbours

FittedModel = EmbeddingModel | Neighbours | PopularityModel


class Trainer(Protocol):
    """Hyper-parameters that turn interactions into a fitted model.

    A trainer is a frozen dataclass with a default for every field: ``asdict(trainer)`` is what is
    tracked. It holds no state, so nothing is unfitted and nothing is trained twice.
    """

    embeds: ClassVar[bool]
    """Whether `fit` gives an `EmbeddingModel`, which a bundle can serve its lists from."""

    def fit(self, interactions: Interactions, *, seed: int) -> FittedModel:
        """Learn from interactions.

        Parameters
        ----------
        interactions : Interactions
            Who wants what; left as it is.
        seed : int
            Decides all randomness: the same data and seed give the same model; at least 0.

        Returns
        -------
        EmbeddingModel, Neighbours or PopularityModel
            It knows every item row, also of items that nobody wanted yet.

        Raises
        ------
        NotEnoughData
            The matrix holds no confidence at all.
        """
        ...


def check_settings(trainer: Trainer) -> None:
    """Refuse hyper-parameters that are no choice of theirs, or no numbers greater than 0.

    Raises
    ------
    InvalidSettings
        A field is of the wrong kind or out of range; every such field is named.
    """
    found = [
        _fault(setting, getattr(trainer, setting.name))
        for setting in fields(trainer)  # type: ignore[arg-type]  # a protocol cannot say "dataclass"
    ]
    wrong = [fault for fault in found if fault is not None]
    if wrong:
        raise InvalidSettings(
            f"{type(trainer).__name__} cannot be fitted with these settings; correct them",
            details=wrong,
        )


def _fault(setting: Field[Any], value: object) -> str | None:
    """Say what is wrong with a value; a setting that is a `Literal` takes one of its strings."""
    choices = get_args(setting.type)
    if choices:
        if value in choices:
            return None
        return f"{setting.name} must be one of {', '.join(choices)}; got {value!r}"
    kinds, wanted = (
        ((int,), "a whole number") if setting.type is int else ((int, float), "a number")
    )
    if (
        isinstance(value, kinds)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value > 0
    ):
        return None
    return f"{setting.name} must be {wanted} greater than 0; got {value!r}"


def learnable(interactions: Interactions) -> sp.csr_matrix:
    """Give the matrix as the libraries take it: of SciPy's older type.

    Raises
    ------
    NotEnoughData
        The matrix holds no confidence at all.
    """
    matrix = interactions.matrix
    if not matrix.nnz:
        raise NotEnoughData(
            f"none of {matrix.shape[0]} people has shown interest in any of {matrix.shape[1]} items"
            f" before {interactions.as_of}; ingest more events or move as_of"
        )
    return sp.csr_matrix(matrix)
