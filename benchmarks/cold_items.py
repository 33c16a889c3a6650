"""Are items that nobody bought yet placed well? The claim: better than by popular categories.

Runs ``python -m benchmarks.cold_items --data FOLDER``. A tenth of the items is hidden: none of
their events is learnt from, so only the catalogue speaks for them. The people with a history who
bought such an item afterwards are given all hidden items in order, and no other item; recall at
20 tells how many of those bought are among the first 20. What the bar knows is how often the
other items of an item's deepest category were bought, by everybody or by this person first; the
better of the two is the bar. Whatever scores the same stands in an order drawn by the seed.
"""

import argparse
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from benchmarks.homes import ingested_home
from features.alike import alike
from features.content import item_features
from features.event_log import EventLog
from features.home import Home
from features.snapshot import Snapshot, take_snapshot
from training.assemble import fit, interactions
from training.intervals import bootstrap_mean, paired_difference
from training.metrics import find_hits, recall
from training.settings import TrainingSettings
from training.split import Fold
from training.targets import Targets, fold_targets

K: Final = 20
HIDDEN_SHARE: Final = 0.1
OURS: Final = ("LightFM with side features", "nearest by content")
BARS: Final = ("popularity of the category", "the person's categories, then popularity")
RANDOM: Final = "random"

Scores = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Question:
    """What everybody is asked.

    Parameters
    ----------
    snapshot : Snapshot
        Without the hidden items' events.
    targets : Targets
        Who bought which hidden items afterwards.
    cold : ndarray of int64, shape (n_cold,)
        The hidden items' rows, in the order in which equals stand.
    """

    snapshot: Snapshot
    targets: Targets
    cold: NDArray[np.int64]


def main() -> int:
    options = _options()
    home = ingested_home(options.data, options.home)
    question = _question(home, horizon_days=options.horizon_days, seed=options.seed)
    n_users, n_cold = len(question.targets.user_rows), len(question.cold)
    print(f"machine    {platform.machine()}, Python {platform.python_version()}")
    print(f"libraries  lightfm-next {version('lightfm-next')}, numpy {version('numpy')}")
    print(
        f"{options.data.name}: {n_cold:,} hidden items of {len(question.snapshot.items):,},"
        f" {n_users:,} people who bought one in {options.horizon_days} days\n"
    )
    found = _recalls(question, seed=options.seed)
    print(f"{'recall@20 among the hidden items':<44} {'mean':>7} {'95 % interval':>18}")
    for name, values in found.items():
        mean = bootstrap_mean(values, seed=options.seed)
        print(f"{name:<44} {mean.mean:>7.4f} {mean.low:>9.4f}..{mean.high:.4f}")
    best, bar = _best(found, OURS), _best(found, BARS)
    gain = paired_difference(found[best], found[bar], seed=options.seed)
    print(
        f"\n{best} less {bar}: {gain.mean:+.4f} ({gain.low:+.4f}..{gain.high:+.4f})"
        " (bar: its low end above 0)"
    )
    return int(gain.low <= 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--home", type=Path, help="use or make this home folder for it")
    parser.add_argument("--horizon-days", type=int, default=180)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _question(home: Home, *, horizon_days: int, seed: int) -> Question:
    last = EventLog(home.lake).scan().timestamp.max().to_pyarrow().as_py()
    fold = Fold(last - timedelta(days=horizon_days), horizon_days=horizon_days)
    whole = take_snapshot(home.lake, as_of=fold.as_of)
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(whole.items))[: round(HIDDEN_SHARE * len(whole.items))]
    hidden = np.zeros(len(whole.items), dtype=np.bool_)
    hidden[drawn] = True
    snapshot = replace(whole, histories=whole.histories.select(~hidden[whole.histories.item_rows]))
    targets = fold_targets(home.lake, snapshot, fold)
    bought = sp.csr_array(targets.everything @ sp.diags_array(hidden.astype(np.float32)))
    bought.eliminate_zeros()
    some = np.flatnonzero(np.diff(bought.indptr))
    wanted = Targets(targets.user_rows[some], bought[some], bought[some])
    return Question(snapshot, wanted, drawn[whole.catalogue.recommendable[drawn]])


def _recalls(question: Question, *, seed: int) -> dict[str, NDArray[np.float64]]:
    """Let everybody order the hidden items; give recall for each person, by who ordered."""
    contenders: Mapping[str, Callable[[], Scores]] = {
        OURS[0]: lambda: _by_lightfm(question),
        OURS[1]: lambda: _by_content(question),
        BARS[0]: lambda: _by_category(question)[0],
        BARS[1]: lambda: _by_category(question)[1],
        RANDOM: lambda: np.random.default_rng(seed).random(
            (len(question.targets.user_rows), len(question.cold))
        ),
    }
    return {name: _recall(question, scores()) for name, scores in contenders.items()}


def _recall(question: Question, scores: Scores) -> NDArray[np.float64]:
    first = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    shown = question.cold[first].astype(np.int32)
    return recall(find_hits(shown, question.targets.everything))


def _by_lightfm(question: Question) -> Scores:
    learnt_from = interactions(question.snapshot, _settings())
    model = fit("lightfm", learnt_from, _settings())
    return model.score(learnt_from.matrix[question.targets.user_rows], question.cold)


def _by_content(question: Question) -> Scores:
    neighbours = alike(item_features(question.snapshot.catalogue.table))
    return neighbours.score(_wanted(question), question.cold)


def _by_category(question: Question) -> tuple[Scores, Scores]:
    """Score by how often everybody bought of the category, and by how often this person did."""
    column = question.snapshot.catalogue.table["category"].combine_chunks().dictionary_encode()
    category_rows = column.indices.fill_null(len(column.dictionary)).to_numpy()
    n_items, n_categories = len(category_rows), len(column.dictionary) + 1
    ones = np.ones(n_items, dtype=np.float32)
    of_category = sp.csr_array(
        (ones, (np.arange(n_items), category_rows)), shape=(n_items, n_categories)
    )
    everybody = np.bincount(
        category_rows[question.snapshot.histories.item_rows], minlength=n_categories
    ).astype(float)
    everybody[-1] = 0  # an item without a category shares nothing with another
    own = (_wanted(question) @ of_category).toarray()
    own[:, -1] = 0
    cold = category_rows[question.cold]
    people = np.ones((len(own), 1))
    by_popularity = everybody[cold] / max(everybody.max(), 1)
    return people * by_popularity, own[:, cold] + by_popularity / 2


def _wanted(question: Question) -> sp.csr_array:
    """Give how often each person bought what: reviews do not grow old in a month."""
    histories = question.snapshot.histories.take(question.targets.user_rows)
    return sp.csr_array(
        (histories.counts, (histories.person_of_entry, histories.item_rows)),
        shape=(len(histories), len(question.snapshot.items)),
    )


def _settings() -> TrainingSettings:
    return TrainingSettings.model_validate({"weights": {"half_life_days": float("inf")}})


def _best(found: Mapping[str, NDArray[np.float64]], names: tuple[str, ...]) -> str:
    return max(names, key=lambda name: found[name].mean())


if __name__ == "__main__":
    sys.exit(main())
