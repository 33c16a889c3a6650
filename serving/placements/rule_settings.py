"""Rule settings: what a shop says about the order and the mixture of a placement's lists."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated, Final, Self

import pyarrow as pa
from pydantic import AfterValidator, Field, model_validator

from features.errors import InvalidFilter
from features.near_names import near
from serving.filters import compile_filter
from serving.placements.section import Section

Strength = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
"""In standard deviations of one person's scores, so that it means the same for every ranker."""

Share = Annotated[float, Field(ge=0, le=1)]
Hours = Annotated[float, Field(gt=0, le=24 * 366)]
Name = Annotated[str, Field(min_length=1, max_length=256)]


def _compiles(text: str) -> str:
    try:
        needed = compile_filter(text).parameters
    except InvalidFilter as error:
        raise ValueError(error.message) from error
    if needed:
        raise ValueError(f"nobody gives :{needed[0]} here; write its value into the filter")
    return text


FilterText = Annotated[str, AfterValidator(_compiles)]
"""A predicate over the catalogue's columns; see `serving.filters`."""

CATEGORY: Final = "category"


class PushSettings(Section):
    """Items that stand higher (boost) or lower (bury) than their score says."""

    filter: FilterText
    strength: Strength = 1.0


class PinSettings(Section):
    """An item that stands in one slot, the first being 1, wherever it may be shown."""

    item_id: Name
    slot: Annotated[int, Field(ge=1, le=500)]


class CapSettings(Section):
    """How many items of one value may stand together.

    Parameters
    ----------
    column : str
        A text column of the catalogue, such as brand or category.
    most : int
        So many of one value at most, in any `window` consecutive slots.
    window : int or None
        None for the whole list.
    level : int or None
        For category: compare only so many levels of the path; None for all of it.
    """

    column: Name
    most: Annotated[int, Field(ge=1, le=500)]
    window: Annotated[int, Field(ge=2, le=500)] | None = None
    level: Annotated[int, Field(ge=1, le=20)] | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.level is not None and self.column != CATEGORY:
            raise ValueError(
                f"only {CATEGORY} has levels; remove level, or cap the column {CATEGORY}"
            )
        if self.window is not None and self.window <= self.most:
            raise ValueError(
                f"{self.most} of {self.window} slots caps nothing; make window larger than most"
            )
        return self

    def misfit(self, schema: pa.Schema) -> str | None:
        """Tell why a catalogue cannot be capped by this column; None where it can."""
        if self.column not in schema.names:
            return f"the catalogue has no column {self.column!r}{near(self.column, schema.names)}"
        kind = schema.field(self.column).type
        value = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not (pa.types.is_string(value) or pa.types.is_large_string(value)):
            return f"{self.column!r} holds {kind}; cap a column of texts, such as brand"
        return None

    def __str__(self) -> str:
        return self.column if self.level is None else f"{self.column} level {self.level}"


class ShownSettings(Section):
    """Items that the person was shown lately stand lower, the more often the lower."""

    strength: Strength = 0.5
    within_hours: Hours = 72.0


class PriceSettings(Section):
    """Which prices may be shown; an item without a price stays.

    Parameters
    ----------
    low, high : float or None
        In the file `from` and `to`: in the shop's currency, or times the person's usual price.
    times_usual : bool
        True for the latter; who has no usual price is shown all prices.
    """

    low: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(None, alias="from")
    high: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(None, alias="to")
    times_usual: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("a price window needs from, to or both; give one")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"from {self.low} lies above to {self.high}; swap them")
        return self


class LiftSettings(Section):
    """How strongly what was learnt about a context moves items; 0 leaves it alone."""

    season: Annotated[float, Field(ge=0, le=100)] = 0.0
    daypart: Annotated[float, Field(ge=0, le=100)] = 0.0
    weekday: Annotated[float, Field(ge=0, le=100)] = 0.0
    device: Annotated[float, Field(ge=0, le=100)] = 0.0

    @property
    def is_on(self) -> bool:
        """Whether any context moves items."""
        return self != _NO_LIFTS

    def strengths(self) -> dict[str, float]:
        """Give the kinds of context that move items, and how strongly."""
        every = {kind: float(getattr(self, kind)) for kind in type(self).model_fields}
        return {kind: strength for kind, strength in every.items() if strength}


_NO_LIFTS: Final = LiftSettings()


class RuleSettings(Section):
    """What a placement's lists keep to; by default only to the season.

    Parameters
    ----------
    filter : str or None
        What may be in a list at all.
    boost, bury : tuple of PushSettings
        What stands higher or lower than its score says.
    pin : tuple of PinSettings
        What stands in which slot; wins over caps and the price window.
    cap : tuple of CapSettings
        How many of one value may stand together.
    diversity : float
        0 for the order of the scores alone, 1 for items as different as can be.
    recently_shown : ShownSettings or None
        What was shown lately stands lower.
    price_window : PriceSettings or None
        Which prices may be shown.
    season_floor : float
        An item that sells less than this part of its usual in the person's season is left out;
        0 switches it off.
    lift : LiftSettings
        What is wanted more than usual in this season, daypart, on this weekday or device stands
        higher.
    """

    filter: FilterText | None = None
    boost: tuple[PushSettings, ...] = ()
    bury: tuple[PushSettings, ...] = ()
    pin: tuple[PinSettings, ...] = ()
    cap: tuple[CapSettings, ...] = ()
    diversity: Share = 0.0
    recently_shown: ShownSettings | None = None
    price_window: PriceSettings | None = None
    season_floor: Share = 0.5
    lift: LiftSettings = LiftSettings()

    @model_validator(mode="after")
    def _one_place_each(self) -> Self:
        _refuse_twice("slot", (one.slot for one in self.pin))
        _refuse_twice("item", (one.item_id for one in self.pin))
        return self

    def replaced_by(self, other: "RuleSettings") -> "RuleSettings":
        """Give these rules with those in their place that the other states itself."""
        return self.model_copy(
            update={name: getattr(other, name) for name in other.model_fields_set}
        )

    def misfits(self, schema: pa.Schema) -> Iterator[tuple[str, str]]:
        """Find what does not fit a catalogue.

        Parameters
        ----------
        schema : pyarrow.Schema
            The catalogue's columns.

        Yields
        ------
        tuple of str and str
            The path of the key, and what is wrong.
        """
        for path, text in self._filters():
            try:
                compile_filter(text).check(schema)
            except InvalidFilter as error:
                yield path, error.message
        for place, cap in enumerate(self.cap):
            finding = cap.misfit(schema)
            if finding is not None:
                yield f"cap[{place}].column", finding

    def _filters(self) -> Iterator[tuple[str, str]]:
        if self.filter is not None:
            yield "filter", self.filter
        for name in ("boost", "bury"):
            for place, one in enumerate(getattr(self, name)):
                yield f"{name}[{place}].filter", one.filter


def _refuse_twice(what: str, given: Iterable[int | str]) -> None:
    value, count = max(Counter(given).items(), key=lambda one: one[1], default=("", 0))
    if count > 1:
        raise ValueError(f"{what} {value!r} is pinned {count} times; keep one of these pins")
