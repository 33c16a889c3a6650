"""The training settings: a TOML file, checked key by key."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from features.errors import InvalidSettings
from features.events import EventType
from features.pair_features import Blend
from features.weights import DEFAULT_TYPE_WEIGHTS, ConfidenceWeights
from training.models import TRAINERS

Positive = Annotated[float, Field(gt=0)]
_TREND_HALF_LIFE_DAYS: Final = 7.0
_BLEND: Final = Blend()


class Section(BaseModel):
    """What every section keeps to: unknown keys are errors."""

    model_config: ClassVar = ConfigDict(extra="forbid", frozen=True)


class WeightSettings(Section):
    """How events add up to confidence; see `features.weights`."""

    half_life_days: Positive = 30.0
    scale: Positive = 10.0
    by_type: dict[EventType, float] = dict(DEFAULT_TYPE_WEIGHTS)

    @field_validator("by_type")
    @classmethod
    def _beside_the_defaults(cls, given: dict[EventType, float]) -> dict[EventType, float]:
        # Who changes what a view counts does not mean that purchases count nothing.
        return DEFAULT_TYPE_WEIGHTS | given

    def confidence(self) -> ConfidenceWeights:
        """Give the weights that the models learn from and serve by."""
        return ConfidenceWeights(self.half_life_days, self.scale, self.by_type)


class TrendSettings(Section):
    """How fast a trend passes."""

    half_life_days: Positive = _TREND_HALF_LIFE_DAYS


class BlendSettings(Section):
    """How the pair features add up to a score; see `features.pair_features.Blend`."""

    affinity: float = _BLEND.affinity
    own: float = _BLEND.own
    own_half: Positive = _BLEND.own_half
    trend: float = _BLEND.trend

    def blend(self) -> Blend:
        """Give the blend that lists are ordered by."""
        return Blend(**self.model_dump())


class EvaluationSettings(Section):
    """How the settings are judged before a version is registered."""

    horizon_days: Annotated[int, Field(ge=1)] = 30
    gap_days: Annotated[int, Field(ge=0)] = 0
    k: Annotated[int, Field(ge=1, le=500)] = 20


class IndexSettings(Section):
    """When the exact index is too slow."""

    budget_ms: Annotated[float, Field(ge=0)] = 2.0


class TrainingSettings(Section):
    """Everything that decides what a training makes of the same data.

    Parameters
    ----------
    serve : str or None
        The embedding model that lists are made with; None serves what is popular.
    models : dict of str to dict
        Hyper-parameters by model name; a model that is not named has its defaults.
    compare : list of str
        Models that are evaluated beside the served one.
    """

    seed: Annotated[int, Field(ge=0)] = 0
    serve: str | None = "als"
    compare: list[str] = []
    weights: WeightSettings = WeightSettings()
    trend: TrendSettings = TrendSettings()
    blend: BlendSettings = BlendSettings()
    index: IndexSettings = IndexSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    models: dict[str, dict[str, Any]] = {}

    @field_validator("serve", "compare", "models")
    @classmethod
    def _known(cls, value: Any) -> Any:  # noqa: ANN401 -- one check for three shapes
        names = [value] if isinstance(value, str) else list(value or ())
        unknown = [name for name in names if name not in TRAINERS]
        if unknown:
            raise ValueError(f"no model is called {unknown[0]!r}; choose of {sorted(TRAINERS)}")
        return value

    @field_validator("models")
    @classmethod
    def _buildable(cls, models: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        # A typing error in the file must not come out after an hour of training.
        for name, hyper_parameters in models.items():
            _trainer(name, hyper_parameters)
        return models

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read settings, or take the defaults.

        Raises
        ------
        InvalidSettings
            The file is missing, not TOML, or a key is unknown or has a wrong value.
        """
        if path is None:
            return cls()
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InvalidSettings(f"{path} cannot be read as TOML: {error}; correct it") from error
        return cls._checked(raw, str(path))

    @classmethod
    def _checked(cls, raw: dict[str, Any], origin: str) -> Self:
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            raise InvalidSettings(
                f"{origin} has {error.error_count()} wrong settings; correct these keys",
                details=[
                    f"{'.'.join(map(str, one['loc']))}: {one['msg']}, got {one['input']!r}"
                    for one in error.errors()
                ],
            ) from error

    def judged_over(
        self,
        *,
        horizon_days: int | None = None,
        k: int | None = None,
        compare: list[str] | None = None,
    ) -> Self:
        """Give the same settings, to be judged otherwise; None keeps what they say.

        Raises
        ------
        InvalidSettings
            A model to compare is unknown.
        """
        given = {"horizon_days": horizon_days, "k": k}
        changed = {name: value for name, value in given.items() if value is not None}
        evaluation = self.evaluation.model_copy(update=changed)
        merged = self.model_dump() | {"evaluation": evaluation.model_dump()}
        return self._checked(merged | ({} if compare is None else {"compare": compare}), "settings")

    def trainer(self, name: str) -> Any:  # noqa: ANN401 -- the protocol is generic
        """Build a model's trainer with its hyper-parameters."""
        return _trainer(name, self.models.get(name, {}))


def _trainer(name: str, hyper_parameters: dict[str, Any]) -> Any:  # noqa: ANN401 -- see above
    try:
        return TRAINERS[name](**hyper_parameters)
    except TypeError as error:
        raise InvalidSettings(f"[models.{name}]: {error}; remove that key") from error
