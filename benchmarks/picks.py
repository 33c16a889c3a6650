"""How fast are email picks? The claim: as fast as implicit's own batch recommend, with reasons.

Runs ``python -m benchmarks.picks --data FOLDER``. Vitrine's side is the whole job from the promoted
bundle to the Parquet file: lists without what was bought, titles, prices, scores and exact reasons.
implicit's side is ``recommend(filter_already_liked_items=True)`` on the same factors, into arrays.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import implicit
import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from benchmarks.homes import prepared_home, simulated_home
from features.home import Home
from serving.audience import Audience
from serving.live_bundle import open_road
from serving.pick_job import PickJob
from serving.picks import PICKED_AT_ONCE, Picker
from serving.road import Road

BAR: Final = 1.0
ROUNDS: Final = 9
NUM_RESULTS: Final = 10
# Everybody gets a list here, and purchases are left out, as implicit does.
PLACEMENT: Final = "discover"

WHOLE, STEADY = "vitrine, whole job", "vitrine, lists and reasons"
ALL_CORES, ONE_THREAD = "implicit, all cores", "implicit, one thread"
