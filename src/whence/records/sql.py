"""Conditions as SQL: sets of run keys, or expressions on the rows of ``run``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from whence.base.error import UserError


@dataclass(frozen=True, slots=True)
class Sql:
    """A condition that the index can answer.

    Attributes
    ----------
    text : str
        If `is_set`, a ``SELECT`` of run keys, each once, as one column called ``run``; else an
        expression on the rows of the table ``run``.
    values : tuple
        For the question marks in the text.
    is_set : bool
    compound : bool
        Whether a set has operators in it, and so needs brackets as an operand.
    parts : tuple of Sql, optional
        Of a set that was narrowed down, that set and the expression that does it.
    """

    text: str
    values: tuple[Any, ...] = ()
    is_set: bool = True
    compound: bool = False
    parts: tuple[Sql, Sql] | None = None

    @property
    def rows(self) -> tuple[str, str, tuple[Any, ...]]:
        """What to read rows of ``run`` from, what must be true of them, and the values."""
        if not self.is_set:
            return "run", self.text, self.values
        found, narrow = self.parts or (self, ALL)
        source = f"({found.text}) AS k CROSS JOIN run ON run.key = k.run"
        return source, narrow.text, (*found.values, *narrow.values)

    @property
    def as_set(self) -> Sql:
        """The same as a set."""
        if self.is_set:
            return self
        return Sql(
            f"SELECT run.key AS run FROM run WHERE NOT run.deleted AND ({self.text})", self.values
        )

    @property
    def operand(self) -> str:
        """The text as an operand of a set operation."""
        return f"SELECT * FROM ({self.text})" if self.compound else self.text


ALL = Sql("1", is_set=False)
NONE = Sql("0", is_set=False)

_MOST = 200  # SQLite takes 500 sets in a chain, and expressions 1000 deep


def row(expression: str, *values: Any) -> Sql:
    """An expression on the rows of ``run``."""
    return Sql(expression, values, is_set=False)


def among(keys: Iterable[int]) -> Sql:
    """The runs of these keys."""
    text = orjson.dumps(list(keys)).decode()
    return Sql("SELECT value AS run FROM json_each(?)", (text,))


def meet(parts: Iterable[Sql], without: Iterable[Sql] = ()) -> Sql:
    """What is in all of the parts and in none of `without`.

    Sets meet by ``INTERSECT`` and leave by ``EXCEPT``; expressions narrow down what is left.
    """
    kept, banned = list(parts), list(without)
    rows = [part for part in kept if not part.is_set and part != ALL]
    rows += [
        row(f"NOT ifnull(({part.text}), 0)", *part.values) for part in banned if not part.is_set
    ]
    narrow = _spoken(" AND ", rows) if rows else ALL
    sets = [part for part in kept if part.is_set]
    banned = [part for part in banned if part.is_set]
    if not sets and not banned:
        return narrow
    if banned:
        banned = [_chain("UNION", banned)]
    if not sets:
        return _chain("EXCEPT", [narrow.as_set, *banned])
    found = _chain("EXCEPT", [_chain("INTERSECT", sets), *banned])
    if narrow == ALL:
        return found
    source, where, values = Sql("", parts=(found, narrow)).rows
    text = f"SELECT run.key AS run FROM {source} WHERE {where}"
    return Sql(text, values, parts=(found, narrow))


def join(parts: Iterable[Sql]) -> Sql:
    """What is in any of the parts."""
    told = list(parts)
    if any(part.is_set for part in told):
        return _chain("UNION", [part.as_set for part in told])
    return _spoken(" OR ", told) if told else NONE


def _spoken(word: str, rows: list[Sql]) -> Sql:
    """Expressions with a word between them, nested where there are very many."""
    if len(rows) > _MOST:
        return _spoken(word, [_spoken(word, part) for part in _parts(rows)])
    text = word.join(f"({part.text})" for part in rows)
    return row(text, *(value for part in rows for value in part.values))


def _chain(operator: str, sets: list[Sql]) -> Sql:
    if len(sets) == 1:
        return sets[0]
    if len(sets) > _MOST:
        return _chain(operator, [_chain(operator, part) for part in _parts(sets)])
    text = f" {operator} ".join(part.operand for part in sets)
    return Sql(text, tuple(value for part in sets for value in part.values), compound=True)


def _parts(items: list[Sql]) -> list[list[Sql]]:
    return [items[start : start + _MOST] for start in range(0, len(items), _MOST)]


def texts(values: Iterable[str]) -> str:
    """Texts as one value, which ``json_each`` takes apart."""
    return orjson.dumps(list(values)).decode()


def checked(text: str) -> str:
    """The text, if SQLite can be asked for it.

    Raises
    ------
    UserError
        If it is none, or cannot be written in UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UserError.of("bad-text", f"{text!r} is not text in UTF-8") from error
    except AttributeError as error:
        raise UserError.of("bad-text", f"a text is looked for, not {text!r}") from error
    return text
