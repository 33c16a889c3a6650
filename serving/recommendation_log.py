"""The recommendation log: what is kept of a list that somebody was given."""

from typing import Final

from serving.lists import Answer
from serving.store import LoggedList

SIMILAR: Final = "similar"
"""The placement of lists about an item, which have none."""


def logged(answer: Answer, person: str | None, *, at_us: int) -> LoggedList:
    """Give a list as the log keeps it.

    Parameters
    ----------
    answer : dict
        A `ListAnswer`.
    person : str or None
        The key of whom it is for.
    at_us : int
        When it was given, in microseconds since 1970 UTC.

    Returns
    -------
    LoggedList
        Its propensities are 1: for the same person at the same moment the same list would be
        made again, so that an item in it was certain to stand where it stands.
    """
    items = answer["items"]
    return LoggedList(
        recommendation_id=answer["recommendation_id"],
        person=person,
        placement=answer["placement"] or SIMILAR,
        scenario=answer["scenario"],
        model_version=answer["model_version"],
        config_version=answer["config_version"],
        at_us=at_us,
        item_ids=tuple(item["item_id"] for item in items),
        positions=tuple(item["rank"] for item in items),
        scores=tuple(item["score"] for item in items),
        propensities=(1.0,) * len(items),
    )
