"""What an evaluation looks like: the pictures that belong to a training run."""

from training.plots.canvas import Figure
from training.plots.importance import feature_importance
from training.plots.learning_curve import learning_curve
from training.plots.popularity import popularity_against_catalogue
from training.plots.recorded import events_by_month
from training.plots.segments import recall_by_segment

__all__ = [
    "Figure",
    "events_by_month",
    "feature_importance",
    "learning_curve",
    "popularity_against_catalogue",
    "recall_by_segment",
]
