"""Every model that can serve can be searched, and every point of the space is valid settings."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InvalidSettings
from training.models import TRAINERS
from training.settings import TrainingSettings
from training.tune.space import MODELS, SERVE, SHARED, Dimension, Space, servable


def _space(**given: object) -> Space:
    return Space.of(TrainingSettings.model_validate({"serve": "als", **given}))


@st.composite
def points(draw: st.DrawFn) -> dict[str, float | str]:
    space = _space()
    serve = draw(st.sampled_from(space.models))
    point: dict[str, float | str] = {SERVE: serve}
    for one in space.dimensions(serve):
        whole = st.integers(int(one.low), int(one.high))
        point[one.key] = draw(whole if one.whole else st.floats(one.low, one.high))
    return point


def test_every_model_that_can_serve_has_a_space_and_nothing_else_has() -> None:
    assert set(MODELS) == set(servable())
    assert "popular" in TRAINERS
    assert "popular" not in servable()


@pytest.mark.parametrize("model", servable())
def test_a_models_dimensions_are_its_own(model: str) -> None:
    assert {one.key.rpartition(".")[0] for one in MODELS[model]} == {f"models.{model}"}


@given(points())
def test_every_point_is_valid_settings(point: dict[str, float | str]) -> None:
    space = _space()

    settings = space.settings(point)

    assert settings.serve == point[SERVE]
    trainer = settings.trainer(str(point[SERVE]))
    for one in space.dimensions(str(point[SERVE])):
        section, *_, name = one.key.split(".")
        holder = trainer if section == "models" else getattr(settings, section)
        assert getattr(holder, name) == pytest.approx(point[one.key], rel=0.005)


def test_what_has_no_dimension_stays() -> None:
    space = _space(
        seed=3,
        compare=["popular"],
        models={"als": {"iterations": 7}, "bpr": {"factors": 9}, "lightfm": {"max_sampled": 4}},
    )

    settings = space.settings({SERVE: "lightfm", "models.lightfm.factors": 20})

    assert (settings.seed, settings.compare) == (3, ["popular"])
    assert settings.models["als"] == {"iterations": 7}
    assert settings.models["bpr"] == {"factors": 9}
    assert settings.models["lightfm"] == {"max_sampled": 4, "factors": 20}


def test_where_one_is_lies_in_the_space_however_far_out_it_is() -> None:
    far = _space(
        weights={"half_life_days": 5_000}, blend={"trend": -1}, models={"als": {"factors": 300}}
    )

    here = far.here()

    ranges = {one.key: one for one in far.dimensions("als")}
    assert here[SERVE] == "als"
    assert set(here) == {SERVE, *ranges}
    for key, one in ranges.items():
        assert one.low <= float(here[key]) <= one.high
    assert (here["weights.half_life_days"], here["blend.trend"]) == (5_000, -1)
    assert here["models.als.factors"] == 300
    assert far.settings(here).trainer("als") == far.current.trainer("als")


def test_what_a_range_cannot_hold_is_left_out_of_here_and_searched_all_the_same() -> None:
    space = _space(weights={"half_life_days": math.inf}, blend={"own": 0})

    missing = {one.key for one in space.dimensions("als")} - set(space.here())

    assert missing == {"weights.half_life_days", "blend.own"}
    usual = {one.key: one for one in SHARED}
    assert {one for one in space.dimensions("als") if one.key in missing} == {
        usual[key] for key in missing
    }


@pytest.mark.parametrize("serve", ["popular", "bpr", None])
def test_a_model_that_is_not_searched_is_no_point_of_the_space(serve: str | None) -> None:
    current = TrainingSettings(serve=serve)

    here = Space.of(current, ["als"]).here()

    assert set(here) == {one.key for one in SHARED}


def test_a_log_range_holds_nothing_below_zero() -> None:
    assert not Dimension("a", 1, 2).can_hold(0)
    assert Dimension("a", 1, 2, log=False).can_hold(0)
    assert not Dimension("a", 1, 2, log=False).can_hold(math.nan)


@pytest.mark.parametrize("models", [["knn"], ["als", "popular"], [], [""]])
def test_a_model_that_cannot_be_searched_is_refused_with_those_that_can(models: list[str]) -> None:
    with pytest.raises(InvalidSettings, match=r"choose of .*'als'"):
        Space.of(TrainingSettings(), models)


def test_the_order_in_which_models_are_named_does_not_matter() -> None:
    one = Space.of(TrainingSettings(), ["bpr", "als", "bpr"])

    assert one == Space.of(TrainingSettings(), ["als", "bpr"])
    assert one.models == ("als", "bpr")
