"""The search for settings: many trials on earlier folds, and never a look at the last one.

::

    space ──> study ──┐        which settings to try next
    measured folds ───┴──> search ──> outcome        what came of it, and the file for `train`
"""
