"""Conditions on parameters and metadata: compared by value, at any depth, typed.

Numbers compare with numbers, text with text; a record whose value is of another kind, or that has
none, is not kept. Of an array every element must fit.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from whence.base.dotted import join_key
from whence.base.error import UserError
from whence.base.escape import decode, encode
from whence.base.problem import did_you_mean
from whence.params import flatten
from whence.records import sql
from whence.records.condition import AllOf, Condition
from whence.records.criterion import compiled
from whence.records.sql import Sql, checked
from whence.store import cell, leaves
from whence.store.leaf import ARRAY, DIGITS, LIST, LONG, LONGEST_RANGE, TEXT, listed

if TYPE_CHECKING:
    from whence.records.reader import Records

_SIGNS = {"eq": "=", "ge": ">=", "le": "<=", "gt": ">", "lt": "<"}
_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ge": lambda a, b: a >= b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "lt": lambda a, b: a < b,
    "isclose": lambda a, b: _close(b)[0] <= a <= _close(b)[1],
}
OPERATORS = (*_HOLDS, "contains", "regex", "exists")

_RTOL, _ATOL = 1e-5, 1e-8
_PLAIN = "CASE WHEN text < ? THEN text WHEN text < ? THEN substr(text, 3) END"


@dataclass(frozen=True, slots=True)
class Value(Condition):
    """Having a parameter or metadata whose value compares so.

    Parameters
    ----------
    space : {"param", "meta"}
    key : str
        The dotted name; ``inputs`` levels of task descriptions may be left out.
    operator : {"eq", "ge", "le", "gt", "lt", "isclose", "contains", "regex", "exists"}
    wanted : object
        What it is compared with.
    numerals : bool
        Whether a text that reads as a number is that number, where a number is wanted.

    Raises
    ------
    UserError
        If the operator does not exist, or cannot be used with such a value.
    """

    space: str
    key: str
    operator: str
    wanted: Any = None
    numerals: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.key, str) or not self.key:
            raise UserError.of("bad-name", f"the name of a parameter is a text, not {self.key!r}")
        if self.operator not in OPERATORS:
            raise UserError.of(
                "unknown-operator",
                f"there is no operator {self.operator!r} for the parameter {self.key!r}",
                mend=did_you_mean(self.operator, OPERATORS) or f"Known: {', '.join(OPERATORS)}.",
            )
        checked(self.key)
        wanted = _plain(self.wanted)
        if isinstance(wanted, str):
            checked(wanted)
        if self.operator == "regex":
            compiled(wanted)
        if self.operator == "contains" and not isinstance(wanted, str):
            wanted = str(wanted)
        _refuse_wrong(self.operator, self.key, wanted)
        if self.operator == "eq":
            encode(wanted, (self.key,))
        object.__setattr__(self, "wanted", wanted)

    def sql(self, records: Records) -> Sql:
        """Rows of ``param`` under the names that the key can mean."""
        names = records.names.of(self.space, self.key)
        if self.operator == "exists":
            names = names + records.names.of(self.space, self.key, below=True)
        if self.operator == "eq" and isinstance(self.wanted, dict) and self.wanted:
            return self._mapping(records)
        if not names:
            return sql.NONE
        found = [under(names, *one) for one in self.scalars()]
        if self.operator != "exists":
            found += [_of_texts(names, texts) for texts in [self.texts(records, names)] if texts]
        return sql.join(found) if found else sql.NONE

    def scalars(self) -> Iterator[tuple[Any, ...]]:
        """What is asked of rows that hold one value, with the values for the question marks."""
        wanted, operator = self.wanted, self.operator
        if operator == "exists":
            yield ("1",)
        elif operator == "contains":
            yield f"instr({_PLAIN}, ?)", TEXT, ARRAY, wanted
        elif isinstance(wanted, list) or operator == "regex":
            return
        elif operator == "isclose":
            yield "num BETWEEN ? AND ?", *_close(wanted)
        else:
            num, text = cell(wanted)
            if operator == "eq":
                yield from _equal(num, text, wanted)
            elif num is not None:
                yield f"num {_SIGNS[operator]} ?", num
            elif text is not None and text < LIST:
                yield f"text {_SIGNS[operator]} ? AND text < ?", text, LIST

    def texts(self, records: Records, names: list[int]) -> list[str]:
        """The texts under these names that compare so and are looked at here, each once."""
        if self.operator == "regex":
            search = compiled(self.wanted).search
            found = _distinct(records, names, "text < ?", ARRAY)
            found = [text for text in found if search(text[2:] if text >= TEXT else text)]
        elif self.operator == "contains":
            found = []
        else:
            found = _distinct(records, names, "text >= ? AND text < ?", LIST, LONG)
            found = [text for text in found if self._fits(decode(orjson.loads(text[2:])))]
            if self.numerals and isinstance(self.wanted, int | float):
                told = _distinct(records, names, "text < ?", LIST)
                found += [text for text in told if self._fits(number_of(text))]
        return [*found, *self._long(records, names)]

    def _fits(self, value: Any) -> bool:
        """Whether a list or an array compares so."""
        if self.operator not in ("contains", "regex"):
            return _fits(self.operator, _plain(value), self.wanted)
        text = listed(value)
        if text is None:
            return False
        return (
            self.wanted in text
            if self.operator == "contains"
            else (compiled(self.wanted).search(text) is not None)
        )

    def _long(self, records: Records, names: list[int]) -> Iterator[str]:
        """Of lists whose digest alone is in the index, those that fit: one record is asked."""
        for text in _distinct(records, names, "text >= ? AND text < ?", LONG, DIGITS):
            key, name = records.connection.execute(
                "SELECT run, name.name FROM param JOIN name ON name.id = param.name "
                f"WHERE {_is_under(names)} AND text = ? LIMIT 1",
                (text,),
            ).fetchone()
            record = records.of_keys([key])[0]
            held = record.parameters if self.space == "param" else record.metadata
            if self._fits(flatten(held)[name]):
                yield text

    def meet(self, other: Condition) -> Condition | None:
        """Greater and less than numbers, of one name: one range."""
        if not isinstance(other, Value) or not self._is_bound or not other._is_bound:
            return None
        same = (self.space, self.key) == (other.space, other.key)
        return Range((self, other)) if same else None

    @property
    def _is_bound(self) -> bool:
        number = isinstance(self.wanted, int | float) and self.wanted == self.wanted
        return number and self.operator in ("ge", "le", "gt", "lt")

    def _mapping(self, records: Records) -> Sql:
        """All leaves of the mapping, and no other leaf below the key."""
        names = {name: join_key(self.key, name) for name in leaves(encode(self.wanted))}
        wanted = {key for name in names.values() for key in records.names.of(self.space, name)}
        below = records.names.of(self.space, self.key, below=True)
        wanted |= records.names.noise(below)
        others = [key for key in below if key not in wanted]
        parts: list[Condition] = [
            Value(self.space, names[name], "eq", value)
            for name, value in flatten(self.wanted).items()
        ]
        found = AllOf(tuple(parts)).sql(records)
        if others:
            return sql.meet([found], [under(others, "1")])
        return found


@dataclass(frozen=True, slots=True)
class Range(Condition):
    """Several bounds of one value."""

    bounds: tuple[Value, ...]

    def sql(self, records: Records) -> Sql:
        """One range of rows, and the lists that are in all of them."""
        first = self.bounds[0]
        names = records.names.of(first.space, first.key)
        if len(names) != 1:  # a record may have one value here and another there
            return sql.meet([bound.sql(records) for bound in self.bounds])
        asked = [scalar for bound in self.bounds for scalar in bound.scalars()]
        text = " AND ".join(condition for condition, *_ in asked)
        found = under(names, text, *(value for _, *values in asked for value in values))
        texts = set(first.texts(records, names))
        for bound in self.bounds[1:] if texts else ():
            texts &= set(bound.texts(records, names))
        return sql.join([found, _of_texts(names, sorted(texts))]) if texts else found

    def meet(self, other: Condition) -> Condition | None:
        """One more bound."""
        if self.bounds[0].meet(other) is not None and isinstance(other, Value):
            return Range((*self.bounds, other))
        return None


def number_of(text: str) -> int | float | None:
    """The number that a text reads as, if it does.

    Examples
    --------
    >>> number_of("3"), number_of("1e-3"), number_of("1_0"), number_of("3 kg")
    (3, 0.001, None, None)
    """
    for kind in (int, float):
        try:
            return kind(text.replace("_", "x"))  # digits may have no underscores between them here
        except ValueError:
            continue
    return None


def under(names: list[int], asked: str, *values: Any) -> Sql:
    """The runs with a row under one of these names of which that is true."""
    what = "run" if len(names) == 1 else "DISTINCT run"
    return Sql(f"SELECT {what} FROM param WHERE {_is_under(names)} AND {asked}", values)


def _is_under(names: list[int]) -> str:
    if len(names) == 1:
        return f"param.name = {names[0]}"
    return f"param.name IN ({','.join(map(str, names))})"


def _of_texts(names: list[int], texts: list[str]) -> Sql:
    return under(names, "text IN (SELECT value FROM json_each(?))", sql.texts(texts))


def _distinct(records: Records, names: list[int], asked: str, *values: str) -> list[str]:
    """The texts under these names of which that is true."""
    text = f"SELECT DISTINCT text FROM param WHERE {_is_under(names)} AND {asked}"
    return [row[0] for row in records.connection.execute(text, values)]


def _equal(num: float | None, text: str | None, wanted: Any) -> Iterator[tuple[Any, ...]]:
    """What rows must be that hold exactly this."""
    if num is None and text is None:
        yield ("num IS NULL AND text IS NULL",)
    elif num is None:
        yield "text = ?", text
    elif -(2**63) <= num < 2**63 or math.isinf(num):
        yield "num = ?", num
    else:  # floats and integers, which are held by their digits
        yield "text = ?", text or f"{DIGITS}{int(num)}"
        if num == wanted:
            yield "num = ? AND text IS NULL", num


def _refuse_wrong(operator: str, key: str, wanted: Any) -> None:
    """Raise for what has no order, before a record is looked at."""
    if operator not in ("ge", "le", "gt", "lt", "isclose"):
        return
    items = wanted if isinstance(wanted, list) else [wanted]
    for item in items:
        if isinstance(item, list):
            _refuse_wrong(operator, key, item)
            continue
        number = isinstance(item, (int, float))
        if not number and (operator == "isclose" or not _is_text(item)):
            what = "close to" if operator == "isclose" else "less or greater than"
            raise UserError.of(
                "wrong-operator",
                f"nothing is {what} {item!r}, so {operator} cannot be used for {key!r}",
                mend="Use eq, or give a number.",
            )


def _is_text(value: Any) -> bool:
    """Whether the index has it as a text, as it has dates and paths too."""
    _, text = cell(value)
    return text is not None and text < LIST


def _close(wanted: float) -> tuple[float, float]:
    """The least and the greatest that is close, as for `numpy.isclose`."""
    if wanted != wanted or wanted in (math.inf, -math.inf):
        return wanted, wanted
    most = sys.float_info.max
    middle = float(max(-most, min(wanted, most)))
    room = _ATOL + _RTOL * abs(middle)
    return max(-most, middle - room), min(middle + room, most)


def _fits(operator: str, found: Any, wanted: Any) -> bool:
    if isinstance(found, list):
        if isinstance(wanted, list):
            return len(found) == len(wanted) and all(
                _fits(operator, a, b) for a, b in zip(found, wanted, strict=True)
            )
        return bool(found) and all(_fits(operator, item, wanted) for item in found)
    if isinstance(wanted, list):
        return False
    if isinstance(found, str) is not isinstance(wanted, str):
        return False
    try:
        return bool(_HOLDS[operator](found, wanted)) or (
            operator == "eq" and found != found and wanted != wanted
        )
    except TypeError:
        return False


def _plain(value: Any) -> Any:
    """Arrays, tuples and sets as lists, NumPy's numbers as Python's, at all levels."""
    if type(value).__module__.partition(".")[0] == "numpy":
        if value.dtype.kind in "mM":  # as the index has them
            value = value.astype(str)
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, range):
        return list(value) if len(value) <= LONGEST_RANGE else value
    if isinstance(value, (set, frozenset)):
        return [_plain(decode(item)) for item in _listed(value)]
    return value


def _listed(value: Any) -> list[Any]:
    items: list[Any] = encode(value)["$set" if isinstance(value, set) else "$frozenset"]
    return items
