"""A settings file is checked key by key, and an error says what to do."""

from pathlib import Path

import pytest

from features.candidates import Budgets
from features.errors import InvalidSettings
from features.events import EventType
from features.pair_features import Blend
from features.weights import DEFAULT_TYPE_WEIGHTS, ConfidenceWeights
from training.models import TRAINERS
from training.settings import RankerSettings, TrainingSettings


def _load(text: str, folder: Path) -> TrainingSettings:
    path = folder / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return TrainingSettings.load(path)


def test_without_a_file_the_defaults_apply() -> None:
    assert TrainingSettings.load() == TrainingSettings()


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert _load("", tmp_path) == TrainingSettings()


def test_a_file_says_what_it_says_and_the_rest_stays(tmp_path: Path) -> None:
    text = """
        seed = 7
        serve = "bpr"
        compare = ["als", "popular"]
        [weights]
        half_life_days = 60
        [weights.by_type]
        purchase = 2.0
        [blend]
        own = 3.0
        [evaluation]
        k = 50
        [models.als]
        factors = 32
    """

    settings = _load(text, tmp_path)

    assert (settings.seed, settings.serve, settings.compare) == (7, "bpr", ["als", "popular"])
    by_type = DEFAULT_TYPE_WEIGHTS | {EventType.PURCHASE: 2.0}
    assert settings.weights.confidence() == ConfidenceWeights(60.0, 10.0, by_type)
    defaults = TrainingSettings().blend.blend()
    assert settings.blend.blend() == Blend(
        affinity=defaults.affinity, own=3.0, own_half=defaults.own_half, trend=defaults.trend
    )
    assert settings.evaluation.k == 50
    assert settings.evaluation.gap_days == TrainingSettings().evaluation.gap_days
    assert settings.trainer("als").factors == 32
    assert settings.trainer("bpr") == TRAINERS["bpr"]()


@pytest.mark.parametrize(
    ("text", "named", "remedy"),
    [
        ("sed = 1", "sed", "correct these keys"),
        ("[weights]\nhalf_life = 3", "weights.half_life", "correct these keys"),
        ("[weights]\nhalf_life_days = 0", "weights.half_life_days", "greater than 0"),
        ("[weights.by_type]\nbuy = 1", "buy", "'purchase'"),
        ("[blend]\nown_half = -1", "blend.own_half", "greater than 0"),
        ("[evaluation]\nk = 501", "evaluation.k", "less than or equal to 500"),
        ("[evaluation]\nhorizon_days = 0", "evaluation.horizon_days", "greater than or equal to 1"),
        ("[trend]\nhalf_life_days = nan", "trend.half_life_days", "greater than 0"),
        ("seed = -1", "seed", "greater than or equal to 0"),
        ('serve = "alz"', "'alz'", "choose of ['als', 'bpr', 'item_knn', 'lightfm'"),
        ('serve = "item_knn"', "'item_knn' has no vectors", "put 'item_knn' beside it"),
        ('[models.item_knn]\nweighting = "dice"', "weighting", "one of cosine, tfidf, bm25"),
        ('compare = ["als", "knn"]', "'knn'", "choose of ['als'"),
        ("[models.alz]\nfactors = 3", "'alz'", "choose of ['als'"),
        ("[models.als]\nfactor = 3", "[models.als]", "remove that key"),
        ("[models.als]\nfactors = 0", "factors", "greater than 0"),
        ("models = 3", "models", "dictionary"),
        ('beside = ["knn"]', "'knn'", "choose of ['als'"),
        ("[candidates]\nnear_user = -1", "candidates.near_user", "greater than or equal to 0"),
        ("[candidates]\nnear = 3", "candidates.near", "correct these keys"),
        ("[ranker]\nwindows = 2", "ranker.windows", "greater than or equal to 3"),
        ("[ranker]\nleaves = 33", "ranker.leaves", "less than or equal to 32"),
        ("[ranker]\nrow_share = 1.5", "ranker.row_share", "less than or equal to 1"),
        ("[ranker]\nfeature_share = 0", "ranker.feature_share", "greater than 0"),
    ],
)
def test_a_wrong_key_is_named_with_its_remedy(
    text: str, named: str, remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidSettings) as refused:
        _load(text, tmp_path)

    message = str(refused.value)
    assert "shop.toml" in message
    assert named in message
    assert remedy in message


def test_all_wrong_keys_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="has 2 wrong settings") as refused:
        _load("sed = 1\n[index]\nbudget_ms = -1", tmp_path)

    assert [line.split(":")[0] for line in refused.value.details] == ["index.budget_ms", "sed"]


@pytest.mark.parametrize("content", [b"seed = ", b"seed = 1\nseed = 2", b"\xff\xfe"])
def test_what_is_no_toml_is_refused_by_its_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_bytes(content)

    with pytest.raises(InvalidSettings, match=r"shop\.toml cannot be read as TOML"):
        TrainingSettings.load(path)


def test_a_file_that_is_not_there_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"absent\.toml cannot be read"):
        TrainingSettings.load(tmp_path / "absent.toml")


def test_a_file_can_leave_the_ranker_out(tmp_path: Path) -> None:
    assert TrainingSettings().ranker == RankerSettings()
    assert _load("ranker = false", tmp_path).ranker is None
    assert _load("[ranker]\nleaves = 8", tmp_path).ranker == RankerSettings(leaves=8)


def test_budgets_that_are_not_named_stay(tmp_path: Path) -> None:
    text = "[candidates]\ntrending = 5\ncontent = 0"

    assert _load(text, tmp_path).candidates.budgets() == Budgets(trending=5, content=0)


def test_settings_without_a_ranker_come_back_from_json() -> None:
    settings = TrainingSettings(ranker=None, beside=["item_knn"])

    assert TrainingSettings.model_validate(settings.model_dump(mode="json")) == settings


def test_settings_come_back_from_json() -> None:
    settings = TrainingSettings.model_validate(
        {"serve": None, "weights": {"by_type": {"view": 0.5}}, "models": {"als": {"factors": 8}}}
    )

    assert TrainingSettings.model_validate(settings.model_dump(mode="json")) == settings


def test_judging_otherwise_changes_nothing_else() -> None:
    settings = TrainingSettings(seed=3, compare=["bpr"])

    judged = settings.judged_over(horizon_days=9, compare=["popular"])

    assert (judged.evaluation.horizon_days, judged.compare) == (9, ["popular"])
    assert judged.evaluation.k == settings.evaluation.k
    assert judged.judged_over(horizon_days=30, compare=["bpr"]) == settings
    assert settings.judged_over() == settings


@pytest.mark.parametrize("wrong", [{"compare": ["knn"]}, {"k": 0}, {"horizon_days": 0}])
def test_judging_by_something_wrong_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidSettings, match="correct these keys"):
        TrainingSettings().judged_over(**wrong)  # type: ignore[arg-type]
