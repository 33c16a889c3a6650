"""The bundle: everything that serving needs, immutable on disk. The seam to serving."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.catalog import Catalogue
from features.errors import NoBundle
from features.history import Histories
from features.ids import IdMap
from features.item_index import ItemIndex
from features.newcomers import Newcomers
from features.people import People
from features.recommender import Recommender
from features.seen import Persons
from features.similar import SimilarItems
from training.manifest import MANIFEST, Manifest, check_name, file_facts
from training.padding import padded, padded_similar
from training.storage import StoredArrays, read_table, settle, write_arrays, write_table
from training.stored_recommender import (
    Groups,
    groups_of,
    indexes_of,
    open_index,
    open_recommender,
    parts_of,
)

CURRENT = "CURRENT"


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """One trained shop, in memory or mapped from disk.

    Parameters
    ----------
    manifest : Manifest
        What it is.
    users, items : IdMap
        Rows by external id.
    histories : Histories
        Of all users, up to `manifest.as_of`.
    people : People
        Countries and consents of all users.
    catalogue : Catalogue
        Of all items.
    recommender : Recommender
        Makes lists for people.
    similar : SimilarItems
        Makes lists for items.
    user_vectors : ndarray of float32, shape (n_users, d), or None
        `recommender.read(histories).vectors`, computed once.
    """

    manifest: Manifest
    users: IdMap
    items: IdMap
    histories: Histories
    people: People
    catalogue: Catalogue
    recommender: Recommender
    similar: SimilarItems
    user_vectors: NDArray[np.float32] | None

    def persons(self, user_rows: NDArray[np.integer], newer: Histories | None = None) -> Persons:
        """Look people up, and add what they did since.

        Parameters
        ----------
        user_rows : ndarray of int, shape (n,)
            Rows in `users`; -1 for somebody who is not in the bundle.
        newer : Histories, optional
            What the same n people did after `manifest.as_of`.
        """
        histories = self.histories.take(user_rows)
        stale = user_rows < 0
        if newer is not None:
            histories, stale = histories.joined(newer), stale | (newer.lengths > 0)
        if self.user_vectors is None or stale.all():
            return self.recommender.read(histories)
        vectors = self.user_vectors[user_rows]
        if stale.any():
            changed = np.flatnonzero(stale)
            vectors[changed] = self.recommender.read(histories.take(changed)).vectors
        return self.recommender.read(histories, vectors=vectors)

    def restocked(self, catalogue: Catalogue, items: IdMap) -> Self:
        """Serve what the shop says of its items by now.

        What was learnt stays: the ranker knows an item at the price and in the category that it
        had in training. Arrays get longer by the items that are new, and nothing else is copied.

        Parameters
        ----------
        catalogue : Catalogue
            Of all items of this bundle, and of new ones behind them.
        items : IdMap
            Their rows.
        """
        recommender, similar = self.recommender, self.similar
        if len(items) > self.manifest.n_items:
            newcomers = Newcomers.of(catalogue, n_trained=self.manifest.n_items)
            recommender = padded(recommender, newcomers)
            similar = padded_similar(similar, recommender, newcomers)
        shown = catalogue.recommendable
        if shown is not recommender.recommendable:
            trends = recommender.trends.showing(shown)
            recommender = replace(recommender, recommendable=shown, trends=trends)
            similar = replace(similar, recommendable=shown, popular=trends.order)
        return replace(
            self, catalogue=catalogue, items=items, recommender=recommender, similar=similar
        )

    def save(self, parent: Path) -> Path:
        """Write the bundle into a folder of its own, named by its content.

        Returns
        -------
        Path
            ``parent / bundle_id``, complete: it appears under this name in one step.
        """
        parent.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(prefix=".draft-", dir=parent))
        write_arrays(draft, self._arrays())
        write_table(self.catalogue.table, draft / "catalogue.arrow")
        for name, index in self._indexes().items():
            index.save(draft / f"{name}.faiss")
        manifest = self.manifest.completed(parts=self._parts(), files=file_facts(draft))
        (draft / MANIFEST).write_bytes(manifest.as_json())
        draft.chmod(0o755)
        return settle(draft, parent / manifest.bundle_id)

    @classmethod
    def open(cls, folder: Path, *, verify: bool = True) -> Self:
        """Map a bundle into memory.

        Parameters
        ----------
        folder : Path
            What `save` returned.
        verify : bool
            False to trust the files; everything that was copied must be verified.

        Raises
        ------
        CorruptBundle
            A file is missing or changed, the manifest cannot be read, or the folder has another
            name than `save` gave it.
        """
        manifest = Manifest.read(folder)
        if verify:
            check_name(folder)
            manifest.verify(folder)
        arrays = StoredArrays(folder, tuple(manifest.files))
        catalogue = Catalogue(read_table(folder / "catalogue.arrow"), arrays.one("recommendable"))
        recommender = open_recommender(manifest, arrays, catalogue)
        return cls(
            manifest=manifest,
            users=IdMap(**arrays.group("users")),
            items=IdMap(**arrays.group("items")),
            histories=Histories(**arrays.group("histories")),
            people=People(
                **arrays.group("people"),
                countries=tuple(manifest.parts["countries"]),
                purposes=tuple(manifest.parts["purposes"]),
            ),
            catalogue=catalogue,
            recommender=recommender,
            similar=SimilarItems(
                index=open_index(manifest, arrays, "similar"),
                category_rows=arrays.one("category_rows"),
                recommendable=catalogue.recommendable,
                popular=recommender.trends.order,
                content=recommender.sources.content,
                baskets=recommender.sources.baskets,
            ),
            user_vectors=None if manifest.model is None else arrays.one("user_vectors"),
        )

    def _arrays(self) -> dict[str, NDArray[Any]]:
        grouped: Groups = {
            "users": self.users.arrays(),
            "items": self.items.arrays(),
            "histories": self.histories.arrays(),
            "people": self.people.arrays(),
            "similar": {"vectors": self.similar.index.vectors},
            **groups_of(self.recommender),
        }
        arrays = {
            f"{group}/{name}": one
            for group, named in grouped.items()
            for name, one in named.items()
        }
        arrays["recommendable"] = self.catalogue.recommendable
        arrays["category_rows"] = self.similar.category_rows
        if self.user_vectors is not None:
            arrays["user_vectors"] = self.user_vectors
        return arrays

    def _indexes(self) -> dict[str, ItemIndex]:
        return {"similar": self.similar.index, **indexes_of(self.recommender)}

    def _parts(self) -> dict[str, Any]:
        return {
            **parts_of(self.recommender),
            "countries": self.people.countries,
            "purposes": self.people.purposes,
            "indexes": {name: index.choice.as_dict() for name, index in self._indexes().items()},
        }


def point_to(parent: Path, bundle_id: str) -> None:
    """Make a bundle the current one, in one step; followers see the old or the new.

    Parameters
    ----------
    parent : Path
        The folder of bundles (`Home.bundles`).
    bundle_id : str
        A complete bundle in there.
    """
    draft = parent / f".{CURRENT}-{os.getpid()}"
    draft.write_text(f"{bundle_id}\n", encoding="utf-8")
    draft.replace(parent / CURRENT)


def current(parent: Path) -> Path:
    """Find the current bundle's folder.

    Raises
    ------
    NoBundle
        Nothing has been promoted yet.
    """
    pointer = parent / CURRENT
    if not pointer.exists():
        raise NoBundle(
            f"no bundle has been promoted in {parent}; run vitrine train and vitrine promote"
        )
    return parent / pointer.read_text(encoding="utf-8").strip()
