"""Answers: what the endpoints give."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from serving.schemas.wire import Wire


class Reason(Wire):
    """Why an item is in a list: a history item with its share of the score, or a fact."""

    type: str
    item_id: str | None = None
    share: float | None = None
    country: str | None = None


class ListedItem(Wire):
    """One item of a list."""

    item_id: str
    score: float
    rank: int
    source: str
    due_at: date | None = None
    reasons: list[Reason] = Field(default_factory=list)
    properties: dict[str, object] = Field(default_factory=dict)


class Warned(Wire):
    """Something that the caller should know of an answer that came all the same."""

    code: str
    message: str


class ListAnswer(Wire):
    """A list, and where it is shorter than asked for, why."""

    recommendation_id: str
    placement: str | None
    scenario: str | None = None
    model_version: str
    config_version: str
    items: list[ListedItem]
    requested: int
    returned: int
    shortfall: dict[str, int] | None
    degraded: bool = False
    warnings: list[Warned] = Field(default_factory=list)


class Because(Wire):
    """What a row is about."""

    type: str
    item_id: str
    properties: dict[str, object] = Field(default_factory=dict)


class Row(ListAnswer):
    """A list about one thing that somebody did."""

    because: Because


class RowsAnswer(Wire):
    """Rows, no item in two of them; the strongest reason first."""

    rows: list[Row]
    requested: int
    returned: int
    degraded: bool = False
    warnings: list[Warned] = Field(default_factory=list)


class Member(Wire):
    """Somebody who likely wants an item."""

    user_id: str
    score: float


class AudienceAnswer(Wire):
    """People for an item, the likeliest first."""

    item_id: str
    model_version: str
    users: list[Member]
    requested: int
    returned: int
    shortfall: dict[str, int] | None


class ErrorBody(Wire):
    """What is wrong with a request."""

    code: str
    message: str
    details: list[str] = Field(default_factory=list)
    request_id: str | None = None


class ErrorAnswer(Wire):
    """The one shape of every 4xx and 5xx."""

    error: ErrorBody


class BatchAnswer(Wire):
    """One answer or one error for each request, in order."""

    answers: list[ListAnswer | ErrorAnswer]


class PickStatus(Wire):
    """One line of picks; the last line of an answer has `type` "trailer" and the counts."""

    type: Literal["picks"] = "picks"
    user_id: str
    status: Literal["ok", "fallback", "no_consent", "unknown_user"]
    items: list[ListedItem] = Field(default_factory=list)
    requested: int
    returned: int
    shortfall: dict[str, int] | None = None


class Health(Wire):
    """Whether the service is up, and what it answers from."""

    status: Literal["ok"]
    model_version: str
    as_of: datetime
    n_items: int
    n_users: int
    store: Literal["ok", "away"]
