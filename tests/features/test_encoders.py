"""History encoders: the arithmetic, against slow second implementations."""

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.encoders import (
    ENCODERS,
    Encoder,
    FoldInEncoder,
    HistoryMeanEncoder,
    SpectralEncoder,
)
from features.errors import InvalidInput

N_ITEMS, N_DIMENSIONS = 12, 3


def random_confidence(seed: int, *, n_people: int) -> sp.csr_array:
    rng = np.random.default_rng(seed)
    matrix = sp.random_array((n_people, N_ITEMS), density=0.3, rng=rng, format="csr")
    matrix.data = (20 * matrix.data + 1e-3).astype(np.float32)
    return matrix


def random_vectors(seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(N_ITEMS, N_DIMENSIONS)).astype(np.float32)


def fold_in() -> FoldInEncoder:
    return FoldInEncoder.of(random_vectors(1), regularization=0.5)


def history_mean() -> HistoryMeanEncoder:
    inputs = random_vectors(2)
    mapping = np.random.default_rng(3).normal(size=(N_DIMENSIONS, N_DIMENSIONS))
    return HistoryMeanEncoder(
        inputs, mapping.astype(np.float32), np.array([1, 2, 3], dtype=np.float32)
    )


def spectral() -> SpectralEncoder:
    return SpectralEncoder(random_vectors(6))


every = pytest.mark.parametrize("encoder", [fold_in(), history_mean(), spectral()], ids=ENCODERS)


@given(st.integers(0, 2**32 - 1))
def test_folding_in_solves_the_weighted_least_squares_over_all_items(seed: int) -> None:
    encoder, confidence = fold_in(), random_confidence(seed, n_people=1)

    vector = encoder.encode(confidence)[0]

    # x minimises sum over ALL items of c (p - y'x)^2 + 0.5 |x|^2; c = 1 and p = 0 where unseen.
    given_confidence = confidence.toarray()[0].astype(np.float64)
    seen = given_confidence > 0
    items = encoder.item_factors.astype(np.float64)
    root = np.sqrt(np.where(seen, given_confidence, 1.0))
    stacked = np.vstack([root[:, None] * items, np.sqrt(0.5) * np.eye(N_DIMENSIONS)])
    wanted = np.concatenate([root * seen, np.zeros(N_DIMENSIONS)])
    expected, *_ = np.linalg.lstsq(stacked, wanted, rcond=None)
    np.testing.assert_allclose(vector, expected, atol=2e-4)


def test_a_history_mean_weighs_items_by_confidence() -> None:
    encoder = history_mean()
    confidence = np.zeros((1, N_ITEMS), dtype=np.float32)
    confidence[0, [4, 7]] = 3, 1

    vector = encoder.encode(sp.csr_array(confidence))[0]

    mean = 3 / 4 * encoder.inputs[4] + 1 / 4 * encoder.inputs[7]
    np.testing.assert_allclose(vector, mean @ encoder.mapping + encoder.intercept, rtol=1e-5)


