"""The wire: what the endpoints take and give."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from features.kinds import Kind

Id = Annotated[str, Field(min_length=1, max_length=256)]
Ids = Annotated[list[Id], Field(max_length=1000)]
NumResults = Annotated[int, Field(ge=1, le=500)]


class Wire(BaseModel):
    """What every request keeps to: unknown keys are errors."""

    model_config: ClassVar = ConfigDict(extra="forbid", frozen=True)


class Context(Wire):
    """The situation that a list is made for."""

    timestamp: AwareDatetime | None = None
    country: Annotated[str, Field(max_length=64)] | None = None
    timezone: Annotated[str, Field(max_length=64)] | None = None
    device: Annotated[str, Field(max_length=64)] | None = None


class RecommendRequest(Wire):
    """A list for one person: a user, an anonymous visitor, or somebody with these items only."""

    user_id: Id | None = None
    anonymous_id: Id | None = None
    session_items: Ids = Field(default_factory=list)
    placement: Annotated[str, Field(max_length=64)] = "home"
    num_results: NumResults = 10
    exclude_items: Ids = Field(default_factory=list)
    exclude_purchased: bool | None = None
    context: Context = Field(default_factory=Context)
    explain: bool = False

    @model_validator(mode="after")
    def _one_person(self) -> Self:
        if self.user_id is not None and self.anonymous_id is not None:
            raise ValueError("give user_id or anonymous_id, not both")
        return self


class SimilarRequest(Wire):
    """A list for one or several items: of any kind, wanted instead of them, or as well."""

    item_id: Id | None = None
    item_ids: Ids = Field(default_factory=list)
    kind: Kind = "any"
    num_results: NumResults = 10
    exclude_items: Ids = Field(default_factory=list)

    @model_validator(mode="after")
    def _some_item(self) -> Self:
        if (self.item_id is None) == (not self.item_ids):
            raise ValueError("give item_id or item_ids, one of the two")
        return self

    @property
    def seeds(self) -> list[str]:
        """The items that the list is about."""
        return self.item_ids if self.item_id is None else [self.item_id]


class BatchRequest(Wire):
    """Several lists in one call; with `distinct` no item stands in two of them."""

    requests: Annotated[list[RecommendRequest], Field(min_length=1, max_length=100)]
    distinct: bool = False


class PicksRequest(Wire):
    """Lists for many users at once."""

    placement: Annotated[str, Field(max_length=64)]
    user_ids: Annotated[list[Id], Field(min_length=1, max_length=100_000)]
    num_results: NumResults = 10


class Reason(Wire):
    """A history item that an item is in the list for, and its share of the score."""

    type: str
    item_id: str
    share: float


class ListedItem(Wire):
    """One item of a list."""

    item_id: str
    score: float
    rank: int
    source: str
    reasons: list[Reason] = []
    properties: dict[str, object] = {}


class Warned(Wire):
    """Something that the caller should know of an answer that came all the same."""

    code: str
    message: str


class ListAnswer(Wire):
    """A list, and where it is shorter than asked for, why."""

    recommendation_id: str
    placement: str | None
    model_version: str
    items: list[ListedItem]
    requested: int
    returned: int
    shortfall: dict[str, int] | None
    warnings: list[Warned] = []


class ErrorBody(Wire):
    """What is wrong with a request."""

    code: str
    message: str
    details: list[str] = []
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
    items: list[ListedItem] = []
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
