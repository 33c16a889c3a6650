"""The rulebook: turns the rules of a placement into a plan for one person and one catalogue."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.context import Situation
from serving.filters import Masks
from serving.placements.placement import Placement
from serving.placements.rule_settings import PriceSettings, RuleSettings
from serving.rules.caps import Cap
from serving.rules.columns import codes, numbers
from serving.rules.diversity import Diversity
from serving.rules.drops import Drop, Exclusion, PriceWindow
from serving.rules.moves import Damping, Move, Push
from serving.rules.plan import Plan
from training.bundle import Bundle

_MOST_KEPT: Final = 256

EXCLUDED: Final = "excluded"
FILTERED: Final = "filtered"


@dataclass(frozen=True, slots=True, eq=False)
class Occasion:
    """What rules turn on beside the shop: one person, at one moment.

    Parameters
    ----------
    situation : Situation or None
        When and how they come; lifts need it.
    shown : mapping of str to int
        How often they were shown which item lately, by item id.
    usual_price : float
        What they usually pay; NaN where unknown.
    blocked : ndarray of bool, shape (n_items,), or None
        What they must not be shown, pinned or not.
    """

    situation: Situation | None = None
    shown: Mapping[str, int] = field(default_factory=dict)
    usual_price: float = math.nan
    blocked: NDArray[np.bool_] | None = None


class Rulebook:
    """Resolves rules for one bundle; what is the same for everybody is resolved once.

    Parameters
    ----------
    bundle : Bundle
        Its catalogue, its item vectors, and what was learnt about contexts.
    masks : Masks
        Of the bundle's catalogue.
    """

    def __init__(self, bundle: Bundle, masks: Masks) -> None:
        self._bundle = bundle
        self._masks = masks
        # Any number of threads may ask: at worst two resolve the same at once. What is kept does
        # not hold the rulebook itself: a circle would keep an old bundle in memory.
        coded = lru_cache(maxsize=_MOST_KEPT)(partial(_coded, bundle))
        resolved = partial(_resolved, bundle, masks, coded)
        self._for_everybody = lru_cache(maxsize=_MOST_KEPT)(resolved)

    def plan(self, placement: Placement, occasion: Occasion | None = None) -> Plan:
        """Resolve a placement's rules.

        Parameters
        ----------
        placement : Placement
            With its scenario's keys in their places (`Chosen.placement`).
        occasion : Occasion, optional
            Without it only what holds for everybody is in the plan.

        Raises
        ------
        InvalidFilter
            A filter does not fit the catalogue; `Placements.check` tells that before.
        """
        rules = placement.rules
        plan = self._for_everybody(rules, placement.mode == "strict")
        if occasion is None:
            return plan
        drops, moves = self._drops(rules, occasion), self._moves(rules, occasion)
        if not drops and not moves:
            return plan
        return replace(plan, drops=plan.drops + drops, moves=plan.moves + moves)

    def allowed(self, placement: Placement) -> NDArray[np.bool_] | None:
        """Mark what the placement's filter lets through, shape (n_items,); None for everything."""
        text = placement.rules.filter
        return None if text is None else self._masks.of(text, {})

    def out_of_season(self, placement: Placement, situation: Situation) -> NDArray[np.bool_] | None:
        """Mark what is left out in a person's season, shape (n_items,); None for nothing."""
        floor, lifts = placement.rules.season_floor, self._bundle.recommender.lifts
        if not floor or lifts is None:
            return None
        return lifts.out_of_season(situation, floor=floor)

    @cached_property
    def _prices(self) -> NDArray[np.float64]:
        return numbers(self._bundle.catalogue.table["price"])

    def _drops(self, rules: RuleSettings, occasion: Occasion) -> tuple[Drop, ...]:
        drops: list[Drop] = []
        if occasion.blocked is not None:
            drops.append(Exclusion(EXCLUDED, occasion.blocked))
        bounds = _bounds(rules.price_window, occasion.usual_price)
        if bounds is not None:
            drops.append(PriceWindow(self._prices, *bounds))
        return tuple(drops)

    def _moves(self, rules: RuleSettings, occasion: Occasion) -> tuple[Move, ...]:
        moves: list[Move] = []
        if rules.recently_shown is not None and occasion.shown:
            rows = self._bundle.items.rows(list(occasion.shown)).tolist()
            n_shown = dict(zip(rows, occasion.shown.values(), strict=True))
            moves.append(Damping(n_shown, rules.recently_shown.strength))
        lifts = self._bundle.recommender.lifts
        if rules.lift.is_on and lifts is not None and occasion.situation is not None:
            learnt = lifts.log_lifts(occasion.situation)
            wanted = rules.lift.strengths()
            moves += [Push(learnt[kind], wanted[kind]) for kind in wanted if kind in learnt]
        return tuple(moves)


def _resolved(
    bundle: Bundle,
    masks: Masks,
    coded: Callable[[str, int | None], NDArray[np.int32]],
    rules: RuleSettings,
    is_strict: bool,  # noqa: FBT001 -- cached by place
) -> Plan:
    """Resolve what is the same for everybody."""
    filtered = [] if rules.filter is None else [Exclusion(FILTERED, ~masks.of(rules.filter, {}))]
    rows = bundle.items.rows([one.item_id for one in rules.pin]).tolist()
    pins = {pin.slot: row for pin, row in zip(rules.pin, rows, strict=True) if row >= 0}
    return Plan(
        drops=tuple(filtered),
        moves=(
            *(Push(masks.of(one.filter, {}), one.strength) for one in rules.boost),
            *(Push(masks.of(one.filter, {}), -one.strength) for one in rules.bury),
        ),
        caps=tuple(
            Cap(str(one), coded(one.column, one.level), one.most, one.window) for one in rules.cap
        ),
        diversity=(
            Diversity(bundle.similar.index.vectors, rules.diversity) if rules.diversity else None
        ),
        pins=pins,
        is_strict=is_strict,
    )


def _coded(bundle: Bundle, column: str, level: int | None) -> NDArray[np.int32]:
    return codes(bundle.catalogue.table[column], level=level)


def _bounds(window: PriceSettings | None, usual_price: float) -> tuple[float, float] | None:
    """Find the lowest and the highest price, or None where every price will do."""
    if window is None or (window.times_usual and not usual_price > 0):
        return None
    times = usual_price if window.times_usual else 1.0
    high = math.inf if window.high is None else window.high
    return (window.low or 0.0) * times, high * times
