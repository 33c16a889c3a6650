"""The threat model names tests as its evidence: each must exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))


def test_the_threat_model_names_its_evidence() -> None:
    assert len([name for _, name in NAMED if name]) > 10


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_what_the_threat_model_names_exists(path: str, name: str) -> None:
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8") if name else True
    assert (ROOT / path).exists()
