"""A simulated shop, whose people's tastes we know: the laboratory for everything else.

The truth (`Truth`) says what each person would do with each item at any time
(`response_probability`). The events come from nothing else: the shop shows items, people respond
with those probabilities, and what they do is written down.

::

    vocabulary ──> catalogue, display ──┐
                   tastes, staples ─────┼──> world ──> sessions ──> browsing ──> baskets
                   people ──────────────┘    (truth)   who comes    responses    events
"""

from features.simulated_shop.responses import response_probability
from features.simulated_shop.settings import SimulationSettings
from features.simulated_shop.shop import SimulatedShop, simulate
from features.simulated_shop.truth import Truth, open_truth

__all__ = [
    "SimulatedShop",
    "SimulationSettings",
    "Truth",
    "open_truth",
    "response_probability",
    "simulate",
]
