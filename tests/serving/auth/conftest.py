"""A store of its own for every test of keys, and a day on which they are made."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from serving.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    opened.close()


@pytest.fixture
def today() -> datetime:
    return datetime(2024, 6, 1, 12, tzinfo=UTC)
