"""The matrix that models learn from: who wants what, and how surely."""

from dataclasses import dataclass
from datetime import datetime

import scipy.sparse as sp

from features.ids import IdMap


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """Confidences of people for items, at one moment.

    Parameters
    ----------
    matrix : csr_array of float32, shape (n_users, n_items)
        Confidence that a person wants an item; greater than 0 where stored.
    users, items : IdMap
        Which row and which column belongs to whom.
    as_of : datetime
        Nothing later is in the matrix.
    item_features, user_features : csr_array of float32 or None
        Side features, shapes (n_items, n_item_features) and (n_users, n_user_features).
    """

    matrix: sp.csr_array
    users: IdMap
    items: IdMap
    as_of: datetime
    item_features: sp.csr_array | None = None
    user_features: sp.csr_array | None = None
