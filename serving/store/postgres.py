"""PostgreSQL: connections that keep what they say they keep, and that give up in time."""

from typing import Any

import psycopg
from psycopg.abc import RV, PQGen


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


def connect(stated: dict[str, Any], *, longest_wait_s: float) -> Connection:
    """Open a connection.

    Parameters
    ----------
    stated : dict
        What the address says; it wins over what is set here.
    longest_wait_s : float
        How long a question or a change may take, a lock's wait included.
    """
    longest_ms = round(1_000 * longest_wait_s)
    options = (
        f"-c statement_timeout={longest_ms}"
        # A process that was stopped in the middle must not keep its locks for ever.
        f" -c idle_in_transaction_session_timeout={5 * longest_ms}"
        f" -c synchronous_commit=on {stated.get('options', '')}"
    )
    limits = {"connect_timeout": max(round(longest_wait_s), 1), "tcp_user_timeout": longest_ms}
    connection = Connection.connect(**{**limits, **stated, "options": options})
    # The server's own limit is reached first and names the reason.
    connection.longest_wait_s = 1.25 * longest_wait_s
    return connection
