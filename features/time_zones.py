"""Time zones: which clock an IANA name means, and which name was meant by one that is none."""

from difflib import get_close_matches
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from features.errors import InvalidInput


@lru_cache(maxsize=1024)
def time_zone(timezone: str) -> ZoneInfo:
    """Find a time zone.

    Parameters
    ----------
    timezone : str
        IANA name, such as "Europe/London".

    Raises
    ------
    InvalidInput
        There is none of this name; names like it are in the message.
    """
    if timezone in _zones():
        return ZoneInfo(timezone)
    near = get_close_matches(timezone, _zones(), n=3, cutoff=0.6)
    meant = f"did you mean {', '.join(near)}?" if near else "such as Europe/London"
    raise InvalidInput(f"there is no time zone {timezone!r}; give an IANA name: {meant}")


@cache
def _zones() -> dict[str, None]:
    """Name every time zone there is, sorted."""
    names = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return dict.fromkeys(sorted(names))
