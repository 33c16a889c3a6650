"""Requests: what the endpoints that make lists take."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from features.events import person_key
from features.kinds import Kind
from serving.schemas.wire import Id, Ids, PlacementName, Wire

NumResults = Annotated[int, Field(ge=1, le=500)]
FilterText = Annotated[str, Field(min_length=1, max_length=4096)]
Number = Annotated[float, Field(allow_inf_nan=False)]
FilterValue = bool | int | Number | Annotated[str, Field(max_length=1024)] | None
FilterParams = Annotated[
    dict[str, FilterValue | Annotated[list[FilterValue], Field(max_length=1000)]],
    Field(max_length=64),
]

# Beyond, no calendar can tell what the time is elsewhere.
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]


class Context(Wire):
    """The situation that a list is made for."""

    timestamp: Moment | None = None
    country: Annotated[str, Field(max_length=64)] | None = None
    timezone: Annotated[str, Field(max_length=64)] | None = None
    device: Annotated[str, Field(max_length=512)] | None = None


class Filtered(Wire):
    """A request that may narrow what is in question by a predicate over the catalogue."""

    filter: FilterText | None = None
    filter_params: FilterParams = Field(default_factory=dict)

    @model_validator(mode="after")
    def _no_parameters_without_a_filter(self) -> Self:
        if self.filter_params and self.filter is None:
            raise ValueError("filter_params belong to a filter; give one, or leave them out")
        return self


class AboutPerson(Filtered):
    """A request about somebody: a user, an anonymous visitor, or whoever looks at these items."""

    user_id: Id | None = None
    anonymous_id: Id | None = None
    session_items: Ids = Field(default_factory=list)
    num_results: NumResults = 10
    exclude_items: Ids = Field(default_factory=list)
    context: Context = Field(default_factory=Context)

    @model_validator(mode="after")
    def _one_person(self) -> Self:
        if self.user_id is not None and self.anonymous_id is not None:
            raise ValueError("give user_id or anonymous_id, not both")
        return self

    @property
    def person(self) -> str | None:
        """The person's key among the bundle's users; None where nobody is named."""
        return person_key(self.user_id, self.anonymous_id)


class RecommendRequest(AboutPerson):
    """A list for one person; with `candidates` these items, put in order."""

    placement: PlacementName = "home"
    candidates: Ids | None = None
    exclude_purchased: bool | None = None
    mode: Literal["fill", "strict"] | None = None
    explain: bool = False


class RowsRequest(AboutPerson):
    """Several rows for one person, each about one thing that they looked at or bought lately."""

    placement: PlacementName = "because_you_viewed"
    num_rows: Annotated[int, Field(ge=1, le=20)] = 3


class AudienceRequest(Wire):
    """People for an item: those who most likely want it."""

    item_id: Id
    num_results: Annotated[int, Field(ge=1, le=100_000)] = 100
    purpose: Annotated[str, Field(max_length=64)] | None = None
    exclude_purchased: bool = True


class SimilarRequest(Filtered):
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

    placement: PlacementName
    user_ids: Annotated[list[Id], Field(min_length=1, max_length=100_000)]
    num_results: NumResults = 10
