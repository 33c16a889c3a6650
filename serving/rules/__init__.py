"""Rules: what a placement keeps to, from one person's scored candidates to the list.

The rulebook resolves a placement's settings into a plan; `arrange` makes a list by it. In between
nothing knows of files, people or catalogues: drops, moves, caps and diversity are values, and a
shelf goes in and another comes out.
"""

from serving.rules.arrange import Arranged, arrange
from serving.rules.plan import Plan
from serving.rules.rulebook import EXCLUDED, FILTERED, Occasion, Rulebook
from serving.rules.shelf import Shelf

__all__ = ["EXCLUDED", "FILTERED", "Arranged", "Occasion", "Plan", "Rulebook", "Shelf", "arrange"]
