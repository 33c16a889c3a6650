"""The data map: what a shop collects, how full it is, what that enables and what is missing."""

from features.coverage.data_map import coverage
from features.coverage.report import Coverage

__all__ = ["Coverage", "coverage"]
