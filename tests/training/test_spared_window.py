"""What the evaluation has learnt already is not learnt again for the final ranker's windows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.snapshot import take_snapshot
from tests import windows
from tests.windows import FOLD, HORIZON_DAYS, SETTINGS, lived, opened
from training import second_stage
from training.learn import learn
from training.second_stage import SecondStage
from training.steps import Steps

NOW = datetime(2025, 1, 1, tzinfo=UTC)
QUIET = Steps(lambda _line: None)


def test_a_spared_window_teaches_what_it_would_have_taught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = opened(lived(windows.alternating), tmp_path)
    newest = replace(FOLD, as_of=FOLD.as_of - timedelta(days=HORIZON_DAYS))
    snapshot = take_snapshot(home.lake, as_of=newest.as_of)
    learnt = learn(snapshot, SETTINGS, digest="", now=NOW, steps=QUIET)
    plain, spared = (SecondStage(home.lake, SETTINGS, QUIET) for _ in range(2))
    expected = plain.learnt_before(FOLD)
    spared.spare(snapshot, learnt)
    taken: list[datetime] = []
    monkeypatch.setattr(
        second_stage,
        "take_snapshot",
        lambda lake, *, as_of: taken.append(as_of) or take_snapshot(lake, as_of=as_of),
    )

    fitted = spared.learnt_before(FOLD)

    assert newest.as_of not in taken
    assert SETTINGS.ranker is not None
    assert len(taken) == SETTINGS.ranker.windows - 1
    assert fitted is not None
    assert expected is not None
    for kind in ("everything", "new"):
        for name, array in getattr(expected.ranker, kind).arrays().items():
            np.testing.assert_array_equal(getattr(fitted.ranker, kind).arrays()[name], array)
