"""The search space: which settings a search may change, and how far."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from features.errors import InvalidSettings
from training.models import TRAINERS
from training.settings import TrainingSettings

VERSION: Final = 1
"""Goes up with every change below: trials of two spaces are not of one search."""

SERVE: Final = "serve"
_DIGITS: Final = 3

Point = Mapping[str, float | str]
"""A place in the space: values by their dotted keys of the settings file."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A number that may change.

    Parameters
    ----------
    key : str
        Its dotted key in the settings file.
    low, high : float
        The range, both ends included.
    log : bool
        Whether twice as much is as big a step anywhere; then `low` is above 0.
    whole : bool
        Whether it counts something.
    """

    key: str
    low: float
    high: float
    log: bool = True
    whole: bool = False

    def can_hold(self, value: float) -> bool:
        """Whether the range could be widened to hold a value."""
        return math.isfinite(value) and (value > 0 or not self.log)

    def holding(self, value: float) -> Self:
        """Widen the range as far as it takes to hold a value.

        Examples
        --------
        >>> Dimension("trend.half_life_days", 1, 90).holding(120.0).high
        120.0
        """
        return replace(self, low=min(self.low, value), high=max(self.high, value))

    def tidy(self, value: float) -> float:
        """Round to what a person can read; a finer step changes no list.

        Examples
        --------
        >>> Dimension("trend.half_life_days", 1, 90).tidy(12.3456)
        12.3
        >>> Dimension("models.als.factors", 16, 192, whole=True).tidy(48)
        48
        """
        return int(value) if self.whole else float(f"{value:.{_DIGITS}g}")


# A blend times any factor orders every list alike: so affinity is the unit, and stays.
SHARED: Final = (
    Dimension("weights.half_life_days", 7, 365),
    Dimension("weights.scale", 1, 100),
    Dimension("blend.own", 0.1, 30),
    Dimension("blend.own_half", 0.5, 50),
    Dimension("blend.trend", 0, 2, log=False),
    Dimension("trend.half_life_days", 1, 90),
)

MODELS: Final = {
    "als": (
        Dimension("models.als.factors", 16, 192, whole=True),
        Dimension("models.als.regularization", 0.01, 100),
        Dimension("models.als.iterations", 5, 30, whole=True),
    ),
    "bpr": (
        Dimension("models.bpr.factors", 16, 128, whole=True),
        Dimension("models.bpr.learning_rate", 0.005, 0.2),
        Dimension("models.bpr.regularization", 0.001, 0.3),
        Dimension("models.bpr.iterations", 10, 100, whole=True),
    ),
    "lightfm": (
        Dimension("models.lightfm.factors", 16, 128, whole=True),
        Dimension("models.lightfm.learning_rate", 0.01, 0.2),
        Dimension("models.lightfm.epochs", 5, 50, whole=True),
        Dimension("models.lightfm.item_feature_weight", 0.05, 2),
        Dimension("models.lightfm.user_feature_weight", 0.02, 1),
    ),
    "spectral": (
        Dimension("models.spectral.factors", 16, 256, whole=True),
        Dimension("models.spectral.shrinkage", 0.1, 20),
    ),
}


@dataclass(frozen=True, slots=True)
class Space:
    """What may change about some settings; where they are now always lies in it.

    Parameters
    ----------
    current : TrainingSettings
        Where one is; what has no dimension stays as it is there.
    models : tuple of str
        Which of them may serve.
    """

    current: TrainingSettings
    models: tuple[str, ...]

    @classmethod
    def of(cls, current: TrainingSettings, models: Sequence[str] | None = None) -> Self:
        """Make the space around settings.

        Parameters
        ----------
        current : TrainingSettings
            Where one is.
        models : sequence of str, optional
            Which may serve; all that can if it is not said.

        Raises
        ------
        InvalidSettings
            None is named, or one that is unknown or cannot be searched.
        """
        wanted = tuple(servable() if models is None else dict.fromkeys(models))
        unknown = [name for name in wanted if name not in servable()]
        if unknown or not wanted:
            named = ", ".join(map(repr, unknown)) or "no model at all"
            raise InvalidSettings(f"{named} cannot be tuned; choose of {servable()}")
        # In the registry's order, so that a search does not depend on how one types its models.
        return cls(current, tuple(name for name in servable() if name in wanted))

    def dimensions(self, model: str) -> tuple[Dimension, ...]:
        """Give what may change while a model serves, wide enough for what is current."""
        held = [(one, self._now(one)) for one in (*SHARED, *MODELS.get(model, ()))]
        return tuple(one.holding(now) if one.can_hold(now) else one for one, now in held)

    def here(self) -> dict[str, float | str]:
        """Give the point where the current settings are, as far as the space can say it."""
        serve = self.current.serve or ""
        shown = self.dimensions(serve) if serve in self.models else SHARED
        values = {one.key: self._now(one) for one in shown if one.can_hold(self._now(one))}
        return ({SERVE: serve} if serve in self.models else {}) | values

    def settings(self, point: Point) -> TrainingSettings:
        """Give the settings of a point, tidied; what it does not name is as it is now.

        Examples
        --------
        >>> space = Space.of(TrainingSettings())
        >>> space.settings({"serve": "bpr", "blend.own": 3.14159}).blend.own
        3.14
        """
        nested = self.current.model_dump()
        dimensions = {one.key: one for one in self.dimensions(str(point.get(SERVE, "")))}
        for key, value in point.items():
            tidied = dimensions[key].tidy(float(value)) if key in dimensions else value
            _put(nested, key.split("."), tidied)
        return TrainingSettings.model_validate(nested)

    def _now(self, dimension: Dimension) -> float:
        section, *rest = dimension.key.split(".")
        if section == "models":
            model, name = rest
            return float(getattr(self.current.trainer(model), name))
        return float(getattr(getattr(self.current, section), rest[0]))


def servable() -> list[str]:
    """Name the models that can make everybody's lists."""
    return [name for name, trainer in TRAINERS.items() if trainer.embeds]


def _put(nested: dict[str, Any], path: Sequence[str], value: float | str) -> None:
    *sections, last = path
    place = nested
    for section in sections:
        place = place.setdefault(section, {})
    place[last] = value
