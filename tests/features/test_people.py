"""A person is where they are, and has agreed to what they said and to nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InvalidInput
from features.people import People

countries = st.lists(st.sampled_from(["FR", "GB", "NZ", None]), min_size=6, max_size=6)
consents = st.lists(
    st.none() | st.lists(st.sampled_from(["email", "ads", "personalisation"])),
    min_size=6,
    max_size=6,
)


@given(countries, consents)
def test_everybody_keeps_their_country_and_their_consent(
    countries: list[str | None], consents: list[list[str] | None]
) -> None:
    people = People.of(countries, consents)

    assert people.country_names == countries
    assert [people.country_of(row) for row in range(6)] == countries
    for purpose in ("email", "ads", "personalisation", "never-asked"):
        agreed = people.consented(purpose)
        assert agreed.dtype == np.bool_
        assert agreed.tolist() == [purpose in (one or ()) for one in consents]


def test_saying_it_twice_is_saying_it_once() -> None:
    people = People.of([None], [["email", "email"]])

    assert people.consented("email").tolist() == [True]
    assert people.purposes == ("email",)


def test_thirty_two_purposes_fit_and_one_more_is_refused() -> None:
    purposes = [f"purpose-{number:02d}" for number in range(33)]

    people = People.of([None], [purposes[:32]])

    assert all(people.consented(purpose).all() for purpose in purposes[:32])
    with pytest.raises(InvalidInput, match=r"33 purposes .* 32; map those"):
        People.of([None], [purposes])


def test_a_shop_without_people_is_empty() -> None:
    people = People.of([], [])

    assert people.consented("email").tolist() == []
    assert people.country_names == []
