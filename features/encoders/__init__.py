"""History encoders: how a model turns what a person did into that person's vector."""

from collections.abc import Callable
from typing import Final

from features.encoders.fold_in import FoldInEncoder
from features.encoders.history_mean import HistoryMeanEncoder
from features.encoders.protocol import Arrays, Encoder
from features.encoders.spectral import SpectralEncoder

ENCODERS: Final[dict[str, Callable[[Arrays], Encoder]]] = {
    FoldInEncoder.kind: FoldInEncoder.from_arrays,
    HistoryMeanEncoder.kind: HistoryMeanEncoder.from_arrays,
    SpectralEncoder.kind: SpectralEncoder.from_arrays,
}
"""How a stored encoder of each kind is opened."""

__all__ = [
    "ENCODERS",
    "Arrays",
    "Encoder",
    "FoldInEncoder",
    "HistoryMeanEncoder",
    "SpectralEncoder",
]
