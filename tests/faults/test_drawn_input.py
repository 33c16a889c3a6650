"""Drawn input: Hypothesis posts events, filters and files, and finds no way to break anything."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import VitrineError
from features.events import EVENT_SCHEMA
from features.ingest.mapping import Mapping
from serving.placements import Placements
from tests.faults.callers import Answer, calling
from tests.faults.conftest import Shop

pytestmark = pytest.mark.server

few = settings(max_examples=60, suppress_health_check=list(HealthCheck))

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["view", "purchase", "return", "item-01", "user-00", "2024-06-01T12:00:00Z"])
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
names = st.sampled_from(EVENT_SCHEMA.names) | st.text(max_size=12)
events = st.dictionaries(names, json_values, max_size=8) | json_values
good_events = st.fixed_dictionaries(
    {
        "event_id": st.uuids().map(str),
        "event_type": st.sampled_from(["view", "cart", "purchase", "return"]),
        "item_id": st.text(min_size=1, max_size=20),
    },
    optional={
        "user_id": st.text(max_size=20),
        "quantity": st.integers(-3, 3) | st.floats(),
        "price": st.floats(),
        "timestamp": st.datetimes().map(lambda at: at.isoformat() + "Z"),
        "device": st.text(max_size=5),
    },
)
words = st.sampled_from(
    [
        *("price", "category", "title", "brand", "nowhere", "and", "or", "not", "in", "is null"),
        *("like", "between", "<", "<=", "=", "!=", ">", "(", ")", ",", ":p", ":q", "'x'", "'L%'"),
        *("1", "1e400", "-3", "true", "null", "'", '"', "\\", ";", "--", "/*", "contains"),
    ]
)
filters = st.lists(words | st.text(max_size=4), max_size=14).map(" ".join)


def ask(shop: Shop, path: str, body: object) -> Answer:
    with calling(shop.server.port, key=shop.key) as caller:
        answer = caller.ask("POST", path, json.dumps(body).encode())
    assert answer.status == 200 or (answer.status < 500 and answer.error_code)
    return answer


@few
@given(st.lists(events | good_events, min_size=1, max_size=5))
def test_each_posted_event_is_counted_once_whatever_it_is(shop: Shop, posted: list[object]) -> None:
    answer = ask(shop, "/v1/events", {"events": posted})

    told = answer.json()
    if answer.status == 200:
        assert told["accepted"] + told["duplicates"] + len(told["rejected"]) == len(posted)
        places = [one["index"] for one in told["rejected"]]
        assert places == sorted(set(places))
        assert set(places) <= set(range(len(posted)))


@few
@given(filters, st.dictionaries(st.sampled_from(["p", "q"]), json_values, max_size=2))
def test_a_filter_narrows_a_list_or_is_refused_by_a_message(
    shop: Shop, text: str, parameters: dict[str, object]
) -> None:
    request = {"user_id": "user-00", "num_results": 40, "mode": "strict"}

    answer = ask(shop, "/v1/recommend", {**request, "filter": text, "filter_params": parameters})

    if answer.status == 200:
        # "strict" brings nothing but what passes, so never more than without a filter.
        assert len(answer.items) <= len(ask(shop, "/v1/recommend", request).items)


toml_values = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


def _toml(tables: dict[str, dict[str, object]]) -> str:
    # JSON's strings, numbers, lists and words are TOML's, too.
    lines = []
    for table, entries in tables.items():
        lines.append(f"[{table}]")
        lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in entries.items()]
    return "\n".join(lines)


def _files(tables: list[str], keys: list[str]) -> st.SearchStrategy[str]:
    entries = st.dictionaries(st.sampled_from(keys) | st.text(max_size=6), toml_values, max_size=4)
    whole = st.dictionaries(st.sampled_from(tables), entries, max_size=3).map(_toml)
    return whole | st.text(max_size=60)


def _read_or_refused(load: Callable[[Path], object], folder: Path, text: str) -> None:
    path = folder / "drawn.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))

    try:
        load(path)
    except VitrineError as error:
        assert error.message


@few
@given(
    _files(["home", "home.rules", "weekly_email", "x.y"], ["sources", "order", "mode", "purpose"])
)
def test_a_placements_file_is_read_or_refused_by_a_message(tmp_path: Path, text: str) -> None:
    _read_or_refused(Placements.load, tmp_path, text)


@few
@given(_files(["events", "items", "events.columns"], ["columns", "item_id", "timezone", "types"]))
def test_a_mapping_file_is_read_or_refused_by_a_message(tmp_path: Path, text: str) -> None:
    _read_or_refused(Mapping.load, tmp_path, text)
