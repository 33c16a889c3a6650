"""A training's log: what an MLflow run keeps of an evaluation, to read, to draw and to compare."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.coverage import Coverage, coverage
from features.events import EventType
from features.home import Home
from training.explanations import KINDS, anonymous, explained_lists
from training.history_bins import curves, history_bins
from training.intervals import Interval
from training.pipeline import Evaluation
from training.plots import (
    feature_importance,
    learning_curve,
    popularity_against_catalogue,
    recall_by_segment,
)
from training.ranker import Fitted
from training.report import SERVED, Report, Result, Target
from training.report_text import as_text
from training.steps import Steps
from training.tracking import TrackedRun

_EXPLAINED_PEOPLE: Final = 5


def log_training(
    run: TrackedRun, home: Home, measured: Evaluation, steps: Steps, *, ranker: Fitted | None
) -> None:
    """Keep all that a training found out, and how long its steps took.

    Parameters
    ----------
    run : TrackedRun
        Where.
    home : Home
        The shop, for its data map.
    measured : Evaluation
        What came of measuring the settings.
    steps : Steps
        Told of the progress.
    ranker : Fitted or None
        Of the version that was made; without it, what is kept is the ranker that was measured.
    """
    with steps.step("log the run"):
        log_report(run, measured.report)
        log_plots(run, measured)
        log_explanations(run, measured)
        if kept := ranker or measured.fitted:
            log_ranker(run, kept)
        log_coverage(run, coverage(home.lake))
    run.log_timings(steps.timings_s)


def log_report(run: TrackedRun, report: Report) -> None:
    """Keep a report as text, as JSON and as metrics by flat names.

    Beside the means of `Report.metrics` these are what lists are like (`served.all.coverage`) and
    what is served minus each model (`served_minus.als.all.ndcg`, with `.low` and `.high`).
    """
    run.log_text(as_text(report), "report.txt")
    values = report.as_dict()
    run.log_text(json.dumps(values, indent=1), "report.json")
    run.log_text(json.dumps(_segments(values), indent=1), "segments.json")
    run.log_metrics({**report.metrics(), **dict(_list_metrics(report)), **dict(_margins(values))})


def log_plots(run: TrackedRun, measured: Evaluation) -> None:
    """Draw recall by segment, what is shown against what is bought, and the learning curves."""
    report, bins = measured.report, history_bins(measured.snapshot)
    n_items = len(measured.snapshot.items)
    bought = measured.snapshot.demand.counted(EventType.PURCHASE, n_items=n_items)
    kept: dict[str, Any] = {}
    for target, served in report.results[SERVED].items():
        named = report.compared(target)
        recalls = {name: one.by_segment("recall", report.segments) for name, one in named.items()}
        if recalls[SERVED]:
            run.log_figure(recall_by_segment(recalls, k=report.k), f"plots/recall_{target}.png")
        shown = np.bincount(served.item_rows[served.item_rows >= 0], minlength=n_items)
        if shown.any() and bought.any():
            figure = popularity_against_catalogue(shown, bought)
            run.log_figure(figure, f"plots/popularity_{target}.png")
        kept[target] = _log_curves(run, named, bins, target)
    run.log_text(json.dumps(kept, indent=1), "learning_curve.json")


def log_ranker(run: TrackedRun, ranker: Fitted) -> None:
    """Keep what a ranker goes by: its features' importance, and its trees for people to read."""
    shares = {kind: ranker.importance(kind) for kind in KINDS}
    run.log_text(json.dumps(shares, indent=1), "importance.json")
    for kind, by_feature in shares.items():
        figure = feature_importance(by_feature, kind=kind)
        run.log_figure(figure, f"plots/importance_{kind}.png")
        run.log_text(ranker.boosters[kind].model_to_string(), f"ranker_{kind}.txt")


def log_explanations(run: TrackedRun, measured: Evaluation) -> None:
    """Keep why some lists are as they are, not saying whose they are; nothing without a ranker."""
    if measured.fitted is None:
        return
    user_rows = next(iter(measured.report.results[SERVED].values())).user_rows
    drawn = np.random.default_rng(0).permutation(user_rows)[:_EXPLAINED_PEOPLE]
    kept = {
        kind: anonymous(
            explained_lists(measured.bundle, measured.fitted, drawn, kind=kind, k=measured.report.k)
        )
        for kind in KINDS
    }
    run.log_text(json.dumps(kept, indent=1), "explanations.json")


def log_coverage(run: TrackedRun, found: Coverage) -> None:
    """Keep the data map as text and as JSON."""
    run.log_text(found.as_text(), "coverage.txt")
    run.log_text(json.dumps(found.as_dict(), indent=1), "coverage.json")


def _log_curves(
    run: TrackedRun,
    named: Mapping[str, Result],
    bins: Mapping[str, Mapping[str, NDArray[np.bool_]]],
    target: Target,
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for unit, marks in bins.items():
        drawn = curves(named, marks)
        if drawn["NDCG"][SERVED]:
            figure = learning_curve(drawn, unit=unit)
            run.log_figure(figure, f"plots/learning_curve_{target}_{unit}.png")
        kept[unit] = {title: _curve_values(by_model) for title, by_model in drawn.items()}
    return kept


def _curve_values(by_model: Mapping[str, Mapping[str, Interval]]) -> dict[str, Any]:
    return {
        name: {
            one: {"mean": value.mean, "ci": [value.low, value.high], "n_users": value.n}
            for one, value in by_bin.items()
        }
        for name, by_bin in by_model.items()
    }


def _segments(values: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a report's JSON values what is said of segments."""
    return {
        "models": {
            name: {
                target: one["segments"] for target, one in model.items() if isinstance(one, dict)
            }
            for name, model in values["models"].items()
        },
        "against_strongest_baseline": values["segments"],
    }


def _list_metrics(report: Report) -> Iterator[tuple[str, float]]:
    for name, targets in report.results.items():
        for target, result in targets.items():
            yield from (
                (f"{name}.{target}.{measure}", value) for measure, value in result.of_lists.items()
            )


def _margins(values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    flat = [
        (f"served_minus.{name}.{target}.{metric}", one)
        for name, targets in values["differences"].items()
        for target, metrics in targets.items()
        for metric, one in metrics.items()
    ]
    for name, one in flat:
        low, high = one["ci"]
        yield from ((name, one["mean"]), (f"{name}.low", low), (f"{name}.high", high))
