"""How far a long job is: a bar on a terminal, plain lines in a pipe."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def progress_of_users(n_users: int) -> Iterator[Callable[[int], None]]:
    """Show on the standard error stream how many users are done.

    Parameters
    ----------
    n_users : int
        How many there are.

    Yields
    ------
    function of int
        To be told how many are done.

    Examples
    --------
    >>> with progress_of_users(2) as progress:
    ...     progress(1)
    """
    with tqdm(total=n_users, disable=not sys.stderr.isatty(), unit=" users") as bar:

        def show(done: int) -> None:
            if bar.disable:
                print(f"{done:,} of {n_users:,} users", file=sys.stderr, flush=True)
            bar.update(done - bar.n)

        yield show