@given(st.integers(0, 2**32 - 1))
def test_a_history_mean_does_not_depend_on_how_much_was_done(seed: int) -> None:
    confidence = random_confidence(seed, n_people=4)

    twice = history_mean().encode(np.float32(2) * confidence)

    np.testing.assert_allclose(twice, history_mean().encode(confidence), rtol=1e-4, atol=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_a_mapping_that_was_there_is_found_again(seed: int) -> None:
    truth, confidence = history_mean(), random_confidence(seed, n_people=2000)

    found = HistoryMeanEncoder.fitted(
        truth.inputs, user_vectors=truth.encode(confidence), confidence=confidence, ridge=1e-3
    )

    np.testing.assert_allclose(found.mapping, truth.mapping, atol=0.01)
    np.testing.assert_allclose(found.intercept, truth.intercept, atol=0.01)


def test_people_without_history_do_not_take_part_in_the_mapping() -> None:
    truth, confidence = history_mean(), random_confidence(5, n_people=50)
    idle = sp.csr_array((50, N_ITEMS), dtype=np.float32)
    vectors = truth.encode(confidence) + np.float32(0.1)

    alone = HistoryMeanEncoder.fitted(truth.inputs, user_vectors=vectors, confidence=confidence)
    among = HistoryMeanEncoder.fitted(
        truth.inputs,
        user_vectors=np.vstack([vectors, np.full_like(vectors, 1e6)]),
        confidence=sp.vstack([confidence, idle], format="csr"),
    )

    np.testing.assert_array_equal(among.mapping, alone.mapping)
    np.testing.assert_array_equal(among.intercept, alone.intercept)


def test_nobody_with_a_history_teaches_no_mapping() -> None:
    with pytest.raises(InvalidInput, match="nobody has any history; give at least one"):
        HistoryMeanEncoder.fitted(
            random_vectors(1),
            user_vectors=np.zeros((2, N_DIMENSIONS), dtype=np.float32),
            confidence=sp.csr_array((2, N_ITEMS), dtype=np.float32),
        )


@every
def test_everybody_in_a_large_batch_is_encoded_as_if_alone(encoder: Encoder) -> None:
    many = random_confidence(7, n_people=1100)

    together = encoder.encode(many)

    rows = [0, 511, 512, 1023, 1024, 1099]
    alone = np.vstack([encoder.encode(many[[row]]) for row in rows])
    assert together.dtype == np.float32
    np.testing.assert_allclose(together[rows], alone, rtol=1e-4, atol=1e-5)


def test_a_spectral_vector_adds_up_items_and_is_scaled_by_all_that_was_shown() -> None:
    encoder = spectral()
    confidence = np.zeros((1, N_ITEMS), dtype=np.float32)
    confidence[0, [4, 7]] = 3, 1

    vector = encoder.encode(sp.csr_array(confidence))[0]

    expected = (3 * encoder.inputs[4] + 1 * encoder.inputs[7]) / np.sqrt(3 + 1)
    np.testing.assert_allclose(vector, expected, rtol=1e-5)


@given(st.integers(0, 2**32 - 1))
def test_a_spectral_vector_is_to_the_bit_the_same_in_every_batch(seed: int) -> None:
    confidence = random_confidence(seed, n_people=40)
    order = np.random.default_rng(seed).permutation(40)

    together = spectral().encode(confidence)

    alone = np.vstack([spectral().encode(confidence[[row]]) for row in range(40)])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(spectral().encode(confidence[order]), together[order])


@every
def test_nobody_at_all_is_an_empty_batch(encoder: Encoder) -> None:
    nobody = sp.csr_array((0, N_ITEMS), dtype=np.float32)

    assert encoder.encode(nobody).shape == (0, N_DIMENSIONS)


@every
def test_no_history_is_the_zero_vector(encoder: Encoder) -> None:
    vectors = encoder.encode(sp.csr_array((3, N_ITEMS), dtype=np.float32))

    np.testing.assert_array_equal(vectors, np.zeros((3, N_DIMENSIONS)))


@pytest.mark.parametrize("encoder", [fold_in(), spectral()], ids=["fold_in", "spectral"])
@given(seed=st.integers(0, 2**32 - 1))
def test_contributions_add_up_to_the_score(encoder: Encoder, seed: int) -> None:
    confidence, targets = random_confidence(seed, n_people=1), random_vectors(4)

    shares = encoder.contributions(confidence.indices, confidence.data, targets)

    assert shares.shape == (confidence.nnz, N_ITEMS)
    score = encoder.encode(confidence)[0] @ targets.T
    np.testing.assert_allclose(shares.sum(axis=0), score, atol=1e-3)


@given(st.integers(0, 2**32 - 1).filter(lambda seed: random_confidence(seed, n_people=1).nnz > 0))
def test_history_mean_contributions_add_up_to_the_score_less_the_intercept(seed: int) -> None:
    confidence, targets = random_confidence(seed, n_people=1), random_vectors(4)
    encoder = history_mean()

    shares = encoder.contributions(confidence.indices, confidence.data, targets)

    assert shares.shape == (confidence.nnz, N_ITEMS)
    score = (encoder.encode(confidence)[0] - encoder.intercept) @ targets.T
    np.testing.assert_allclose(shares.sum(axis=0), score, atol=1e-3)


@every
def test_no_history_contributes_nothing(encoder: Encoder) -> None:
    shares = encoder.contributions(
        np.array([], dtype=np.int32), np.array([], dtype=np.float32), random_vectors(4)
    )

    assert shares.shape == (0, N_ITEMS)


@every
def test_an_encoder_opens_from_its_stored_arrays(encoder: Encoder, tmp_path: Path) -> None:
    for name, array in encoder.arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
    stored = {path.stem: np.load(path, mmap_mode="r") for path in tmp_path.iterdir()}

    opened = ENCODERS[encoder.kind](stored)

    confidence = random_confidence(8, n_people=5)
    assert opened.kind == encoder.kind
    np.testing.assert_array_equal(opened.encode(confidence), encoder.encode(confidence))
