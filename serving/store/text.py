"""Text: which strings and prices both databases hold as they are."""

from collections.abc import Iterable, Sequence
from math import isfinite

from features.errors import InvalidInput


def check_text(texts: Iterable[str | None]) -> None:
    r"""Refuse what one of the databases cannot hold.

    Parameters
    ----------
    texts : iterable of str or None
        What is about to be written or asked for; None is always fine.

    Raises
    ------
    InvalidInput
        There is a NUL character or half of a surrogate pair in it.

    Examples
    --------
    >>> check_text(["mug", None, "Größe 'XL'; DROP TABLE events"])
    >>> check_text(["mug", "la\0mp"])
    Traceback (most recent call last):
    features.errors.InvalidInput: a text has a NUL character; remove it
    """
    # One look at everything together: a batch of events has thousands of strings.
    together = "".join(text for text in texts if text is not None)
    if "\0" in together:
        raise InvalidInput("a text has a NUL character; remove it")
    try:
        together.encode()
    except UnicodeEncodeError:
        raise InvalidInput("a text has half of a surrogate pair; send valid Unicode") from None


def check_numbers(numbers: Sequence[float | None]) -> None:
    """Refuse a number that is infinite or none at all.

    Raises
    ------
    InvalidInput
        A number is NaN or infinite.

    Examples
    --------
    >>> check_numbers([9.5, None])
    """
    if not all(isfinite(number) for number in numbers if number is not None):
        raise InvalidInput("a number is NaN or infinite; send a finite one")
