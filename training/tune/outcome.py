"""What came of a search: the best trials, how sure their lead is, and the file for `train`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import tomli_w

from training.intervals import Interval, paired_difference
from training.settings import TrainingSettings
from training.split import Fold
from training.tracking import flatten
from training.tune.folds import Score
from training.tune.tried import Tried, ranked

_SHOWN: Final = 5
_WORTH_NAMING: Final = 0.01
"""A setting with a smaller share in the differences is left out."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How far the winner leads the settings that the search began with.

    Parameters
    ----------
    fold : Fold
        Where.
    target : str
        "all" or "new".
    ndcg : Interval
        Winner minus beginning, over the same users.
    """

    fold: Fold
    target: str
    ndcg: Interval


@dataclass(frozen=True, slots=True)
class Outcome:
    """A search's results.

    Parameters
    ----------
    study : str
        Its name in the database.
    folds : tuple of Fold
        What was looked at, oldest first.
    tried : tuple of Tried
        Every trial that came to an end.
    began, settings : TrainingSettings
        Where the search began, and the winner's.
    differences : tuple of Difference
        Winner against beginning; empty where nothing was better.
    importance : dict of str to float
        Share of each setting in how trials differ; empty where there are too few trials.
    """

    study: str
    folds: tuple[Fold, ...]
    tried: tuple[Tried, ...]
    began: TrainingSettings
    settings: TrainingSettings
    differences: tuple[Difference, ...]
    importance: Mapping[str, float]

    @property
    def best(self) -> tuple[Tried, ...]:
        """Give the trials that were measured on all folds, best first, the older of equals."""
        return ranked(self.tried)

    def as_text(self) -> str:
        """Print what a person reads."""
        lines = [*self._summary(), "", *self._table(), "", *self._lead()]
        shares = {key: one for key, one in self.importance.items() if one >= _WORTH_NAMING}
        if shares:
            named = ", ".join(f"{key} {share:.0%}" for key, share in shares.items())
            lines += ["", f"what made trials differ: {named}"]
        return "\n".join(lines)

    def as_toml(self) -> str:
        """Write the winner's settings as `train --config` takes them."""
        winner, first = self.best[0], self._first
        header = [
            *self._summary(),
            f"trial {winner.number}: {winner.value:.4f}; the settings before: {first.value:.4f}",
            "The last fold was not looked at: vitrine train reports on it.",
        ]
        said = self.settings.model_dump(mode="json")
        # TOML knows no null: the settings take `false` for no ranker.
        said["ranker"] = said["ranker"] or False
        return "".join(f"# {line}\n" for line in header) + "\n" + tomli_w.dumps(said)

    @property
    def _first(self) -> Tried:
        return next(one for one in self.tried if one.is_current)

    def _summary(self) -> Iterator[str]:
        counts = {
            state: sum(one.state == state for one in self.tried) for state in ("pruned", "failed")
        }
        some = "".join(f", {count} {state}" for state, count in counts.items() if count)
        opens, closes = self.folds[0].opens, self.folds[-1].closes
        yield f"study {self.study}: {len(self.tried)} trials{some}"
        yield (
            f"mean NDCG@{self.settings.evaluation.k} of all and new on {len(self.folds)} folds of"
            f" {self.folds[0].horizon_days} days, {opens:%Y-%m-%d} to {closes:%Y-%m-%d}"
        )

    def _table(self) -> Iterator[str]:
        folds = "".join(f"  to {one.closes:%Y-%m-%d}" for one in self.folds)
        yield f"{'trial':>5}  {'mean':>6}{folds}  serves"
        for one in self.best[:_SHOWN]:
            values = "".join(f"  {value:>13.4f}" for value in one.fold_values)
            serve = self.began.serve if one.is_current else one.point["serve"]
            note = " (the settings before)" if one.is_current else ""
            yield f"{one.number:>5}  {one.value:.4f}{values}  {serve}{note}"

    def _lead(self) -> Iterator[str]:
        if not self.differences:
            yield "no trial was better than the settings before"
            return
        yield f"trial {self.best[0].number} against the settings before, NDCG [95 %]:"
        for one in self.differences:
            ndcg = one.ndcg
            yield (
                f"  to {one.fold.closes:%Y-%m-%d}  {one.target:<3}  {ndcg.mean:+.4f}"
                f" [{ndcg.low:+.4f} {ndcg.high:+.4f}]  {ndcg.n} users"
            )
        yield "  chosen as the best of many on these folds, so expect less on the last one"
        yield from changes(self.began, self.settings)


def differences(
    folds: tuple[Fold, ...], winner: tuple[Score, ...], first: tuple[Score, ...]
) -> tuple[Difference, ...]:
    """Compare two settings on each fold, user by user."""
    return tuple(
        Difference(fold, target, paired_difference(ndcg, begun.ndcg[target], seed=0))
        for fold, won, begun in zip(folds, winner, first, strict=True)
        for target, ndcg in won.ndcg.items()
    )


def changes(before: TrainingSettings, after: TrainingSettings) -> Iterator[str]:
    """Name what two settings differ in, one line each.

    Examples
    --------
    >>> print(*changes(TrainingSettings(), TrainingSettings(seed=3)))
      seed: 0 -> 3
    """
    old, new = (flatten(_said(one, models=after.models)) for one in (before, after))
    for key, value in new.items():
        if value != old[key]:
            yield f"  {key}: {old[key]} -> {value}"


def _said(settings: TrainingSettings, *, models: Iterable[str]) -> dict[str, Any]:
    # A hyper-parameter that a file leaves out has its default, which is to be named too.
    trainers = {name: asdict(settings.trainer(name)) for name in models}
    return settings.model_dump(mode="json") | {"models": trainers}
