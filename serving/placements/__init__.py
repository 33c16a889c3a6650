"""Placements: the named places that lists are made for, and what each keeps to."""

from serving.placements.file import Placements
from serving.placements.placement import Chosen, Placement
from serving.placements.scenario import About, Person

__all__ = ["About", "Chosen", "Person", "Placement", "Placements"]
