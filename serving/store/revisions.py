"""Revisions: one number for each kind of thing, which grows whenever something of it changes."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, case, select

from serving.store import tables
from serving.store.database import Database, Question

Kind = Literal["items", "identities", "consents", "keys", "sync"]


@dataclass(frozen=True, slots=True)
class Revisions:
    """What to compare with what one saw last: a number that differs means something is new.

    Parameters
    ----------
    items, identities, consents, keys : int
        How often something of the kind was changed.
    sync : int
        The number of the last batch that `Store.next_batch` gave.
    """

    items: int
    identities: int
    consents: int
    keys: int
    sync: int


class ReadRevisions:
    """The question for all revisions, prepared.

    Parameters
    ----------
    database : Database
        Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        numbers = select(tables.revisions.c.name, tables.revisions.c.number)
        self._question: Question = (database.prepare(numbers), {})

    def __call__(self) -> Revisions:
        """Give the revisions of now."""
        ((*numbers,),) = self._database.ask([self._question])
        return Revisions(**dict(numbers))


def bump(connection: Connection, kind: Kind, *, above: int = 0) -> int:
    """Count a change, within the change; until it ends, others who change the kind wait.

    Parameters
    ----------
    connection : Connection
        Within the change.
    kind : str
        What is changed.
    above : int
        The new number is greater than this, too.

    Returns
    -------
    int
        The new number.
    """
    mine = tables.revisions.c.name == kind
    number = tables.revisions.c.number
    following = case((number < above, above), else_=number) + 1
    statement = tables.revisions.update().where(mine).values(number=following).returning(number)
    counted: int = connection.execute(statement).scalar_one()
    return counted
