"""The check that no feature looks past `as_of`: any leak, planted or real, runs into it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.recommender import ListPolicy
from features.snapshot import take_snapshot
from tests.shops import AS_OF, trend_rows_of
from training.learn import learn
from training.settings import TrainingSettings
from training.steps import Steps

SETTINGS = TrainingSettings.model_validate(
    {
        "serve": "als",
        "beside": ["spectral", "item_knn"],
        "models": {"als": {"factors": 4, "iterations": 3}, "spectral": {"factors": 4}},
    }
)
"""A model of each kind."""

Pairs = list[tuple[str, str]]
FeatureTable = dict[str, NDArray[np.float32]]
"""Each feature's values, by its name."""


def feature_table(lake: Path, *, new: bool) -> tuple[Pairs, FeatureTable]:
    """Compute all features of everybody's candidates at `AS_OF`, the whole road from the log.

    Returns
    -------
    list of tuple of str
        User and item of each pair.
    dict of str to ndarray of float32
        Their features by name.
    """
    snapshot = take_snapshot(lake, as_of=AS_OF)
    steps = Steps(lambda _line: None)
    bundle = learn(snapshot, SETTINGS, digest="", now=AS_OF, steps=steps)
    persons = bundle.persons(np.arange(len(bundle.users)))
    pairs: Pairs = []
    names, parts = (), []
    for proposal in bundle.recommender.propose(
        persons, ListPolicy(20, exclude_purchased=new), trend_rows=trend_rows_of(bundle)
    ):
        features, candidates = bundle.recommender.features(proposal), proposal.candidates
        people = proposal.people[candidates.person_rows]
        item_ids = bundle.items.ids(candidates.item_rows)
        pairs += zip(bundle.users.ids(people), item_ids, strict=True)
        names = features.names
        parts.append(features.rows)
    return pairs, dict(zip(names, np.hstack(parts), strict=True))


def assert_no_feature_looks_ahead(without_future: Path, with_future: Path, *, new: bool) -> None:
    """Compare the features of a shop with those of the same shop that has lived on.

    Raises
    ------
    AssertionError
        A feature has another value, or another candidate was named, because of what is later
        than `AS_OF`; every such feature is named.
    """
    pairs, honest = feature_table(without_future, new=new)
    later_pairs, later = feature_table(with_future, new=new)
    assert later_pairs == pairs, "the future names other candidates"
    assert later.keys() == honest.keys(), "the future adds features"
    leaking = [name for name in honest if not np.array_equal(honest[name], later[name])]
    assert not leaking, f"these features look past as_of: {', '.join(leaking)}"
