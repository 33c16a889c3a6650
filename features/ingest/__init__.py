"""Ingest: a shop's files into its lake."""

from features.ingest.mapping import Mapping
from features.ingest.report import IngestReport
from features.ingest.run import ingest

__all__ = ["IngestReport", "Mapping", "ingest"]
