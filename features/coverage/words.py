"""How numbers of the data map are written for people."""

from datetime import datetime


def percent(share: float) -> str:
    """Write a share so that nearly all is not all and next to nothing is not nothing.

    Examples
    --------
    >>> [percent(one) for one in (0.0, 0.0004, 0.5, 0.9996, 1.0)]
    ['0 %', '<0.1 %', '50 %', '>99.9 %', '100 %']
    >>> percent(0.034), percent(0.996)
    ('3.4 %', '99.6 %')
    """
    value = 100 * share
    if 0 < value < 0.1:  # noqa: PLR2004 -- as the text says
        return "<0.1 %"
    if 99.9 < value < 100:  # noqa: PLR2004
        return ">99.9 %"
    near_an_end = 0 < value < 10 or 90 < value < 100  # noqa: PLR2004
    return f"{value:.{int(near_an_end)}f} %"


def day(moment: datetime | None) -> str:
    """Write a day; `never` where there is none."""
    return "never" if moment is None else f"{moment:%Y-%m-%d}"
