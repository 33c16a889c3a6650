"""Segments: which kind of person somebody is at `as_of`."""

from features.segments.marks import segments

__all__ = ["segments"]
