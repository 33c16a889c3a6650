"""Server processes: start a real one, wait until it is ready, end it."""

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import psutil

LOOPBACK: Final = "127.0.0.1"
_READY_WITHIN_S: Final = 120.0
_END_WITHIN_S: Final = 20.0
_LOOK_EVERY_S: Final = 0.05
_WORKER: Final = "_bentoml_impl.worker.service"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs.

    Parameters
    ----------
    process : subprocess.Popen
        The process that was started.
    port : int
        Where it listens on loopback.
    log : Path
        Everything that it has written.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that answer: BentoML's children, or the server itself."""
        server = psutil.Process(self.process.pid)
        children = [one for one in server.children(recursive=True) if _WORKER in one.cmdline()]
        return children or [server]


def free_port() -> int:
    """Find a port on loopback that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], *, port: int, log: Path, environment: Mapping[str, str]
) -> Iterator[Server]:
    """Run a server until the block ends.

    Parameters
    ----------
    command : sequence of str
        What to start; it must listen on `port` of loopback and answer GET /readyz.
    port : int
        Where.
    log : Path
        Where its output goes.
    environment : mapping of str to str
        Added to this process's own.
    """
    with log.open("wb") as out:
        process = subprocess.Popen(
            list(command), stdout=out, stderr=out, env={**os.environ, **environment}
        )
    try:
        _wait_until_ready(process, port, log)
        yield Server(process, port, log)
    finally:
        process.terminate()
        try:
            process.wait(_END_WITHIN_S)
        finally:
            process.kill()
            process.wait()


def vitrine_serve(home: Path, *, port: int, workers: int) -> list[str]:
    """Give the command that serves a home folder."""
    options = ["--home", str(home), "--port", str(port), "--workers", str(workers)]
    return [sys.executable, "-m", "vitrine", "serve", *options]


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = monotonic() + _READY_WITHIN_S
    while monotonic() < deadline and process.poll() is None:
        if _is_ready(port):
            return
        sleep(_LOOK_EVERY_S)
    raise RuntimeError(f"the server did not get ready; it wrote:\n{log.read_text()}")


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    with closing(connection):
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
