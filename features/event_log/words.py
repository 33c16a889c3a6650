"""Words of DuckDB that Ibis lacks: a port to another engine begins with this file."""

from inspect import Parameter, Signature
from typing import Any, Final

import ibis


def _of_one(value: object) -> None:
    """Stand for a function of the engine."""


def _of_two(value: object, other: object) -> None:
    """Stand for a function of the engine."""


def _word(name: str, *takes: str | None, returns: str) -> Any:  # noqa: ANN401 -- Ibis is untyped
    stub = _of_one if len(takes) == 1 else _of_two
    return ibis.udf.scalar.builtin(stub, name=name, signature=(takes, returns))


def joined(*values: ibis.Value) -> ibis.Value:
    """Write values of any type one after the other; a null is written as nothing."""

    def concat() -> None:
        """Stand for a function of the engine."""

    # Named in full, or the compiler makes a chain of || of it: slower, and null after any null.
    places = [
        Parameter(f"value_{place}", Parameter.POSITIONAL_ONLY) for place in range(len(values))
    ]
    concat.__signature__ = Signature(places)  # type: ignore[attr-defined]  # what Ibis reads
    signature = ((None,) * len(values), "string")
    word = ibis.udf.scalar.builtin(
        concat, name="concat", database="main", catalog="system", signature=signature
    )
    return word(*values)


n_bytes: Final = _word("strlen", "string", returns="int64")
"""The length of a text in bytes of UTF-8."""

microseconds: Final = _word("epoch_us", "timestamp('UTC')", returns="int64")
"""The microseconds from the beginning of 1970 UTC to a moment."""

as_json: Final = _word("to_json", None, returns="string")
"""Any value, a whole row as a struct too, as JSON."""

parse_local: Final = _word("try_strptime", "string", "string", returns="timestamp")
"""A text read by a strptime format without an offset, or null."""

parse_with_offset: Final = _word("try_strptime", "string", "string", returns="timestamp('UTC')")
"""A text read by a strptime format with %z, or null."""

at_time_zone: Final = _word("timezone", "string", "timestamp", returns="timestamp('UTC')")
"""The moment when a clock in a time zone showed a local time."""

moment_of: Final = _word("make_timestamptz", "int64", returns="timestamp('UTC')")
"""The moment so many microseconds after the beginning of 1970 UTC."""
