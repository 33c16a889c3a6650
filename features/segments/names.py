"""Names: what to call a group of items, in the shop's own words."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import Final

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray

from features.catalog import CATEGORY_SEPARATOR

_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
# "Tunnel, large", "Tea (green)": no phrase goes from one part to the other.
_PART: Final = re.compile(r"[^\w\s'\u2019-]+|\d+")
_SHORTEST: Final = 3
# What connects, counts or measures, and names nothing.
_SAYS_NOTHING: Final = frozenset(
    (
        *("and", "the", "for", "with", "from", "und", "der", "die", "das", "mit", "für"),
        *("les", "des", "pour", "avec", "los", "las", "con", "para"),
        *("set", "sets", "pack", "packs", "piece", "pieces", "assorted"),
        *("small", "medium", "large", "extra", "mini", "design", "colour", "color", "style"),
    )
)
# The part of a phrase's share that a narrower phrase has to hold to stand for it.
_MOSTLY: Final = 0.6
_LOOKED_AT: Final = 60
# A phrase that tells less than this part of the first one's says more about a few than about all.
_STILL_TELLING: Final = 0.2
# A group without any item more typical than this is a mixture.
_DISTINCT: Final = 0.1
_WORDS_IN_A_NAME: Final = 3


def names(scores: NDArray[np.float32], items: pa.Table, *, wanted: NDArray[np.number]) -> list[str]:
    """Name groups of items by the words and categories that their typical items share.

    With the share p of a group's typicality, and the share q of all that is wanted, that a word's
    items hold, the words with the highest ``p ln(p / q)`` make the name.

    Parameters
    ----------
    scores : ndarray of float32, shape (n_groups, n_items)
        From `typical.typicality`; items below 0 do not count.
    items : pyarrow.Table
        With `title` and `category`, one row for each item row.
    wanted : ndarray, shape (n_items,)
        How much all people want each item, such as how many of them.

    Returns
    -------
    list of str, length n_groups
        Such as "Lamps, paper lantern, candle", or "Mixed: lamps, mug" where nothing is very
        typical; no name occurs twice.

    Examples
    --------
    >>> lamps = [{"title": t, "category": "Lamps"} for t in ("Red lantern", "Blue lantern")]
    >>> mug = {"title": "Mug", "category": "Kitchen"}
    >>> by_item = np.array([[1, 1, 0], [0, 0, 1]], dtype=np.float32)
    >>> names(by_item, pa.Table.from_pylist([*lamps, mug]), wanted=np.ones(3))
    ['Lamps', 'Kitchen']
    """
    phrases, holds = _phrases(items)
    typical = np.maximum(scores, 0)
    shares = (typical / np.maximum(typical.sum(axis=1, keepdims=True), 1e-9)) @ holds
    overall = (wanted / max(float(wanted.sum()), 1e-9)) @ holds
    said = np.where(shares > 0, shares, 1) / np.where(overall > 0, overall, 1)
    telling = np.where(shares > overall, shares * np.log(said), 0)
    by_phrase = holds.tocsc()
    found = [_chosen(phrases, by_phrase, *one) for one in zip(shares, telling, strict=True)]
    return _told_apart(found, is_mixed=scores.max(axis=1, initial=0) < _DISTINCT)


def _phrases(items: pa.Table) -> tuple[list[str], sp.csr_array]:
    """Find all words, pairs of neighbouring words and categories, and which items have them."""
    titles, categories = items["title"].to_pylist(), items["category"].to_pylist()
    of_item = [
        sorted({*_of_title(title or ""), *_of_category(category or "")})
        for title, category in zip(titles, categories, strict=True)
    ]
    phrases = sorted({phrase for one in of_item for phrase in one})
    place = {phrase: at for at, phrase in enumerate(phrases)}
    columns = [place[phrase] for one in of_item for phrase in one]
    indptr = np.cumsum([0, *map(len, of_item)])
    marks = (np.ones(len(columns), dtype=np.float32), columns, indptr)
    return phrases, sp.csr_array(marks, shape=(len(of_item), len(phrases)))


def _of_title(title: str) -> Iterator[str]:
    words = _words(title)
    yield from words
    # "cake tins" is a phrase; "set of" and "three cake" are none.
    for part in _PART.split(title.lower()):
        neighbours = pairwise(_WORD.findall(part))
        yield from (f"{a} {b}" for a, b in neighbours if a != b and {a, b} <= set(words))


def _words(text: str) -> list[str]:
    found = _WORD.findall(text.lower())
    return [word for word in found if len(word) >= _SHORTEST and word not in _SAYS_NOTHING]


def _of_category(path: str) -> list[str]:
    # As the shop writes it; what is in there says more than the words of one title.
    return [level.strip() for level in path.split(CATEGORY_SEPARATOR) if level.strip()]


def _chosen(
    phrases: Sequence[str],
    holds: sp.csc_array,
    shares: NDArray[np.float32],
    telling: NDArray[np.float32],
) -> list[str]:
    """Choose the most telling phrases, each as narrow as it may be, that say different things."""
    best = np.argsort(-telling, kind="stable")[:_LOOKED_AT]
    best = best[telling[best] > _STILL_TELLING * telling.max(initial=0)]
    together = (holds[:, best].T @ holds[:, best]).toarray()
    n_items = together.diagonal()
    # All that has the one has the other too: "cake tins" lies within "cake".
    within = together == n_items[:, None]
    is_pair = np.array([" " in phrases[at] for at in best], dtype=np.bool_)
    is_finer = (n_items[:, None] < n_items) | (is_pair[:, None] & ~is_pair)
    narrower = within & is_finer & (shares[best][:, None] >= _MOSTLY * shares[best])
    chosen: list[int] = []
    for broad in range(len(best)):
        at = int(narrower[:, broad].argmax()) if narrower[:, broad].any() else broad
        said = [one for one in chosen if within[at, one] or within[one, at]]
        if not said and not any(_alike(phrases[best[at]], phrases[best[one]]) for one in chosen):
            chosen.append(at)
    return [phrases[best[one]] for one in chosen]


def _alike(one: str, other: str) -> bool:
    """Tell whether two phrases share a word, be it in another number: dress and dresses."""
    pairs = product(_stems(one), _stems(other))
    return any(first.startswith(second) or second.startswith(first) for first, second in pairs)


def _stems(phrase: str) -> list[str]:
    return [word.removesuffix("s") for word in _words(phrase)]


def _told_apart(found: Sequence[Sequence[str]], *, is_mixed: NDArray[np.bool_]) -> list[str]:
    """Join each name's words; where two came out the same, the later takes a further word."""
    told: list[str] = []
    for words, mixed in zip(found, is_mixed.tolist(), strict=True):
        name = _joined(words[:_WORDS_IN_A_NAME], mixed=mixed)
        if name in told:
            name = _joined(words[: _WORDS_IN_A_NAME + 1], mixed=mixed)
        told.append(name if name not in told else f"{name} ({len(told) + 1})")
    return told


def _joined(words: Sequence[str], *, mixed: bool) -> str:
    text = ", ".join(words)
    if mixed or not text:
        return f"Mixed: {text}".removesuffix(": ")
    return text[0].upper() + text[1:]
