"""The event log: every event of the shop, in Parquet, by month."""

from features.event_log.batches import AppendResult
from features.event_log.engine import connect
from features.event_log.lock import writing
from features.event_log.log import EventLog

__all__ = ["AppendResult", "EventLog", "connect", "writing"]
