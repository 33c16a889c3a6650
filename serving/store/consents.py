"""Consents: what each user allowed, by purpose."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from serving.store import tables
from serving.store.among import among
from serving.store.revisions import bump
from serving.store.upsert import put


@dataclass(frozen=True, slots=True)
class Consent:
    """One answer of one user.

    Parameters
    ----------
    user_id : str
        Whose.
    purpose : str
        For what, such as "email".
    granted : bool
        Yes or no.
    """

    user_id: str
    purpose: str
    granted: bool


def put_consents(connection: Connection, consents: Sequence[Consent], *, at_us: int) -> None:
    """Keep answers; the last one of a user for a purpose counts."""
    bump(connection, "consents")
    rows = [asdict(consent) | {"at_us": at_us} for consent in consents]
    put(connection, tables.consents, rows)


def granted(connection: Connection, user_ids: Collection[str], purpose: str) -> dict[str, bool]:
    """Give the answers of those users who gave one."""
    rows = tables.consents.c
    question = select(rows.user_id, rows.granted).where(
        among(rows.user_id, user_ids, connection), rows.purpose == purpose
    )
    return dict(connection.execute(question).all())


def every_consent(connection: Connection) -> list[Consent]:
    """Give every answer of every user, by user and purpose."""
    rows = tables.consents.c
    question = select(rows.user_id, rows.purpose, rows.granted)
    ordered = question.order_by(rows.user_id, rows.purpose)
    return [Consent(*values) for values in connection.execute(ordered)]
