"""The training settings: a TOML file, checked key by key."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from features.candidates import Budgets
from features.errors import InvalidSettings
from features.events import EventType
from features.pair_features import Blend
from features.trees import MOST_LEAVES
from features.weights import DEFAULT_TYPE_WEIGHTS, ConfidenceWeights
from training.models import TRAINERS, servable

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=0)]
_BLEND: Final = Blend()
_BUDGETS: Final = Budgets()


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

    half_life_days: Positive = 7.0


class BlendSettings(Section):
    """How the pair features add up to a score; see `features.pair_features.Blend`."""

    affinity: float = _BLEND.affinity
    own: float = _BLEND.own
    own_half: Positive = _BLEND.own_half
    trend: float = _BLEND.trend

    def blend(self) -> Blend:
        """Give the blend that lists are ordered by."""
        return Blend(**self.model_dump())


class CandidateSettings(Section):
    """How many items each source may name; see `features.candidates.Budgets`."""

    unfinished: Count = _BUDGETS.unfinished
    due_again: Count = _BUDGETS.due_again
    own_history: Count = _BUDGETS.own_history
    near_user: Count = _BUDGETS.near_user
    near_items: Count = _BUDGETS.near_items
    bought_together: Count = _BUDGETS.bought_together
    content: Count = _BUDGETS.content
    trending: Count = _BUDGETS.trending
    trending_in_category: Count = _BUDGETS.trending_in_category
    new_arrivals: Count = _BUDGETS.new_arrivals

    def budgets(self) -> Budgets:
        """Give what the sources keep to."""
        return Budgets(**self.model_dump())


class RankerSettings(Section):
    """How the second stage is learnt; see `training.ranker`.

    Parameters
    ----------
    windows : int
        How many windows of one horizon each it learns from; at least 3, all before the fold.
    most_users : int
        How many people of a window are learnt from; more are drawn by chance.
    most_unbought : int
        How many candidates that a person did not buy are learnt from, drawn by chance.
    trees_everything, trees_new : int
        Trees for lists with purchases and without.
    leaves : int
        Of each tree, at most 32.
    learning_rate, feature_share, row_share, l2 : float
        Size of a step, what part of the features a tree and of the rows a round may see, and how
        strongly leaves are held small.
    smallest_leaf : int
        Pairs in a leaf, at least.
    truncation : int
        Pairs below this place of a list are not compared with each other.
    """

    windows: Annotated[int, Field(ge=3, le=24)] = 4
    most_users: Annotated[int, Field(ge=2)] = 2000
    most_unbought: Annotated[int, Field(ge=1)] = 100
    trees_everything: Annotated[int, Field(ge=1, le=1000)] = 150
    trees_new: Annotated[int, Field(ge=1, le=1000)] = 150
    leaves: Annotated[int, Field(ge=2, le=MOST_LEAVES)] = 31
    learning_rate: Positive = 0.05
    feature_share: Share = 0.7
    row_share: Share = 0.8
    l2: Annotated[float, Field(ge=0)] = 5.0
    smallest_leaf: Annotated[int, Field(ge=1)] = 50
    truncation: Annotated[int, Field(ge=1)] = 40


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
    beside : list of str
        Further models that name candidates and whose scores the ranker reads.
    ranker : RankerSettings or None
        The second stage; None (in TOML: ``ranker = false``) leaves the order to the blend.
    models : dict of str to dict
        Hyper-parameters by model name; a model that is not named has its defaults.
    compare : list of str
        Models that are evaluated beside the served one.
    """

    seed: Annotated[int, Field(ge=0)] = 0
    serve: Annotated[str, AfterValidator(servable)] | None = "spectral"
    beside: list[str] = ["als", "item_knn"]
    compare: list[str] = []
    weights: WeightSettings = WeightSettings()
    trend: TrendSettings = TrendSettings()
    blend: BlendSettings = BlendSettings()
    candidates: CandidateSettings = CandidateSettings()
    ranker: RankerSettings | None = RankerSettings()
    index: IndexSettings = IndexSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    models: dict[str, dict[str, Any]] = {}

    @field_validator("ranker", mode="before")
    @classmethod
    def _off(cls, value: Any) -> Any:  # noqa: ANN401 -- as TOML gives it
        # TOML knows no null.
        return None if value is False else value

    @field_validator("serve", "beside", "compare", "models")
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
