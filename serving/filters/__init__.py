r"""The filter language: which items may be shown, asked as SQL asks it.

::

    price < :max AND category LIKE 'Home > Lamps%' AND 'vegan' IN tags
    AND NOT (brand IN ('Acme', 'Bolt') OR colour IS NULL)

=============================  =====================================================================
``price < 9.5``                also ``=  !=  <>  <=  >  >=``; a value, a parameter or another column
``price BETWEEN 5 AND 9``      both ends count
``brand IN ('Acme', :other)``  a parameter here may be a list: ``brand IN (:brands)``
``'vegan' IN tags``            whether a column of lists holds a value
``category LIKE 'Home > %'``   a beginning; ``\%`` and ``\_`` stand for the characters themselves
``colour IS NULL``             nothing is known; so is a number that is NaN
``available``                  a column that is true or false stands alone
``NOT``, ``AND``, ``OR``       in this order of strength; parentheses group
=============================  =====================================================================

Keywords are written in any case, and IN, LIKE, BETWEEN and IS take a NOT. Texts stand in single
quotes (``''`` is one quote), columns with other letters than a word has in double quotes, and
times are texts such as ``'2024-06-01'`` or ``'2024-06-01T12:00+02:00'``; without a zone they are
UTC. As in SQL, what is asked of a NULL is unknown, and an item passes only where the whole is true.
"""

from serving.filters.filter import Filter, compile_filter
from serving.filters.masks import Masks

__all__ = ["Filter", "Masks", "compile_filter"]
