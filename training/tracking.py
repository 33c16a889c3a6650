"""What a training did: one MLflow run with its settings, data, results, timings and plots."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from training.mlflow_door import (
    Connection,
    Dataset,
    DatasetInput,
    InputTag,
    Metric,
    Param,
)

if TYPE_CHECKING:
    from training.plots import Figure

T = TypeVar("T")

_PARAMS_AT_ONCE: Final = 100
_METRICS_AT_ONCE: Final = 1_000
_LONGEST_DIGEST: Final = 36
"""MLflow's limits."""


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """One run, to be told of what is found out.

    Parameters
    ----------
    connection : Connection
        Where it is kept.
    run_id : str
        MLflow's name for it.
    """

    connection: Connection
    run_id: str

    def log_params(self, settings: Mapping[str, Any]) -> None:
        """Keep settings, however deeply nested, under flat names (see `flatten`)."""
        params = [Param(name, _text(value)) for name, value in flatten(settings).items()]
        for batch in _batches(params, _PARAMS_AT_ONCE):
            self.connection.client.log_batch(self.run_id, params=batch)

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Keep numbers by flat names."""
        now_ms = int(time() * 1000)
        logged = [Metric(name, float(value), now_ms, 0) for name, value in metrics.items()]
        for batch in _batches(logged, _METRICS_AT_ONCE):
            self.connection.client.log_batch(self.run_id, metrics=batch)

    def log_timings(self, seconds: Mapping[str, float]) -> None:
        """Keep how many seconds each step took, as metrics `seconds.<step>`."""
        self.log_metrics({f"seconds.{step}": value for step, value in seconds.items()})

    def log_data(self, *, digest: str, source: str, as_of: datetime) -> None:
        """Keep which data the run learnt from.

        Parameters
        ----------
        digest : str
            Of the data's content; whole in the tag `data_digest`, cut to 36 characters in the
            data set's own field.
        source : str
            Where the data lies.
        as_of : datetime
            Nothing later was looked at.
        """
        client = self.connection.client
        dataset = Dataset(
            name="event log",
            digest=digest[:_LONGEST_DIGEST],
            source_type="local",
            source=json.dumps({"uri": source}),
            profile=json.dumps({"as_of": as_of.isoformat()}),
        )
        context = [InputTag("mlflow.data.context", "training")]
        client.log_inputs(self.run_id, datasets=[DatasetInput(dataset, context)])
        client.set_tag(self.run_id, "data_digest", digest)

    def log_figure(self, figure: "Figure", path: str) -> None:
        """Keep a plot under a name such as `plots/recall.png`."""
        self.connection.client.log_figure(self.run_id, figure, path)

    def log_text(self, text: str, path: str) -> None:
        """Keep a text, such as a report as JSON, under a name such as `report.json`."""
        self.connection.client.log_text(self.run_id, text, path)


@dataclass(frozen=True, slots=True)
class Tracker:
    """Keeps what trainings do.

    Parameters
    ----------
    connection : Connection
        Where (see `training.mlflow_door.connect`).
    """

    connection: Connection

    @contextmanager
    def run(self, name: str, *, tags: Mapping[str, str] | None = None) -> Iterator[TrackedRun]:
        """Open a run that ends with what happens inside: finished, failed, or killed by Ctrl-C.

        Parameters
        ----------
        name : str
            For people.
        tags : mapping of str to str, optional
            To find it by.
        """
        client = self.connection.client
        experiment_id = self.connection.experiment_id
        run_id = client.create_run(experiment_id, run_name=name, tags=dict(tags or {})).info.run_id
        try:
            yield TrackedRun(self.connection, run_id)
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt)
            client.set_terminated(run_id, "KILLED" if interrupted else "FAILED")
            raise
        client.set_terminated(run_id, "FINISHED")


def flatten(nested: Mapping[str, Any]) -> dict[str, Any]:
    """Join the names of nested settings by dots; an empty group stays as it is.

    Examples
    --------
    >>> flatten({"seed": 1, "models": {"als": {"factors": 64}, "bpr": {}}})
    {'seed': 1, 'models.als.factors': 64, 'models.bpr': {}}
    """
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping) and value:
            flat |= {f"{name}.{inner}": one for inner, one in flatten(value).items()}
        else:
            flat[name] = value
    return flat


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
