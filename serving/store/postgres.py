"""PostgreSQL: connections that keep what they say they keep, and that give up in time."""

from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.abc import RV, PQGen

# A request's questions each walk along one index. The planner must neither think about them anew
# each time, which takes longer than the answer, nor gather a person's million events and sort
# them, which is quick for everybody else.
_FOR_REQUESTS: Final = (
    " -c plan_cache_mode=force_generic_plan -c jit=off"
    " -c enable_bitmapscan=off -c enable_seqscan=off"
)


class Connection(psycopg.Connection[Any]):
    """A connection that does not wait for ever; a stopped server takes what it is sent, mutely."""

    longest_wait_s: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for the server's answer."""
        try:
            return super().wait(gen, interval, timeout or self.longest_wait_s)
        except psycopg.OperationalError:
            # Whatever it was, nobody knows any more what this connection would say next.
            self.pgconn.finish()
            raise


@dataclass(frozen=True, slots=True)
class Door:
    """How connections are opened.

    Parameters
    ----------
    longest_wait_s : float
        How long a question or a change may take, a lock's wait included.
    for_requests : bool
        Whether only the questions of requests are asked, which are prepared.
    """

    longest_wait_s: float
    for_requests: bool = False

    def connect(
        self, _dialect: object, _record: object, _places: object, stated: dict[str, Any]
    ) -> Connection:
        """Open a connection, for SQLAlchemy's event `do_connect`; what the address says wins."""
        longest_ms = round(1_000 * self.longest_wait_s)
        options = (
            f"-c statement_timeout={longest_ms}"
            # A process that was stopped in the middle must not keep its locks for ever.
            f" -c idle_in_transaction_session_timeout={5 * longest_ms} -c synchronous_commit=on"
            f"{_FOR_REQUESTS if self.for_requests else ''} {stated.get('options', '')}"
        )
        limits = {
            "connect_timeout": max(round(self.longest_wait_s), 1),
            "tcp_user_timeout": longest_ms,
        }
        connection = Connection.connect(**{**limits, **stated, "options": options})
        if self.for_requests:
            connection.prepare_threshold = 0
        # The server's own limit is reached first and names the reason.
        connection.longest_wait_s = 1.25 * self.longest_wait_s
        return connection
