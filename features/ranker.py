"""The ranker: learnt trees that order the candidates of a list."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.pair_features import PairFeatures
from features.trees import TreeEnsemble


@dataclass(frozen=True, slots=True, eq=False)
class Ranker:
    """One ensemble for each kind of list: what makes a reorder is not what makes a discovery.

    Parameters
    ----------
    everything : TreeEnsemble
        For lists that may hold what the person has bought.
    new : TreeEnsemble
        For lists that leave purchases out.
    """

    everything: TreeEnsemble
    new: TreeEnsemble

    def score(self, features: PairFeatures, *, new: bool) -> NDArray[np.float32]:
        """Score pairs, shape (n_pairs,); comparable within one person's list only."""
        trees = self.new if new else self.everything
        return trees.score(features.names, features.rows)
