"""Model versions in words: which there are, what the gate said, and how the champion changed."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

from training.model_version import ModelVersion
from training.promotions import Promotion

_WIDTH: Final = 120
_INDENT: Final = " " * 9
_SCORES: Final = ("ndcg_all", "ndcg_new")
_MOMENT: Final = "%Y-%m-%d %H:%M"
_ACTIONS: Final = {"promote": "promoted", "rollback": "rolled back to"}


def as_text(versions: Sequence[ModelVersion], history: Sequence[Promotion]) -> str:
    """Write the versions and the changes of the champion, the newest first, in UTC.

    Parameters
    ----------
    versions : sequence of ModelVersion
        Oldest first.
    history : sequence of Promotion
        Oldest first.
    """
    lines = [
        f"{'version':>7}  {'registered':<16}  {'knows up to':<16}"
        f"  {'NDCG all':>8}  {'NDCG new':>8}  serves"
    ]
    for one in reversed(versions):
        lines += _of_version(one)
    lines += ["", "changes of the champion"]
    if not history:
        lines.append("none yet; next: vitrine promote latest")
    for change in reversed(history):
        lines += _of_change(change)
    return "\n".join(lines)


def _of_version(one: ModelVersion) -> Iterator[str]:
    scores = [one.metrics.get(name) for name in _SCORES]
    cells = "  ".join(f"{'-' if score is None else f'{score:.4f}':>8}" for score in scores)
    yield (
        f"{one.version:>7}  {one.created_at:{_MOMENT}}  {one.as_of:{_MOMENT}}  {cells}"
        f"  {_serves(one)}  {', '.join(one.aliases)}"
    ).rstrip()
    yield f"{_INDENT}bundle {one.bundle_id}"
    yield from _indented(one.finding or "not compared with a champion yet")


def _serves(one: ModelVersion) -> str:
    """Name what makes a version's lists, such as "als + item_knn, ranked"."""
    return f"{' + '.join(one.models)}, {'ranked' if one.is_ranked else 'no ranker'}"


def _of_change(change: Promotion) -> Iterator[str]:
    forced = ", forced" if change.forced else ""
    yield f"{change.at:{_MOMENT}}  {_ACTIONS[change.action]} {change.version}{forced}"
    yield from _indented(change.reason or "no reason given")


def _indented(text: str) -> list[str]:
    return wrap(text, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
