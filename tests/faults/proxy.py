"""A proxy between a server and its database: it can be cut, or fall silent."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import Final

from benchmarks.processes import LOOPBACK

_PIECE: Final = 65_536


class Proxy:
    """Passes bytes between a port of its own and another of loopback.

    Parameters
    ----------
    behind : int
        The port that it stands before.
    """

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._flows = Event()
        self._flows.set()
        self._lock = Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = int(self._listener.getsockname()[1])
        self._accept_from(self._listener)

    def cut(self) -> None:
        """Close every connection, and refuse new ones."""
        with self._lock:
            for one in (self._listener, *self._open):
                _close(one)
            self._open.clear()

    def splice(self) -> None:
        """Take connections again."""
        self._listener = socket.create_server((LOOPBACK, self.port))
        self._accept_from(self._listener)

    def fall_silent(self) -> None:
        """Take connections and bytes, and pass nothing on."""
        self._flows.clear()

    def speak(self) -> None:
        """Pass on what was held up, and all that comes."""
        self._flows.set()

    def close(self) -> None:
        self._flows.set()
        self.cut()

    def _accept_from(self, listener: socket.socket) -> None:
        Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                self._join(listener.accept()[0])

    def _join(self, near: socket.socket) -> None:
        far = socket.create_connection((LOOPBACK, self._behind))
        with self._lock:
            self._open += [near, far]
        for ends in ((near, far), (far, near)):
            Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(_PIECE):
                self._flows.wait()
                sink.sendall(piece)
        _close(source)
        _close(sink)


@contextmanager
def before(port: int) -> Iterator[Proxy]:
    """Stand before a port until the block ends."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()


def _close(one: socket.socket) -> None:
    # Who waits in another thread for this socket is woken by a shutdown alone.
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
