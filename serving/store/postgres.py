"""PostgreSQL: connections that keep what they say they keep, and that give up in time."""

import select
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, NullPool, create_engine, event, exc
from sqlalchemy.engine import URL

from serving.store.engines import Engines

_PATIENCE_S: Final = 300.0
# A server has a hundred connections, for all the processes of a service.
_POOL: Final = {"pool_size": 4, "max_overflow": 4}
# A request's questions each walk along one index. The planner must neither think about them anew
# each time, which takes longer than the answer, nor gather a person's million events and sort
# them, which is quick for everybody else.
_FOR_REQUESTS: Final = (
    "-c plan_cache_mode=force_generic_plan -c jit=off"
    " -c enable_bitmapscan=off -c enable_seqscan=off -c enable_sort=off"
)


def open_engines(url: URL, *, longest_wait_s: float) -> Engines:
    """Open a database.

    Parameters
    ----------
    url : URL
        Where it is; `options` in it may name a schema.
    longest_wait_s : float
        How long a question or a change may take, a lock's wait included.
    """
    # Without a transaction there is nothing to roll back when a connection comes home.
    asking = _engine(
        url,
        _Door(longest_wait_s, options=_FOR_REQUESTS),
        pool_timeout=longest_wait_s,
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        **_POOL,
    )
    writing = _engine(url, _Door(longest_wait_s), pool_timeout=longest_wait_s, **_POOL)
    patient = _engine(url, _Door(max(longest_wait_s, _PATIENCE_S)), poolclass=NullPool)
    return Engines(asking=asking, reading=writing, patient=patient, writing=writing)


class _Connection(psycopg.Connection[Any]):
    """A connection that does not wait for ever; a stopped server takes what it is sent, mutely."""

    longest_wait_s: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        try:
            return super().wait(gen, interval, timeout or self.longest_wait_s)
        except psycopg.OperationalError as error:
            # Nobody knows any more what this connection would say next.
            is_waiting = self.pgconn.transaction_status == TransactionStatus.ACTIVE
            self.pgconn.finish()
            raise (psycopg.errors.QueryCanceled if is_waiting else type(error))() from None


@dataclass(frozen=True, slots=True)
class _Door:
    """How connections are opened, as SQLAlchemy's events have it."""

    longest_wait_s: float
    options: str = ""

    def do_connect(
        self, _dialect: object, _record: object, _places: object, stated: dict[str, Any]
    ) -> _Connection:
        longest_ms = round(1_000 * self.longest_wait_s)
        limits = {
            "connect_timeout": min(max(round(self.longest_wait_s), 1), 5),
            "tcp_user_timeout": longest_ms,
        }
        options = (
            f"-c statement_timeout={longest_ms}"
            # A process that was stopped in the middle must not keep its locks for ever.
            f" -c idle_in_transaction_session_timeout={5 * longest_ms}"
            # What the address says comes last and wins.
            f" -c synchronous_commit=on {self.options} {stated.get('options', '')}"
        )
        connection = _Connection.connect(**{**limits, **stated, "options": options})
        # The server's own limit is reached first and names the reason.
        connection.longest_wait_s = 1.25 * self.longest_wait_s
        return connection

    @staticmethod
    def checkout(connection: _Connection, _record: object, _proxy: object) -> None:
        # Nobody was asked anything, so what there is to read is a farewell: the server was
        # restarted while the connection was idle.
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        if poll.poll(0):
            raise exc.DisconnectionError


def _engine(url: URL, door: _Door, **options: Any) -> Engine:  # noqa: ANN401 -- SQLAlchemy's own
    engine = create_engine(url, hide_parameters=True, use_native_hstore=False, **options)
    event.listen(engine, "do_connect", door.do_connect)
    event.listen(engine, "checkout", door.checkout)
    return engine
