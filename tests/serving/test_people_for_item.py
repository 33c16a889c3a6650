"""People for an item: the likeliest first, and nobody who cannot or may not be written to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InvalidInput, UnknownItem
from features.events import EventType
from features.ids import IdMap
from serving.people_for_item import answer_audience
from serving.placements import Placements
from serving.road import Road
from serving.schemas import AudienceAnswer, AudienceRequest
from tests.serving.living import Living, living
from tests.shops import some_bundle
from training.bundle import Bundle

BUY = EventType.PURCHASE.code
PLACEMENTS = Placements.load()
N_USERS = 40


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """Plant a shop in which every tenth user is a visitor without an account."""
    bundle = some_bundle(3, n_users=N_USERS, n_items=30)
    names = [f"user-{row:03d}" if row % 10 else f"anonymous:{row}" for row in range(N_USERS)]
    return replace(bundle, users=IdMap.of(names))


@pytest.fixture(scope="module")
def road(bundle: Bundle) -> Road:
    return Road(bundle, PLACEMENTS)


def _audience(
    road: Road, stated: Mapping[str, bool] | None = None, **request: object
) -> AudienceAnswer:
    """Answer as the wire gives it; some users have given or withdrawn their consent since."""

    def consents(user_ids: Sequence[str]) -> dict[str, bool]:
        return {one: given for one, given in (stated or {}).items() if one in user_ids}

    asked = AudienceRequest.model_validate(request)
    told = answer_audience(road, asked, consents=consents)
    return AudienceAnswer.model_validate_json(orjson.dumps(told))


def _named(answer: AudienceAnswer) -> list[str]:
    return [one.user_id for one in answer.users]


def _buyers(bundle: Bundle, item_row: int) -> set[str]:
    histories = bundle.histories
    bought = (histories.item_rows == item_row) & (histories.event_types == BUY)
    return set(bundle.users.ids(np.unique(histories.person_of_entry[bought])))


def test_the_likeliest_come_first(road: Road) -> None:
    answer = _audience(road, item_id="item-020", num_results=10)

    bundle = road.bundle
    model = bundle.recommender.model
    affinity = bundle.user_vectors @ model.item_vectors[20]
    scores = [one.score for one in answer.users]
    assert scores == sorted(scores, reverse=True)
    assert scores == pytest.approx(affinity[bundle.users.rows(_named(answer))].tolist())
    # Nobody who may be named is likelier than the last of them.
    others = set(bundle.users.ids(np.flatnonzero(affinity > scores[-1]))) - set(_named(answer))
    assert all(one in _buyers(bundle, 20) or one.startswith("anonymous:") for one in others)


def test_those_who_want_that_half_of_the_shop_want_its_items(road: Road) -> None:
    left, right = (_named(_audience(road, item_id=one)) for one in ("item-003", "item-025"))

    odd = [sum(int(one[-1]) % 2 for one in some[:8]) for some in (left, right)]
    assert odd[0] < 4 < odd[1]


def test_whoever_has_bought_it_is_left_out_unless_asked_for(road: Road) -> None:
    counts = [len(_buyers(road.bundle, row)) for row in range(30)]
    wanted = int(np.argmax(counts))
    item_id = f"item-{wanted:03d}"

    without = _audience(road, item_id=item_id)
    with_them = _audience(road, item_id=item_id, exclude_purchased=False)

    buyers = {one for one in _buyers(road.bundle, wanted) if not one.startswith("anonymous:")}
    assert buyers
    assert not buyers & set(_named(without))
    assert set(_named(with_them)) == set(_named(without)) | buyers


def test_a_purpose_asks_for_those_who_agreed_to_it(road: Road) -> None:
    answer = _audience(road, item_id="item-020", purpose="email")

    agreed = road.bundle.people.consented("email")
    assert _named(answer)
    assert agreed[road.bundle.users.rows(_named(answer))].all()


def test_what_was_stated_since_counts_for_more_than_the_bundle(road: Road) -> None:
    asked = {"item_id": "item-020", "purpose": "email", "exclude_purchased": False}
    first = _named(_audience(road, **asked))[0]
    stated = {first: False, "user-002": True}

    after = _named(_audience(road, stated, **asked))

    assert "user-002" not in _named(_audience(road, **asked))
    assert first not in after
    assert "user-002" in after


@settings(max_examples=60)
@given(
    st.integers(0, 29),
    st.sampled_from([1, 7, 1000]),
    st.booleans(),
    st.sampled_from([None, "email", "push"]),
    st.dictionaries(st.sampled_from([f"user-{n:03d}" for n in range(1, 9)]), st.booleans()),
)
def test_a_shortfall_accounts_for_everybody(
    road: Road,
    item_row: int,
    num_results: int,
    exclude_purchased: bool,
    purpose: str | None,
    stated: dict[str, bool],
) -> None:
    bundle = road.bundle
    answer = _audience(
        road,
        stated,
        item_id=f"item-{item_row:03d}",
        num_results=num_results,
        exclude_purchased=exclude_purchased,
        purpose=purpose,
    )

    silent = bundle.histories.lengths == 0
    agreed = bundle.people.consented(purpose or "email")
    wanted = {
        user_id
        for row, user_id in enumerate(bundle.users.ids(np.arange(N_USERS)))
        if not user_id.startswith("anonymous:")
        and not silent[row]
        and not (exclude_purchased and user_id in _buyers(bundle, item_row))
        and (purpose is None or stated.get(user_id, agreed[row]))
    }
    assert set(_named(answer)) <= wanted
    assert answer.returned == len(answer.users) == min(num_results, len(wanted))
    if answer.returned == num_results:
        assert answer.shortfall is None
        return
    assert answer.shortfall is not None
    assert answer.returned + sum(answer.shortfall.values()) == N_USERS
    assert all(count >= 0 for count in answer.shortfall.values())


def test_an_unknown_item_is_an_error(road: Road) -> None:
    with pytest.raises(UnknownItem, match="'gone'"):
        _audience(road, item_id="gone")


def test_what_is_popular_with_everybody_has_no_audience() -> None:
    road = Road(some_bundle(3, with_model=False), PLACEMENTS)

    with pytest.raises(InvalidInput, match="only what is popular"):
        _audience(road, item_id="item-003")


@pytest.fixture
def shop(tmp_path: Path, bundle: Bundle) -> Iterator[Living]:
    with living(tmp_path, bundle) as opened:
        yield opened


def test_a_withdrawn_consent_is_obeyed_at_once(shop: Living) -> None:
    asked = {"item_id": "item-020", "purpose": "email", "num_results": 3}
    before = [one["user_id"] for one in shop.told("/v1/audience", asked)["users"]]

    shop.agrees(before[0], "email", granted=False)
    after = [one["user_id"] for one in shop.told("/v1/audience", asked)["users"]]

    assert before[0] not in after
    assert after[:2] == before[1:]


def test_a_new_item_has_an_audience_by_its_kind(shop: Living) -> None:
    shop.states("brand-new", title="Fresh", category="Right", price=3.0, available=True)

    users = shop.told("/v1/audience", {"item_id": "brand-new", "num_results": 8})["users"]

    # Odd users want the second half of the shop, "Right".
    assert sum(int(one["user_id"][-1]) % 2 for one in users) > 4
