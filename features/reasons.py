"""Why a row was rejected, in a code for programs and a sentence for people."""

from enum import StrEnum
from typing import Final

from features.events import ANONYMOUS_PREFIX, EventType

MAX_LINE_BYTES: Final = 131_072
"""The longest line, or record of several lines, that is read."""

MAX_ID_BYTES: Final = 256
"""The longest id, country or device."""

MAX_TEXT_BYTES: Final = 65_536
"""The longest title, category, brand or address."""

MAX_PRICE: Final = 1e12
"""The highest price that is believed."""

MAX_QUANTITY: Final = 2**31 - 1
"""The highest quantity that the log can hold."""

FUTURE_TOLERANCE_MINUTES: Final = 10
"""How far a shop's clock may be ahead of ours."""


class Reason(StrEnum):
    """Why a row was rejected; a row with several faults is counted under the first of them."""

    NOT_UTF8 = "not_utf8"
    LINE_TOO_LONG = "line_too_long"
    BROKEN_QUOTE = "broken_quote"
    CARRIAGE_RETURN = "carriage_return"
    WRONG_NUMBER_OF_FIELDS = "wrong_number_of_fields"
    INVALID_JSON = "invalid_json"
    MISSING_ID = "missing_id"
    WRONG_TYPE = "wrong_type"
    CONTROL_CHARACTERS = "control_characters"
    TOO_LONG = "too_long"
    RESERVED_ID = "reserved_id"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    MISSING_TIME = "missing_time"
    TIME_WITHOUT_OFFSET = "time_without_offset"
    INVALID_TIME = "invalid_time"
    TIME_BEFORE_1970 = "time_before_1970"
    FUTURE_TIME = "future_time"
    INVALID_PRICE = "invalid_price"
    NON_FINITE_PRICE = "non_finite_price"
    NEGATIVE_PRICE = "negative_price"
    IMPLAUSIBLE_PRICE = "implausible_price"
    INVALID_QUANTITY = "invalid_quantity"
    QUANTITY_NOT_POSITIVE = "quantity_not_positive"
    INVALID_FLAG = "invalid_flag"

    @property
    def message(self) -> str:
        """What was wrong and what to do about it, in a sentence."""
        return _MESSAGES[self]


_TYPES: Final = ", ".join(EventType)
_MESSAGES: Final = {
    Reason.NOT_UTF8: (
        "the line is not UTF-8; export as UTF-8, or convert the file, as with"
        " iconv -f latin1 -t utf-8"
    ),
    Reason.LINE_TOO_LONG: f"the line is longer than {MAX_LINE_BYTES:,} bytes",
    Reason.BROKEN_QUOTE: (
        'a quoted field does not end where it should; a quote inside quotes is written twice: ""'
    ),
    Reason.CARRIAGE_RETURN: "a carriage return stands in the line without a line feed",
    Reason.WRONG_NUMBER_OF_FIELDS: "the line has more or fewer fields than the header",
    Reason.INVALID_JSON: "the line is not one JSON object",
    Reason.MISSING_ID: "item_id (of a user, user_id) is empty",
    Reason.WRONG_TYPE: "an id is neither a text nor a whole number, or a text is a list",
    Reason.CONTROL_CHARACTERS: "an id holds control characters, such as a line break or NUL",
    Reason.TOO_LONG: (
        f"an id, country or device is longer than {MAX_ID_BYTES} bytes,"
        f" or another text than {MAX_TEXT_BYTES:,}"
    ),
    Reason.RESERVED_ID: (
        f"user_id begins with {ANONYMOUS_PREFIX!r}, which is kept for people without one;"
        " give such ids as anonymous_id"
    ),
    Reason.UNKNOWN_EVENT_TYPE: (
        f"event_type is not one of {_TYPES}; name it in the mapping under [events.event_types],"
        " or in ignore_types to leave it out"
    ),
    Reason.MISSING_TIME: "the time is empty",
    Reason.TIME_WITHOUT_OFFSET: (
        "the time does not say its offset from UTC; export it like 2011-12-09T12:50:00+00:00,"
        ' or set assume_timezone = "Europe/London" (your zone) in the mapping'
    ),
    Reason.INVALID_TIME: (
        "the time cannot be read; export it like 2011-12-09T12:50:00+00:00,"
        " or set timestamp_format in the mapping"
    ),
    Reason.TIME_BEFORE_1970: "the time is before 1970, which stands for a missing one",
    Reason.FUTURE_TIME: (
        f"the time is more than {FUTURE_TOLERANCE_MINUTES} minutes in the future;"
        " check its time zone"
    ),
    Reason.INVALID_PRICE: "the price is not a number, such as 12.50",
    Reason.NON_FINITE_PRICE: "the price is not a finite number",
    Reason.NEGATIVE_PRICE: "the price is negative",
    Reason.IMPLAUSIBLE_PRICE: f"the price is higher than {MAX_PRICE:.0e}",
    Reason.INVALID_QUANTITY: f"the quantity is not a whole number up to {MAX_QUANTITY:,}",
    Reason.QUANTITY_NOT_POSITIVE: (
        "the quantity is zero, or negative in an event that is not a return"
    ),
    Reason.INVALID_FLAG: "available and hidden are true or false",
}
