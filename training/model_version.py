"""A model version: a registered bundle, and what is known of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from training.manifest import Manifest
from training.user_metrics import COLUMNS

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
_MODELS: Final = "models"
_IS_RANKED: Final = "is_ranked"
_POPULAR: Final = "popular"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One registered bundle.

    Parameters
    ----------
    version : int
        Counted from 1.
    bundle_id : str
        The bundle's name by content.
    aliases : tuple of str
        "champion" is served, "challenger" is the newest.
    models : tuple of str
        What names its candidates, the served model first; "popular" where there is no model.
    is_ranked : bool
        Whether a ranker orders its lists.
    as_of, created_at : datetime
        What it knows, and when it was registered; aware.
    run_id : str
        The MLflow run that it comes from.
    metrics : dict of str to float
        Means on its last fold, by `training.user_metrics.COLUMNS`.
    finding : str
        What the gate said of it; empty before it was asked.
    source : str
        Where its files are.
    """

    version: int
    bundle_id: str
    aliases: tuple[str, ...]
    models: tuple[str, ...]
    is_ranked: bool
    as_of: datetime
    created_at: datetime
    run_id: str
    metrics: dict[str, float]
    finding: str
    source: str

    @classmethod
    def of(cls, found: Any, aliases: Mapping[str, str]) -> Self:  # noqa: ANN401 -- MLflow is untyped
        """Read what the registry keeps.

        Parameters
        ----------
        found : mlflow.entities.model_registry.ModelVersion
            With the tags of `tags_of`.
        aliases : mapping of str to str
            Version by alias, as the registered model has them: a search leaves them out.
        """
        tags, number = found.tags, int(found.version)
        return cls(
            version=number,
            bundle_id=tags["bundle_id"],
            aliases=tuple(sorted(one for one, at in aliases.items() if int(at) == number)),
            # Versions from before there was a second stage say only which model they serve.
            models=tuple(json.loads(tags[_MODELS])) if _MODELS in tags else (tags["model"],),
            is_ranked=tags.get(_IS_RANKED) == "true",
            as_of=datetime.fromisoformat(tags["as_of"]),
            created_at=datetime.fromtimestamp(found.creation_timestamp / 1000, UTC),
            run_id=found.run_id,
            metrics={name: float(tags[name]) for name in COLUMNS if name in tags},
            finding=found.description or "",
            source=found.source,
        )


def tags_of(manifest: Manifest, means: Mapping[str, float]) -> dict[str, str]:
    """Write what `ModelVersion.of` reads.

    Parameters
    ----------
    manifest : Manifest
        The bundle's.
    means : mapping of str to float
        On its last fold, by `training.user_metrics.COLUMNS`.
    """
    serves = manifest.model or _POPULAR
    beside = [one["name"] for one in manifest.parts.get("beside", ())]
    return {
        "bundle_id": manifest.bundle_id,
        "as_of": manifest.as_of.isoformat(),
        "model": serves,
        _MODELS: json.dumps([serves, *beside]),
        _IS_RANKED: json.dumps("ranker" in manifest.parts),
        **{name: repr(mean) for name, mean in means.items()},
    }
