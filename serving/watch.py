"""Watch: whether a file is still the one that was read."""

from pathlib import Path

_State = tuple[int, int, int] | None


class Watch:
    """Notice when any of some files is replaced, written, made or removed.

    Parameters
    ----------
    paths : Path
        The files; they need not exist.
    """

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._seen: tuple[_State, ...] | None = None

    def changed(self) -> bool:
        """Tell whether anything has changed since this was last asked; at first it has."""
        before, self._seen = self._seen, tuple(_state(path) for path in self._paths)
        return self._seen != before


def _state(path: Path) -> _State:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return facts.st_ino, facts.st_mtime_ns, facts.st_size
