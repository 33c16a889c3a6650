"""The features that bring most are drawn, the strongest on top."""

import pytest

from features.errors import InvalidInput
from training.plots import feature_importance


def test_bars_are_as_long_as_the_shares_and_no_more_than_wanted() -> None:
    shares = {"bought_share": 0.5, "als_z": 0.3, "season": 0.2}

    (axes,) = feature_importance(shares, kind="everything", most=2).axes

    assert [bar.get_width() for bar in axes.patches] == [0.5, 0.3]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["bought_share", "als_z"]
    assert axes.yaxis_inverted()
    assert axes.get_title() == "What orders the lists of everything: 2 of 3 features"


def test_no_feature_is_no_picture() -> None:
    with pytest.raises(InvalidInput, match="no feature"):
        feature_importance({}, kind="new")
