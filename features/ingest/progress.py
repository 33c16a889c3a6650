"""How far a long step is: a bar on a terminal, plain lines in a pipe."""

import sys
from types import TracebackType
from typing import Self

from tqdm import tqdm


class ProgressLine:
    """Shows an ingest's steps on the standard error stream.

    Examples
    --------
    >>> with ProgressLine() as progress:
    ...     progress("reading events.csv", 0, 2)
    """

    def __init__(self) -> None:
        self._bar = tqdm(disable=not sys.stderr.isatty(), leave=False, unit="step")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show the step that begins now."""
        if self._bar.disable:
            print(f"{done}/{total} {step}", file=sys.stderr, flush=True)
            return
        self._bar.total = total
        self._bar.set_description(step, refresh=False)
        self._bar.update(done - self._bar.n)
        self._bar.refresh()
