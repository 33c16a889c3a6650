"""What every trainer keeps to, whatever its model.

The shop is a checkerboard whose answer is known by construction: even people want even items, odd
people want odd ones, and of its twelve items each person has not seen three.
"""

import json
import subprocess
import sys
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray

from features.encoders import ENCODERS
from features.errors import InvalidSettings, NotEnoughData
from features.fitted_model import EmbeddingModel, PopularityModel
from features.ids import IdMap
from features.interactions import Interactions
from features.neighbours import Neighbours
from training.models import TRAINERS, FittedModel

N_USERS, N_ITEMS, UNSOLD = 40, 25, 24
PERSONAL = [name for name in TRAINERS if name != "popular"]
EMBEDDING = [name for name, trainer in TRAINERS.items() if trainer.embeds]
SETTINGS = [(name, setting) for name in TRAINERS for setting in fields(TRAINERS[name])]
NUMBERS = [(name, one.name) for name, one in SETTINGS if not get_args(one.type)]
CHOICES = [(name, one.name, get_args(one.type)) for name, one in SETTINGS if get_args(one.type)]


def interactions(matrix: NDArray[np.float32]) -> Interactions:
    n_users, n_items = matrix.shape
    return Interactions(
        matrix=sp.csr_array(matrix.astype(np.float32)),
        users=IdMap.of([f"user {row}" for row in range(n_users)]),
        items=IdMap.of([f"item {row}" for row in range(n_items)]),
        as_of=datetime(2024, 5, 1, tzinfo=UTC),
    )


