"""Filters: a text that says which items may be shown, compiled once and asked often."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from serving.filters.checking import check
from serving.filters.evaluation import evaluate
from serving.filters.parameters import checked, require_names
from serving.filters.parsing import parse
from serving.filters.predicates import Column, Parameter, Predicate, conditions

_MOST_KEPT: Final = 512


@dataclass(frozen=True, slots=True)
class Filter:
    """A compiled filter; `str` gives its canonical text, which compiles to an equal filter.

    Parameters
    ----------
    predicate : Predicate
        What it says.
    """

    predicate: Predicate

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names, each once, in its order."""
        return self._names(Column)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters that it names, each once, in its order."""
        return self._names(Parameter)

    def check(self, schema: pa.Schema) -> None:
        """Refuse a catalogue that it does not fit, before any parameter is known.

        Parameters
        ----------
        schema : pyarrow.Schema
            The catalogue's columns.

        Raises
        ------
        UnknownColumn
            It names a column that the catalogue lacks; the details list the near names.
        InvalidFilter
            It compares a column with what that does not hold.
        """
        check(self.predicate, schema)

    def mask(self, table: pa.Table, params: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Say which items pass.

        Parameters
        ----------
        table : pyarrow.Table
            The catalogue, a row for each of n items.
        params : mapping of str to str, int, float, bool, None or a list of those
            A value for each parameter, and no more.

        Returns
        -------
        ndarray of bool, shape (n,)
            True where the filter is true; False where it is false or unknown.

        Raises
        ------
        UnknownColumn
            It names a column that the table lacks.
        InvalidFilter
            A value is not of the kind that its column holds, or a parameter is missing, unused,
            not finite or of no type that a filter takes.
        """
        given = checked(params)
        require_names(given, self.parameters)
        check(self.predicate, table.schema)
        true = pc.fill_null(evaluate(self.predicate, table, given), fill_value=False)
        mask: NDArray[np.bool_] = true.to_numpy(zero_copy_only=False)
        return mask

    def _names(self, of: type[Column | Parameter]) -> tuple[str, ...]:
        operands = (one for leaf in conditions(self.predicate) for one in leaf.operands)
        return tuple(dict.fromkeys(one.name for one in operands if isinstance(one, of)))

    def __str__(self) -> str:
        return str(self.predicate)


@lru_cache(maxsize=_MOST_KEPT)
def compile_filter(text: str) -> Filter:
    """Compile a filter, or give the one that was compiled of the same text.

    Parameters
    ----------
    text : str
        In the language of `serving.filters`.

    Raises
    ------
    InvalidFilter
        The text is no filter, or too long or too deep; the message says where and what was
        expected.

    Examples
    --------
    >>> lamps = compile_filter("price<:max and category like 'Home > Lamps%'")
    >>> print(lamps)
    price < :max AND category LIKE 'Home > Lamps%'
    >>> lamps.columns, lamps.parameters
    (('price', 'category'), ('max',))
    >>> table = pa.table({"price": [9.0, 90.0, None], "category": ["Home > Lamps"] * 3})
    >>> lamps.mask(table, {"max": 50})
    array([ True, False, False])
    """
    return Filter(parse(text))
