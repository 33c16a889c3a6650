"""Vitrine with the endpoints left to BentoML, to measure what answering in front saves."""

from serving.front import Front
from serving.service import Vitrine, house

Vitrine.middlewares[:] = [(Front, {"house": house, "answered": frozenset()})]  # type: ignore[attr-defined]  # a bentoml.Service
