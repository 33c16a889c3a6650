"""Servers to be killed: BentoML's own, or lean ones that start at once. Both are real processes.

A lean server runs the same `House` and `Front` on uvicorn, without BentoML. Its workers are forked
from a process that has imported everything already, so that a test can start fifty of them.
"""

import multiprocessing
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, Protocol

import psutil
import uvicorn

from benchmarks.processes import LOOPBACK, free_port, vitrine_serve
from serving.bodies import Message, Receive
from serving.front import Front
from serving.house import House
from serving.settings import ServerSettings
from serving.visits import Send
from tests.faults.callers import GONE, calling, eventually

_FORKS: Final = multiprocessing.get_context("forkserver")
# All that a worker would import else: pytest itself, and what Arrow and uvicorn look for.
_FORKS.set_forkserver_preload(
    [
        *("__main__", "pandas", "uvicorn.lifespan.on", "uvicorn.loops.uvloop"),
        *("uvicorn.protocols.http.httptools_impl", "uvicorn.protocols.websockets.auto"),
        "tests.faults.servers",
    ]
)
_READY_WITHIN_S: Final = 180.0
_WORKER: Final = "_bentoml_impl.worker.service"
_OTHERS: Final = {
    "VITRINE_INSECURE_DEVELOPMENT": "1",
    "VITRINE_POLL_SECONDS": "0.1",
}


class Server(Protocol):
    """A server that can be started and killed again and again."""

    log: Path

    @property
    def port(self) -> int: ...

    @property
    def is_running(self) -> bool: ...

    @property
    def workers(self) -> list[psutil.Process]: ...

    def start(self) -> None: ...

    def kill(self) -> None: ...


@dataclass(eq=False)
class LeanServer:
    """Workers without BentoML; the port stays when they are killed, and callers wait in line.

    Parameters
    ----------
    environment : mapping of str to str
        The server's settings.
    log : Path
        Where its output goes.
    n_workers : int
        Processes that share the port.
    system_user : int or None
        Whose rights the workers have; None for the test's own.
    """

    environment: Mapping[str, str]
    log: Path
    n_workers: int = 1
    system_user: int | None = None
    listener: socket.socket = field(default_factory=lambda: socket.create_server((LOOPBACK, 0)))
    processes: list[BaseProcess] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def is_running(self) -> bool:
        return any(one.is_alive() for one in self.processes)

    @property
    def workers(self) -> list[psutil.Process]:
        return [psutil.Process(one.pid) for one in self.processes]

    def start(self) -> None:
        self.log.touch()
        told = (_OTHERS | dict(self.environment), self.log, self.listener, self.system_user)
        self.processes = [_FORKS.Process(target=_work, args=told) for _ in range(self.n_workers)]
        for one in self.processes:
            one.start()

    def kill(self) -> None:
        for one in self.processes:
            one.kill()
        for one in self.processes:
            one.join()

    def limit_files(self, n_bytes: int) -> None:
        """Let no file grow beyond that size from now on, as on a disk that is full."""
        for worker in self.workers:
            worker.rlimit(psutil.RLIMIT_FSIZE, (n_bytes, resource.RLIM_INFINITY))


@dataclass(eq=False)
class FullServer:
    """`vitrine serve` with BentoML's workers.

    Parameters
    ----------
    home : Path
        The shop's.
    environment : mapping of str to str
        Further settings.
    log : Path
        Where its output goes.
    n_workers : int
        Processes that share the port.
    """

    home: Path
    environment: Mapping[str, str]
    log: Path
    n_workers: int = 1
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def workers(self) -> list[psutil.Process]:
        return [one for one in self._children() if _is_worker(one)]

    def start(self) -> None:
        command = vitrine_serve(self.home, port=self.port, workers=self.n_workers)
        environment = os.environ | _OTHERS | dict(self.environment)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)

    def kill(self) -> None:
        assert self.process is not None
        # The parent first: it would put another worker in the place of one that died.
        everybody = [psutil.Process(self.process.pid), *self._children()]
        for one in everybody:
            one.kill()
        self.process.wait()
        psutil.wait_procs(everybody)

    def _children(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return _WORKER in process.cmdline()
    return False


@contextmanager
def started(server: Server) -> Iterator[Server]:
    """Start a server, wait until it is ready, and kill it at the end."""
    server.start()
    try:
        assert is_ready(server), server.log.read_text()
        yield server
    finally:
        server.kill()


def is_ready(server: Server) -> bool:
    """Wait until a server is ready, and tell whether it is."""
    eventually(lambda: _answers(server.port) or not server.is_running, within_s=_READY_WITHIN_S)
    return _answers(server.port)


def _answers(port: int) -> bool:
    with calling(port) as caller:
        try:
            return caller.ask("GET", "/readyz").status == 200
        except GONE:
            return False


def _work(
    environment: dict[str, str], log: Path, listener: socket.socket, system_user: int | None
) -> None:
    """Be a worker of a lean server."""
    with log.open("ab") as out:
        os.dup2(out.fileno(), sys.stdout.fileno())
        os.dup2(out.fileno(), sys.stderr.fileno())
    if system_user is not None:
        os.setuid(system_user)
    os.environ.update(environment)
    house = House(ServerSettings.from_environment(os.environ))
    app: Any = Front(_Rest(house), house=house)
    options = uvicorn.Config(app, lifespan="on", log_level="warning", access_log=False)
    with closing(listener):
        uvicorn.Server(options).run(sockets=[listener])


@dataclass(frozen=True, slots=True)
class _Rest:
    """What stands behind the front in place of BentoML: the start and the end."""

    house: House

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await receive()
        await self.house.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.house.close()
        await send({"type": "lifespan.shutdown.complete"})
