"""When a row says that it happened, as a moment in UTC, and what can be wrong with it."""

from datetime import UTC, datetime, timedelta
from typing import Final

import ibis

from features.event_log.words import at_time_zone, moment_of, parse_local, parse_with_offset
from features.ingest.fields import Fault, Parsed, UnfitTypeError, is_stated
from features.ingest.mapping import UNIX_UNITS, TableMapping
from features.reasons import FUTURE_TOLERANCE_MINUTES, Reason

_LOCAL: Final = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?$"
_WITH_OFFSET: Final = (
    r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)$"
)
_LAST_MICROSECOND: Final = 253_402_300_799_999_999  # of the year 9999
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment(column: ibis.Value, mapping: TableMapping) -> Parsed:
    """Read a time that may be missing.

    Parameters
    ----------
    column : ibis.Value
        Moments, local times, dates, numbers since 1970, or texts.
    mapping : TableMapping
        Says the format, and the time zone of times without an offset.
    """
    parsed = _parse(column, mapping)
    unread = Fault(is_stated(column) & parsed.value.isnull(), Reason.INVALID_TIME)
    return Parsed(parsed.value, (*parsed.faults, unread))


def event_time(column: ibis.Value, mapping: TableMapping, *, now: datetime) -> Parsed:
    """Read a time that has to be there, after 1970 and not in the future."""
    parsed = moment(column, mapping)
    latest = now.astimezone(UTC) + timedelta(minutes=FUTURE_TOLERANCE_MINUTES)
    is_early = parsed.value < ibis.literal(_BEGINNING)
    early_or_late = ibis.ifelse(is_early, Reason.TIME_BEFORE_1970.value, Reason.FUTURE_TIME.value)
    is_possible = parsed.value.between(ibis.literal(_BEGINNING), ibis.literal(latest))
    return Parsed(
        parsed.value,
        (
            *parsed.faults,
            Fault(parsed.value.isnull(), Reason.MISSING_TIME),
            Fault(~is_possible, early_or_late),
        ),
    )


def _parse(column: ibis.Value, mapping: TableMapping) -> Parsed:
    dtype = column.type()
    unit = UNIX_UNITS.get(mapping.timestamp_format or "")
    if dtype.is_timestamp() and dtype.timezone is not None:
        return Parsed(column)
    if dtype.is_timestamp() or dtype.is_date():
        return Parsed(_in_zone(column.cast("timestamp"), mapping))
    if unit and (dtype.is_numeric() or dtype.is_string()):
        micros = column.try_cast("float64") * unit
        is_plausible = micros.between(0, _LAST_MICROSECOND)
        return Parsed(moment_of(ibis.ifelse(is_plausible, micros, None).cast("int64")))
    if dtype.is_string():
        return _formatted(column, mapping) if mapping.timestamp_format else _iso(column, mapping)
    raise UnfitTypeError('times or texts, or numbers with timestamp_format = "unix_s" or "unix_ms"')


def _iso(column: ibis.Value, mapping: TableMapping) -> Parsed:
    is_aware = column.re_search(_WITH_OFFSET)
    is_local = column.re_search(_LOCAL)
    aware = ibis.ifelse(is_aware, column, None).try_cast("timestamp('UTC')")
    if mapping.assume_timezone is None:
        return Parsed(aware, (Fault(is_local, Reason.TIME_WITHOUT_OFFSET),))
    local = ibis.ifelse(is_local, column, None).try_cast("timestamp")
    return Parsed(aware.coalesce(_in_zone(local, mapping)))


def _formatted(column: ibis.Value, mapping: TableMapping) -> Parsed:
    stated = str(mapping.timestamp_format)
    if "%z" in stated:
        return Parsed(parse_with_offset(column, stated))
    return Parsed(_in_zone(parse_local(column, stated), mapping))


def _in_zone(local: ibis.Value, mapping: TableMapping) -> ibis.Value:
    if mapping.assume_timezone is None:
        raise UnfitTypeError('times with an offset, or assume_timezone = "Europe/London" (yours)')
    return at_time_zone(mapping.assume_timezone, local)
