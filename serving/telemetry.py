"""Telemetry: what the server counts and times, with as few labels as there are routes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from training.bundle import Bundle

METRICS_TYPE: Final = CONTENT_TYPE_LATEST

_MULTIPROCESS: Final = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS_S: Final = (
    *(0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025),
    *(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)


class Telemetry(Collector):
    """The metrics of one worker; where several share a port, each tells the sums of all."""

    def __init__(self) -> None:
        if _MULTIPROCESS in os.environ:
            Path(os.environ[_MULTIPROCESS]).mkdir(parents=True, exist_ok=True)
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "vitrine_request_seconds",
            "Time from a request to the last byte of its reply.",
            ("route", "status"),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._swaps = Counter(
            "vitrine_bundle_swaps", "Bundles that went live.", registry=self._registry
        )
        self._refusals = Counter(
            "vitrine_bundle_refusals",
            "Promoted bundles that were refused; the one before keeps serving.",
            registry=self._registry,
        )
        self._degraded = Counter(
            "vitrine_degraded_answers",
            "Answers that were made without the store.",
            registry=self._registry,
        )
        self._lost = Counter(
            "vitrine_lists_not_logged",
            "Lists that were given and are not in the recommendation log.",
            registry=self._registry,
        )
        self._store_is_up = False
        self._n_lost = 0
        self._series: dict[tuple[str, int], Histogram] = {}
        self._bundle: Bundle | None = None

    def replied(self, route: str, status: int, seconds: float) -> None:
        """Count a reply.

        Parameters
        ----------
        route : str
            A path of ours or "other", never a path that a caller made up.
        status : int
            The HTTP status; counted by its class.
        seconds : float
            How long it took.
        """
        key = (route, status // 100)
        if key not in self._series:
            self._series[key] = self._requests.labels(route, f"{status // 100}xx")
        self._series[key].observe(seconds)

    def swapped(self, bundle: Bundle) -> None:
        """Count a bundle that went live, and tell of it from now on."""
        self._swaps.inc()
        self._bundle = bundle

    def refused(self) -> None:
        """Count a promoted bundle that was refused."""
        self._refusals.inc()

    def degraded(self) -> None:
        """Count an answer that was made without the store."""
        self._degraded.inc()

    def looked_at_store(self, *, is_up: bool, n_lost: int) -> None:
        """Tell from now on whether the store can be reached, and count what was not logged.

        Parameters
        ----------
        is_up : bool
            Whether it answered when it was last asked.
        n_lost : int
            Lists that could not be written since the worker started.
        """
        self._store_is_up = is_up
        self._lost.inc(n_lost - self._n_lost)
        self._n_lost = n_lost

    def render(self) -> bytes:
        """Give the metrics as Prometheus reads them."""
        told = CollectorRegistry()
        told.register(self)
        if _MULTIPROCESS in os.environ:
            MultiProcessCollector(told)  # type: ignore[no-untyped-call]  # the library's own gap
            return generate_latest(told)
        return generate_latest(self._registry) + generate_latest(told)

    def collect(self) -> Iterator[Metric]:
        """Tell of this worker's bundle and store; workers differ only for a moment."""
        yield GaugeMetricFamily(
            "vitrine_store_up", "1 where the store can be reached.", value=float(self._store_is_up)
        )
        if self._bundle is None:
            return
        manifest = self._bundle.manifest
        about = {"model_version": manifest.bundle_id, "model": manifest.model or "popular"}
        yield InfoMetricFamily("vitrine_bundle", "The bundle that is live.", value=about)
        for name, what, value in (
            ("as_of_seconds", "Nothing later is in the bundle.", manifest.as_of.timestamp()),
            ("users", "Users that it knows.", manifest.n_users),
            ("items", "Items that it knows.", manifest.n_items),
        ):
            yield GaugeMetricFamily(f"vitrine_bundle_{name}", what, value=value)