def checkerboard() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Who is of whose block, and who has seen what; nobody has anything to do with UNSOLD."""
    users, items = np.arange(N_USERS)[:, None], np.arange(N_ITEMS)[None, :]
    own_block = (users % 2 == items % 2) & (items != UNSOLD)
    unseen = (users // 2 + items // 2) % 4 == 0
    return own_block, own_block & ~unseen


OWN_BLOCK, SEEN = checkerboard()
SHOP = interactions(10 * SEEN)


@pytest.fixture(scope="module", params=TRAINERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(name: str) -> FittedModel:
    return TRAINERS[name]().fit(SHOP, seed=1)


@pytest.fixture(scope="module", params=PERSONAL)
def personal(request: pytest.FixtureRequest) -> FittedModel:
    return TRAINERS[request.param]().fit(SHOP, seed=1)


@pytest.fixture(scope="module", params=EMBEDDING)
def embedding(request: pytest.FixtureRequest) -> EmbeddingModel:
    fitted = TRAINERS[request.param]().fit(SHOP, seed=1)
    assert isinstance(fitted, EmbeddingModel)
    return fitted


def arrays_of(model: FittedModel) -> dict[str, NDArray[np.generic]]:
    if isinstance(model, PopularityModel):
        return {"item_scores": model.item_scores}
    if isinstance(model, Neighbours):
        return model.arrays()
    return {"item_vectors": model.item_vectors, **model.encoder.arrays()}


def test_a_trainer_that_embeds_and_no_other_gives_an_embedding_model(
    name: str, model: FittedModel
) -> None:
    assert isinstance(model, EmbeddingModel) == TRAINERS[name].embeds


def test_a_person_gets_the_unseen_items_of_the_own_block_first(personal: FittedModel) -> None:
    scores = personal.score(SHOP.matrix, np.arange(N_ITEMS))

    unseen_own = np.where(OWN_BLOCK & ~SEEN, scores, np.inf).min(axis=1)
    all_others = np.where(OWN_BLOCK, -np.inf, scores).max(axis=1)
    assert (unseen_own > all_others).all()


def test_somebody_never_seen_is_served_like_the_block_that_is_nearest(
    personal: FittedModel,
) -> None:
    newcomers = np.zeros((2, N_ITEMS), dtype=np.float32)
    newcomers[0, [0, 2, 4]] = 10
    newcomers[1, [1, 3, 5]] = 10

    scores = personal.score(sp.csr_array(newcomers), np.arange(N_ITEMS))

    assert scores[0, 6:UNSOLD:2].min() > scores[0, 7:UNSOLD:2].max()
    assert scores[1, 7:UNSOLD:2].min() > scores[1, 6:UNSOLD:2].max()


def test_every_item_is_known_in_finite_float32(model: FittedModel) -> None:
    arrays = arrays_of(model)
    rows = [array for array in arrays.values() if np.issubdtype(array.dtype, np.integer)]
    assert not rows or isinstance(model, Neighbours)  # they say who is next to whom
    for array in arrays.values():
        assert array.dtype == np.float32 or any(array is one for one in rows)
        assert np.isfinite(array).all()

    scores = model.score(SHOP.matrix, np.arange(N_ITEMS))

    assert scores.shape == (N_USERS, N_ITEMS)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_the_same_data_and_seed_give_the_same_model(name: str, model: FittedModel) -> None:
    again = arrays_of(TRAINERS[name]().fit(SHOP, seed=1))

    for key, array in arrays_of(model).items():
        np.testing.assert_array_equal(array, again[key])


@pytest.mark.parametrize("name", EMBEDDING)
def test_another_seed_gives_another_model(name: str) -> None:
    one, other = (arrays_of(TRAINERS[name]().fit(SHOP, seed=seed)) for seed in (1, 2))

    assert not np.array_equal(one["item_vectors"], other["item_vectors"])


def test_two_fits_share_no_array(name: str, model: FittedModel) -> None:
    again = TRAINERS[name]().fit(SHOP, seed=1)

    for one in arrays_of(model).values():
        assert not any(np.shares_memory(one, other) for other in arrays_of(again).values())
        assert not np.shares_memory(one, SHOP.matrix.data)


def test_the_interactions_are_left_as_they_are(name: str) -> None:
    given = interactions(10 * SEEN)
    # Not every matrix is in canonical order, and sorting it would be a change too.
    given.matrix.indices[:2] = given.matrix.indices[:2][::-1].copy()
    before = [array.copy() for array in _csr(given.matrix)]

    TRAINERS[name]().fit(given, seed=1)

    for array, copy in zip(_csr(given.matrix), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_wide_indices_give_the_same_model(name: str, model: FittedModel) -> None:
    wide = interactions(10 * SEEN)
    wide.matrix.indices = wide.matrix.indices.astype(np.int64)
    wide.matrix.indptr = wide.matrix.indptr.astype(np.int64)

    fitted = arrays_of(TRAINERS[name]().fit(wide, seed=1))

    for key, array in arrays_of(model).items():
        np.testing.assert_array_equal(array, fitted[key])


def test_one_person_and_one_item_are_enough(name: str) -> None:
    smallest = interactions(np.full((1, 1), 10.0, dtype=np.float32))

    fitted = TRAINERS[name]().fit(smallest, seed=1)

    assert np.isfinite(fitted.score(smallest.matrix, np.array([0]))).all()


def test_no_interest_at_all_is_too_little_to_learn_from(name: str) -> None:
    with pytest.raises(NotEnoughData, match=r"none of 3 people .* any of 2 items .* ingest more"):
        TRAINERS[name]().fit(interactions(np.zeros((3, 2), dtype=np.float32)), seed=1)


def test_a_batch_is_encoded_like_its_members(embedding: EmbeddingModel) -> None:
    together = embedding.encode(SHOP.matrix)

    alone = np.vstack([embedding.encode(SHOP.matrix[[row]]) for row in range(N_USERS)])

    assert together.shape == (N_USERS, embedding.item_vectors.shape[1])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-6)


def test_people_in_another_order_have_the_same_vectors(embedding: EmbeddingModel) -> None:
    order = np.random.default_rng(0).permutation(N_USERS)

    shuffled = embedding.encode(SHOP.matrix[order])

    np.testing.assert_allclose(shuffled, embedding.encode(SHOP.matrix)[order], rtol=1e-4, atol=1e-6)


def test_scores_of_a_batch_are_those_of_its_members(model: FittedModel) -> None:
    rows = np.array([3, 0, UNSOLD])

    together = model.score(SHOP.matrix, rows)

    alone = np.vstack([model.score(SHOP.matrix[[row]], rows) for row in range(N_USERS)])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_somebody_without_history_gets_no_item_before_another(personal: FittedModel) -> None:
    scores = personal.score(sp.csr_array((2, N_ITEMS), dtype=np.float32), np.arange(N_ITEMS))

    np.testing.assert_array_equal(scores, np.zeros((2, N_ITEMS)))


def test_somebody_without_history_has_no_direction(embedding: EmbeddingModel) -> None:
    nobody = embedding.encode(sp.csr_array((2, N_ITEMS), dtype=np.float32))

    assert nobody.dtype == np.float32
    np.testing.assert_array_equal(nobody, np.zeros((2, embedding.item_vectors.shape[1])))


def test_a_score_is_the_inner_product_of_person_and_item(embedding: EmbeddingModel) -> None:
    rows = np.array([3, 0, 7])

    scores = embedding.score(SHOP.matrix, rows)

    expected = embedding.encode(SHOP.matrix) @ embedding.item_vectors[rows].T
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_contributions_add_up_to_the_score_but_for_what_everybody_gets(
    embedding: EmbeddingModel,
) -> None:
    scores = embedding.score(SHOP.matrix, np.arange(N_ITEMS))

    rest = np.array([scores[row] - _explained(embedding, row) for row in (0, 1, 2)])

    np.testing.assert_allclose(rest, np.broadcast_to(rest[0], rest.shape), atol=1e-3)


def test_a_stored_encoder_encodes_as_before(embedding: EmbeddingModel, tmp_path: Path) -> None:
    for key, array in embedding.encoder.arrays().items():
        np.save(tmp_path / f"{key}.npy", array)
    stored = {path.stem: np.load(path, mmap_mode="r") for path in tmp_path.glob("*.npy")}

    opened = ENCODERS[embedding.encoder.kind](stored)

    np.testing.assert_array_equal(opened.encode(SHOP.matrix), embedding.encode(SHOP.matrix))


def test_hyper_parameters_survive_json(name: str) -> None:
    trainer = TRAINERS[name]()

    told = json.loads(json.dumps(asdict(trainer)))  # type: ignore[call-overload]  # a dataclass

    assert TRAINERS[name](**told) == trainer


@pytest.mark.parametrize(("name", "setting"), NUMBERS)
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "many", None, True])
def test_a_hyper_parameter_that_is_no_number_above_zero_is_refused(
    name: str, setting: str, value: object
) -> None:
    with pytest.raises(InvalidSettings, match="correct them") as refused:
        TRAINERS[name](**{setting: value})

    assert setting in refused.value.details[0]
    assert f"greater than 0; got {value!r}" in refused.value.details[0]


@pytest.mark.parametrize(("name", "setting", "choices"), CHOICES)
def test_a_setting_with_choices_takes_each_of_them_and_nothing_else(
    name: str, setting: str, choices: tuple[str, ...]
) -> None:
    for choice in choices:
        assert getattr(TRAINERS[name](**{setting: choice}), setting) == choice
    for other in ["", choices[0].upper(), 1, None, True]:
        with pytest.raises(InvalidSettings, match="correct them") as refused:
            TRAINERS[name](**{setting: other})
        assert refused.value.details == (
            f"{setting} must be one of {', '.join(choices)}; got {other!r}",
        )


@pytest.mark.parametrize("name", EMBEDDING)
def test_half_a_dimension_is_refused(name: str) -> None:
    with pytest.raises(InvalidSettings, match=r"factors must be a whole number .* got 8\.5"):
        TRAINERS[name](factors=8.5)


def test_naming_the_trainers_loads_no_library_of_theirs() -> None:
    asked = "import sys, training.models; print({'implicit', 'lightfm'} & set(sys.modules))"

    told = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.strip() == "set()"


def _csr(matrix: sp.csr_array) -> tuple[NDArray[np.generic], ...]:
    return matrix.data, matrix.indices, matrix.indptr


def _explained(model: EmbeddingModel, row: int) -> NDArray[np.float32]:
    history = SHOP.matrix[[row]]
    shares = model.encoder.contributions(history.indices, history.data, model.item_vectors)
    assert shares.shape == (history.nnz, N_ITEMS)
    total: NDArray[np.float32] = shares.sum(axis=0)
    return total
