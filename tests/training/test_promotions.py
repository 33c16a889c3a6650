"""The history can be replayed."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from training.promotions import Promotion, champions

NOW = datetime(2024, 6, 1, tzinfo=UTC)
NUMBERS = st.integers(min_value=1, max_value=99)


def _promote(version: int) -> Promotion:
    return Promotion("promote", version, f"bundle-{version}", NOW, "better")


def _rollback(version: int) -> Promotion:
    return Promotion("rollback", version, f"bundle-{version}", NOW, "a complaint")


@given(
    st.builds(
        Promotion,
        action=st.sampled_from(["promote", "rollback"]),
        version=NUMBERS,
        bundle_id=st.text(),
        at=st.datetimes(timezones=st.just(UTC)),
        reason=st.text(),
        forced=st.booleans(),
    )
)
def test_a_promotion_is_read_back_as_it_was(promotion: Promotion) -> None:
    assert Promotion.from_json(promotion.to_json()) == promotion


@given(st.lists(NUMBERS, min_size=2), st.data())
def test_as_many_rollbacks_as_wanted_lead_as_far_back(
    versions: list[int], data: st.DataObject
) -> None:
    n_back = data.draw(st.integers(1, len(versions) - 1))
    forward = [_promote(version) for version in versions]
    back = [_rollback(version) for version in versions[-2 : -2 - n_back : -1]]

    assert champions(forward + back) == tuple(versions[:-n_back])


def test_after_a_rollback_the_version_behind_is_out_of_the_way() -> None:
    history = [_promote(1), _promote(2), _rollback(1), _promote(3)]

    assert champions(history) == (1, 3)
