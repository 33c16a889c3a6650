"""A server that falls silent: it takes what it is sent, and never answers again."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class SilentServer:
    """Passes everything on between a client and the real server, until it is told not to.

    Parameters
    ----------
    address : (str, int)
        Where the real server listens.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self.is_silent = False
        self._address = address
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open = [self._listening]
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Hang up on everybody."""
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(self._address)
            self._open += [client, server]
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                if not self.is_silent:
                    target.sendall(data)
        except OSError:
            return


@contextmanager
def silent_server(address: tuple[str, int]) -> Iterator[SilentServer]:
    """Run such a server for a while."""
    server = SilentServer(address)
    yield server
    server.close()
