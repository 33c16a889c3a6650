"""Consents: what the user table says once users have given or taken back theirs."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from features.ids import IdMap
from features.restated import lengthened, restated

Answers = Mapping[str, Mapping[str, bool]]
"""What users answered, by user id and purpose: True where they agree."""


def answered(users: pa.Table, answers: Answers) -> pa.Table:
    """Add the purposes that users agreed to, and take away those that they do no longer.

    Parameters
    ----------
    users : pyarrow.Table
        With the columns of `USER_SCHEMA`, a row for each user.
    answers : mapping of str to mapping of str to bool
        What they answered; a user whom the table lacks is added.

    Returns
    -------
    pyarrow.Table
        The same table where nothing differs.

    Examples
    --------
    >>> from features.catalog import USER_SCHEMA
    >>> nobody = USER_SCHEMA.empty_table()
    >>> some = answered(nobody, {"anna": {"email": True}, "bob": {"email": False}})
    >>> some["consent"].to_pylist()
    [['email'], []]
    """
    known = IdMap.of(users["user_id"].to_pylist())
    rows = known.add_ids(answers).rows([*answers])
    new = [user_id for user_id, row in zip(answers, rows, strict=True) if row >= len(known)]
    table = lengthened(users, new, {}) if new else users
    before = table["consent"].take(pa.array(rows)).to_pylist()
    after = [_agreed(said, answers[user_id]) for said, user_id in zip(before, answers, strict=True)]
    differs = [place for place, said in enumerate(before) if said != after[place]]
    if not differs:
        return users
    column = table["consent"]
    values = pa.array([after[place] for place in differs], column.type)
    place = table.schema.get_field_index("consent")
    changed = restated(column, rows[np.array(differs)], values)
    return table.set_column(place, table.schema.field(place), changed)


def _agreed(said: list[str] | None, answers: Mapping[str, bool]) -> list[str]:
    kept = [purpose for purpose in said or () if answers.get(purpose, True)]
    return kept + sorted(
        purpose for purpose, agrees in answers.items() if agrees and purpose not in kept
    )
