"""How each user fared on a fold: what two versions are compared by, user by user."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.ids import IdMap
from training.report import Result, Target
from training.split import Fold

COLUMNS: Final = ("recall_all", "ndcg_all", "recall_new", "ndcg_new")
"""Metric and target of each value."""

_ABOUT: Final = b"vitrine"
_SERVED: Final = "evaluation.parquet"
_CHAMPION: Final = "champion_evaluation.parquet"


@dataclass(frozen=True, slots=True, eq=False)
class UserMetrics:
    """One pipeline's values for each test user of a fold.

    Parameters
    ----------
    fold : Fold
        What was known, and which window was foreseen.
    k : int
        How many items of a list counted.
    bundle_id : str
        The bundle whose settings were measured.
    user_ids : tuple of str
        The test users, each once.
    values : dict of str to ndarray of float64, shape (n_users,)
        By `COLUMNS`; NaN where the user had no such target.
    """

    fold: Fold
    k: int
    bundle_id: str
    user_ids: tuple[str, ...]
    values: dict[str, NDArray[np.float64]]

    @classmethod
    def of(
        cls,
        results: Mapping[Target, Result],
        users: IdMap,
        *,
        fold: Fold,
        k: int,
        bundle_id: str,
    ) -> Self:
        """Take one pipeline's results out of a report.

        Parameters
        ----------
        results : mapping of {"all", "new"} to Result
            `report.results["served"]` or `["champion"]`.
        users : IdMap
            Of the rows in the results.
        fold, k, bundle_id
            As above.
        """
        rows = results["all"].user_rows
        values = {column: np.full(len(rows), np.nan) for column in COLUMNS}
        for target, result in results.items():
            _, places, found = np.intersect1d(
                rows, result.user_rows, assume_unique=True, return_indices=True
            )
            for metric in ("recall", "ndcg"):
                values[f"{metric}_{target}"][places] = result.per_user[metric][found]
        user_ids = tuple(users.id_of(row) for row in rows.tolist())
        return cls(fold, k, bundle_id, user_ids, values)

    @property
    def means(self) -> dict[str, float]:
        """Average each column over the users who had such a target; without any, leave it out."""
        known = {name: values[~np.isnan(values)] for name, values in self.values.items()}
        return {name: float(values.mean()) for name, values in known.items() if len(values)}

    def measured_like(self, other: Self) -> bool:
        """Tell whether both were measured on the same fold with the same length of lists."""
        return self.fold == other.fold and self.k == other.k

    def save(self, path: Path) -> None:
        """Write a Parquet table whose metadata says what was measured on which fold."""
        about = {
            "as_of": self.fold.as_of.isoformat(),
            "horizon_days": self.fold.horizon_days,
            "gap_days": self.fold.gap_days,
            "k": self.k,
            "bundle_id": self.bundle_id,
        }
        table = pa.table({"user_id": pa.array(self.user_ids, pa.string()), **self.values})
        pq.write_table(table.replace_schema_metadata({_ABOUT: json.dumps(about)}), path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        table = pq.read_table(path)
        about = json.loads(table.schema.metadata[_ABOUT])
        return cls(
            fold=Fold(
                datetime.fromisoformat(about["as_of"]), about["horizon_days"], about["gap_days"]
            ),
            k=about["k"],
            bundle_id=about["bundle_id"],
            user_ids=tuple(table["user_id"].to_pylist()),
            values={column: table[column].to_numpy() for column in COLUMNS},
        )


@dataclass(frozen=True, slots=True, eq=False)
class LastFold:
    """What a training found out on its last fold.

    Parameters
    ----------
    served : UserMetrics
        Of the pipeline that the training is about.
    champion : UserMetrics, optional
        Of the champion's settings, learnt and measured on the same fold.
    """

    served: UserMetrics
    champion: UserMetrics | None = None

    def save(self, folder: Path) -> None:
        """Write the tables into an existing folder."""
        self.served.save(folder / _SERVED)
        if self.champion is not None:
            self.champion.save(folder / _CHAMPION)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        champion = folder / _CHAMPION
        return cls(
            served=UserMetrics.open(folder / _SERVED),
            champion=UserMetrics.open(champion) if champion.exists() else None,
        )
