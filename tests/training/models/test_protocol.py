"""What the shared checks say."""

import pytest

from features.errors import InvalidSettings
from training.models.als import Als


def test_every_wrong_hyper_parameter_is_named_at_once() -> None:
    with pytest.raises(InvalidSettings) as refused:
        Als(factors=0, regularization=-0.5)

    assert refused.value.message == "Als cannot be fitted with these settings; correct them"
    assert refused.value.details == (
        "factors must be a whole number greater than 0; got 0",
        "regularization must be a number greater than 0; got -0.5",
    )


def test_a_whole_number_will_do_where_any_number_may_stand() -> None:
    assert Als(regularization=2).regularization == 2
