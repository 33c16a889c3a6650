"""Settings of a server: what the environment says, or what is wrong with it."""

from pathlib import Path

import pytest

from features.errors import InvalidSettings
from serving.settings import ServerSettings


def test_without_a_word_from_the_environment_keys_are_needed() -> None:
    settings = ServerSettings.from_environment({"PATH": "/bin", "VITRINE_STORE_URL": "else's"})

    assert settings.needs_keys
    assert settings.shop.root == Path("shop")


@pytest.mark.parametrize("value", ["true", "yes", "", "01", "on"])
def test_keys_are_switched_off_by_one_word_only(value: str) -> None:
    with pytest.raises(InvalidSettings, match="VITRINE_INSECURE_DEVELOPMENT"):
        ServerSettings.from_environment({"VITRINE_INSECURE_DEVELOPMENT": value})

    insecure = ServerSettings.from_environment({"VITRINE_INSECURE_DEVELOPMENT": "1"})
    assert not insecure.needs_keys


def test_a_wrong_value_is_told_with_its_variable_and_what_was_wanted() -> None:
    with pytest.raises(InvalidSettings) as caught:
        ServerSettings.from_environment({"VITRINE_WORKERS": "many", "VITRINE_POLL_SECONDS": "0"})

    assert caught.value.details == (
        "VITRINE_WORKERS is 'many': Input should be a valid integer,"
        " unable to parse string as an integer",
        "VITRINE_POLL_SECONDS is '0': Input should be greater than 0",
    )
