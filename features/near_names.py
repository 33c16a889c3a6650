"""Near names: what a misspelt name may have been meant to be."""

import difflib
from collections.abc import Iterable


def near(name: str, known: Iterable[str]) -> str:
    """Suggest what a name may have been meant to be.

    Examples
    --------
    >>> near("itemid", ["item_id", "user_id"])
    '; did you mean item_id?'
    >>> near("colour", ["item_id", "user_id"])
    ''
    """
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
