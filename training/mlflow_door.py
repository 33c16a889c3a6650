"""The door to MLflow: where runs and model versions are kept, and how to get there."""

import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

# MLflow reads these while it is imported: no reports home, no chatter between our own lines.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    Metric,
    Param,
    RunTag,
)
from mlflow.exceptions import MlflowException

from features.errors import InvalidSettings
from features.home import Home
from features.lock import waiting_for

__all__ = [
    "Connection",
    "Dataset",
    "DatasetInput",
    "InputTag",
    "Metric",
    "MlflowException",
    "Param",
    "RunTag",
    "connect",
]

URI_VARIABLE: Final = "VITRINE_TRACKING_URI"
NAME_VARIABLE: Final = "VITRINE_MODEL_NAME"
_NAME: Final = "vitrine"
_SQLITE: Final = "sqlite:///"
_DATABASES: Final = ("sqlite", "postgresql", "mysql", "mssql")


@dataclass(frozen=True, slots=True)
class Connection:
    """An open way to an MLflow store; nothing global is set.

    Parameters
    ----------
    client : MlflowClient
        Speaks to the store.
    uri : str
        Where it is.
    name : str
        Of the experiment and of the registered model.
    experiment_id : str
        Where runs are kept.
    """

    client: MlflowClient
    uri: str
    name: str
    experiment_id: str

    def fetch(self, artifact_uri: str, into: Path) -> Path:
        """Copy artifacts into a folder and say where they lie in it.

        Raises
        ------
        MlflowException, OSError
            They are not there or cannot be read.
        """
        # Absolute locations only: MLflow resolves `models:/` and `runs:/` by a global setting.
        return Path(download_artifacts(artifact_uri, dst_path=str(into), tracking_uri=self.uri))

    def fetch_from_run(self, run_id: str, folder: str, into: Path) -> Path | None:
        """Copy a folder of a run's artifacts; None where the run or the folder is gone."""
        try:
            if not self.client.list_artifacts(run_id, folder):
                return None
            return Path(self.client.download_artifacts(run_id, folder, str(into)))
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None


def connect(home: Home, *, uri: str | None = None, name: str | None = None) -> Connection:
    """Open the store; the first one to come makes it, the others wait (some seconds).

    Parameters
    ----------
    home : Home
        The shop.
    uri : str, optional
        Any MLflow tracking URI; else `VITRINE_TRACKING_URI`, else SQLite in the home.
    name : str, optional
        Of experiment and registered model, where shops share a store; else
        `VITRINE_MODEL_NAME`, else "vitrine".

    Raises
    ------
    InvalidSettings
        The store cannot be opened, or the name has other than letters, digits, space, - and _.
    """
    where = uri or os.environ.get(URI_VARIABLE) or f"{_SQLITE}{home.tracking_database.resolve()}"
    called = name or os.environ.get(NAME_VARIABLE) or _NAME
    if not re.fullmatch(r"[\w -]+", called):
        raise InvalidSettings(
            f"{called!r} cannot name a model; give {NAME_VARIABLE} letters, digits, space, - or _"
        )
    database = _sqlite_file(where)
    beside = database or home.tracking_database
    try:
        with waiting_for(beside.with_name(f".{beside.name}.lock")), warnings.catch_warnings():
            # MLflow's own tables use what SQLAlchemy 2.1 deprecates; that is theirs to mend.
            warnings.filterwarnings("ignore", "The ``noload`` loader strategy", DeprecationWarning)
            if database is not None and not database.exists():
                _make(database)
            client = MlflowClient(tracking_uri=where, registry_uri=where)
            experiment_id = _experiment(client, called, _artifacts(where, home))
            _make_model(client, called)
    except MlflowException as error:
        raise InvalidSettings(
            f"the tracking store cannot be opened; correct or unset {URI_VARIABLE}",
            details=[_without_password(str(error), where)],
        ) from error
    return Connection(client, where, called, experiment_id)


def _without_password(text: str, uri: str) -> str:
    password = urlsplit(uri).password
    return text.replace(password, "***") if password else text


def _sqlite_file(uri: str) -> Path | None:
    if not uri.startswith(_SQLITE):
        return None
    return Path(uri.removeprefix(_SQLITE).split("?")[0])


def _make(database: Path) -> None:
    # The migrations take seconds, and MLflow cannot open what is left of them after a kill: so
    # the database gets its name when it is complete.
    draft = database.with_name(f".{database.name}.draft")
    for suffix in ("", "-journal", "-wal", "-shm"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)
    uri = f"{_SQLITE}{draft}"
    MlflowClient(tracking_uri=uri, registry_uri=uri)
    draft.rename(database)


def _artifacts(uri: str, home: Home) -> str | None:
    # A tracking server knows where its artifacts go; a mere database does not.
    is_database = urlsplit(uri).scheme.split("+")[0] in _DATABASES
    return str(home.artifacts.resolve()) if is_database else None


def _experiment(client: MlflowClient, name: str, artifacts: str | None) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(name, artifact_location=artifacts))


def _make_model(client: MlflowClient, name: str) -> None:
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
