"""Filter strings: ``metadata.x > 3``, ``has tag.melt``, ``created < 2d``."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from whence.base.dotted import NAME, name_parts
from whence.base.error import UserError
from whence.base.problem import Problem, did_you_mean
from whence.records.condition import AllOf, AnyOf, Condition, Not, all_of
from whence.records.criterion import (
    COLUMNS,
    STATUS,
    TIMES,
    Alert,
    Holds,
    OutputPath,
    Said,
    Status,
    Tag,
    Text,
    Time,
    Took,
    tagged,
)
from whence.records.period import length, moment, period
from whence.records.sql import Sql, checked
from whence.records.value import Value, number_of

if TYPE_CHECKING:
    from whence.records.reader import Records

_KEY = rf"(?P<key>{NAME})"
_HAS = re.compile(r"has\s+(?P<not>not\s+)?tag\.(?P<tag>\S.*)")
_EXISTS = re.compile(rf"{_KEY}\s+(?P<not>not\s+)?exists")
_CONTAINS = re.compile(rf"{_KEY}\s+(?P<not>not\s+)?contains\s+(?P<value>.+)")
_COMPARE = re.compile(rf"{_KEY}\s*(?P<operator>==|!=|<=|>=|~=|=~|<|>|=|~)\s*(?P<value>.*)")
_WORD = re.compile(rf"(?P<not>not\s+)?{_KEY}")
_VALUES = {"==": "eq", "=": "eq", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "~=": "isclose"}
_ORDERS = frozenset({"<", "<=", ">", ">="})
_SPACES = {"metadata": "meta", "params": "param", "parameters": "param", "param": "param"}
_TEXTS = {
    **{name: name for name in (*COLUMNS, "label", "description", "reason", "outcome", "version")},
    "folder.path": "folder",
    "script": "main_file",
    "main_file": "main_file",
    "script_arguments": "script_arguments",
    "task": "task_name",
    "task_name": "task_name",
    "system.hostname": "host",
}
_TIMES = {**{name: name for name in TIMES}, "modified": "last", "timestamp": "created"}
_SINGLE = ("status", "tag", "artifact.id", "artifact.digest")
_SPANS = ("duration", "took")
_SAID = ("event.message", "text", "output")
_PATHS = ("output.path", "artifact.path", "outputpath")
_JOINED = re.compile(
    rf"[^'\"~\[({{]*?(?:\s(?P<word>and|or|&&?|\|\|?)|,)\s+(?:not\s+)?"
    rf"(?:has\s+(?:not\s+)?tag\.|{NAME}\s*(?:[=!<>~]|\s(?:not\s+)?(?:contains|exists)\b)).*",
    re.IGNORECASE | re.DOTALL,
)
FIELDS = (*_TEXTS, *_TIMES, *_SINGLE, *_SPANS, "alert.name", "alert.status", "output.path",
          "event.message", "text")  # fmt: skip
"""What a filter string can ask for besides parameters, metadata and tags."""


def condition_of(text: str) -> Condition:
    """The condition that a filter string spells.

    Parameters
    ----------
    text : str
        ``KEY OPERATOR VALUE``, where the key is a field of records, ``metadata.<key>``,
        ``params.<key>`` or just the name of either; ``alert.<name> == critical`` or ``ok``;
        ``KEY exists``; ``has tag.<tag>``; a folder like ``/melt``; or a tag. The value goes on to
        the end of the text. ``not`` before it turns it around.

    Raises
    ------
    UserError
        If it is none, or the operator does not fit the field.

    Examples
    --------
    >>> condition_of("metadata.x > 3")
    Value(space='meta', key='x', operator='gt', wanted=3)
    >>> condition_of("has not tag.melt")
    Not(inner=Tag(tag='melt'))
    """
    if not isinstance(text, str) or not text.strip():
        raise UserError.of("bad-filter", f"a filter is a text, not {text!r}", mend=_MEND)
    text = checked(text).strip()
    if text.startswith("/"):
        return Text("folder", "below", text)
    if joined := _JOINED.fullmatch(text):
        word = joined["word"] or ","
        raise UserError.of("bad-filter", f"{text!r} has more than one condition in it",
                           mend=_ALTERNATIVE if word[0] in "oO|" else _EACH)  # fmt: skip
    for pattern, read in _FORMS:
        match = pattern.fullmatch(text)
        if match:
            return read(match)
    if (inner := text.removeprefix("not ")) != text:
        return ~condition_of(inner)
    from whence.records.slip import meant  # only where something is wrong

    raise UserError.of("bad-filter", f"{text!r} is not a filter", mend=meant(text) or _MEND)


def conditions_of(texts: str | Iterable[str]) -> Condition:
    """All that the filter strings spell; every problem of them is told at once."""
    found: list[Condition] = []
    problems: list[Problem] = []
    for text in [texts] if isinstance(texts, str) else texts:
        try:
            found.append(condition_of(text))
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(*problems)
    return all_of(*found)


def matching(key: str, pattern: str) -> Condition:
    """Having that field, parameter or metadata, with the regular expression in it.

    Raises
    ------
    UserError
        If the field is none, or has no text, or the pattern is none.
    """
    if not isinstance(key, str) or re.fullmatch(NAME, key) is None:
        raise UserError.of("bad-name", f"{key!r} is not the name of a field or a parameter")
    space, name = _place(key)
    if space:
        return _value(space, name, "regex", (pattern,))
    if _is_text(key):
        return Text(_TEXTS.get(key, key), "regex", pattern)
    if _is_field(key) or key in (*_TIMES, *_SPANS):
        raise _wrong("~", key)
    return _value(None, key, "regex", (pattern,))


@dataclass(frozen=True, slots=True)
class Bare(Condition):
    """A condition on what is just named, which must be a parameter or metadata of some run."""

    key: str
    inner: Condition

    def sql(self, records: Records) -> Sql:
        """That of the condition.

        Raises
        ------
        UserError
            If no run has anything of that name, but there is a field of a similar one.
        """
        known = any(
            records.names.of(space, self.key, below=below)
            for space in ("param", "meta")
            for below in (False, True)
        )
        if not known and self.key.startswith("metrics."):
            raise no_metric(self.key, "asked for")
        near = None if known else did_you_mean(self.key, [*FIELDS, *records.names.all()])
        if near:
            raise UserError.of(
                "unknown-field",
                f"no run on record has a parameter or metadata {self.key!r}",
                mend=f"{near} `params.{self.key}` and `metadata.{self.key}` ask without this hint.",
            )
        return self.inner.sql(records)


@dataclass(frozen=True, slots=True)
class Word(Condition):
    """What a single word means: a tag; where no run has it, a part of ids or names."""

    text: str

    def sql(self, records: Records) -> Sql:
        """That of the first reading that some run fits.

        Raises
        ------
        UserError
            If no run fits any.
        """
        called = AnyOf(tuple(Text(name, "contains", self.text) for name in ("id", "name")))
        for reading in (Tag(self.text), called):
            if records.select(reading, 1)[0]:
                return reading.sql(records)
        raise UserError.of(
            "no-run-fits",
            f"no run has {self.text!r} as a tag, or in its id or name",
            mend=self._near(records) or _MEND,
        )

    def _near(self, records: Records) -> str | None:
        from whence.records.neighbour import near_run  # only where something is wrong

        tags = [tag for (tag,) in records.connection.execute("SELECT DISTINCT tag FROM tag")]
        near = did_you_mean(self.text, [*tags, *STATUS, *records.names.all()])
        return near or near_run(records.connection, self.text)


def word_of(text: str) -> Word | None:
    """The single word that a text is, unless that means a status."""
    match = _WORD.fullmatch(text.strip())
    if match is None or match["not"] or text.strip().startswith("/"):
        return None
    word = _unquoted(match["key"])
    return Word(word) if isinstance(tagged(word), Tag) else None


_MEND = (
    "Write for example 'metadata.x > 3', 'status == failed', 'has tag.melt', 'created < 2d', "
    "'name contains melt', 'params.model exists'."
)


def no_metric(key: str, what: str) -> UserError:
    """The error of a metric where only what is in the index can be asked for."""
    name = key.partition(".")[2]
    return UserError.of(
        "no-index-of-metrics",
        f"runs cannot be {what} by their metrics, which the index does not hold",
        mend=f"Note what matters as metadata, run.update_metadata({{{name!r}: value}}), and ask "
        f"for metadata.{name}. `whence list --columns +metrics.{name}` shows the metric; in Python "
        "Client().get_runs(metrics=True, output_format='dataframe') has it as "
        f"'metrics.{name}.last'.",
    )


_EACH = (
    "Give each as a filter of its own, as in `whence list 'metadata.x > 0' 'metadata.x < 2'`; put "
    "a text with such words in it in quotation marks."
)
_ALTERNATIVE = (
    "In Python: view.filter.any_of('metadata.x < 0', 'metadata.x > 2'); put a text with such words "
    "in it in quotation marks."
)


def _has(match: re.Match[str]) -> Condition:
    found = tagged(_unquoted(match["tag"].strip()))
    return Not(found) if match["not"] else found


def _exists(match: re.Match[str]) -> Condition:
    found = _held(*_place(match["key"]))
    return Not(found) if match["not"] else found


def _held(space: str | None, key: str) -> Condition:
    """Having a value of that name."""
    if space:
        return _value(space, key, "exists")
    if _is_text(key):
        return Text(_TEXTS.get(key, key), "exists")
    if key in _TIMES:
        return Time(_TIMES[key])
    if key in _SPANS:
        return Took()
    if key == "status":
        return AllOf()
    if key == "tag":
        return Tag(None)
    if key.startswith("alert."):
        return Alert(_alert_name(key))
    if key in (*_SINGLE, *_SAID, *_PATHS):
        raise _wrong("exists", key)
    return _value(None, key, "exists")


def _contains(match: re.Match[str]) -> Condition:
    space, key = _place(match["key"])
    other, wanted = bool(match["not"]), _unquoted(match["value"].strip())
    if space:
        return _value(space, key, "contains", (wanted,), other)
    if key in _SAID:
        return _not(Said(wanted), other)
    if key in _PATHS:
        return _not(OutputPath(wanted), other)
    if key == "alert.name":
        return _not(Alert(wanted, "contains"), other)
    if _is_text(key):
        found = Text(_TEXTS.get(key, key), "contains", wanted)
        return _but(key, found) if other else found
    if key in (*_SINGLE, *_TIMES, *_SPANS) or key.startswith("alert."):
        raise _wrong("contains", key)
    return _value(None, key, "contains", (wanted,), other)


def _not(found: Condition, turned: bool) -> Condition:
    return Not(found) if turned else found


def _but(key: str, found: Condition) -> Condition:
    """Having a field that is another; what has none is not kept, as no comparison with it holds."""
    return all_of(_held(None, key), Not(found))


def _value(
    space: str | None, key: str, operator: str, wanted: tuple[Any, ...] = (), other: bool = False
) -> Condition:
    """Having a parameter or metadata that compares so with one of these; or one, but no such."""
    found: list[Condition] = []
    for each in (space,) if space else ("param", "meta"):
        parts = [Value(each, key, operator, one, numerals=True) for one in wanted or (None,)]
        one = parts[0] if len(parts) == 1 else AnyOf(tuple(parts))
        found.append(all_of(Value(each, key, "exists"), Not(one)) if other else one)
    return found[0] if space else Bare(key, AnyOf(tuple(found)))


def _compare(match: re.Match[str]) -> Condition:
    space, key = _place(match["key"])
    operator, text = match["operator"], match["value"].strip()
    if not text:
        raise UserError.of("bad-filter", f"{match[0]!r} compares with nothing", mend=_MEND)
    _check_operator(match, text)
    if operator in ("~", "=~"):
        return matching(match["key"], _unquoted(text))
    if not space and key in _TIMES:
        return _time(key, operator, text)
    if not space and key in _SPANS:
        return _took(key, operator, text)
    if not space and _is_field(key):
        return _field(key, operator, text)
    wanted = _parsed(text)
    same = operator in ("==", "=", "!=")  # with the text itself as well
    both = (wanted, text) if same and not isinstance(wanted, str) else (wanted,)
    return _value(space, key, _VALUES.get(operator, "eq"), both, other=operator == "!=")


def _check_operator(match: re.Match[str], text: str) -> None:
    """Raise for ``>>``, ``=>`` and the like, which would compare with the text ``> 3``."""
    operator, beyond = match["operator"], text[:1] in "<>=!~"
    joined = match.start("value") == match.end("operator")
    if beyond and (operator in _ORDERS or (joined and "~" not in operator)):
        written = f"{operator}{text.split()[0]}" if joined else f"{operator} {text.split()[0]}"
        raise UserError.of(
            "bad-filter",
            f"{match[0]!r} has no operator that there is: {written!r}",
            mend="There are ==, !=, <, <=, >, >=, ~= (close to) and ~ (a regular expression); "
            "put a text that begins like one in quotation marks.",
        )


def _is_text(key: str) -> bool:
    return key in _TEXTS or key.startswith("system.")


def _is_field(key: str) -> bool:
    return _is_text(key) or key in _SINGLE or key.startswith("alert.")


def _field(key: str, operator: str, text: str) -> Condition:
    if operator not in ("==", "=", "!="):
        raise _wrong(operator, key)
    found, other = _same(key, _unquoted(text)), operator == "!="
    if key in ("tag", "alert.name") or key.startswith("artifact."):  # of which runs have several
        return _not(found, other)
    return _but(key, found) if other else found


def _same(key: str, wanted: str) -> Condition:
    """Having a field that is this."""
    if key == "status":
        return Status(wanted)
    if key == "tag":
        return tagged(wanted)
    if key.startswith("artifact."):
        return Holds(wanted)
    if key == "alert.name":
        return Alert(wanted)
    if key.startswith("alert."):
        return Alert(_alert_name(key), status=wanted)
    if key == "user" and wanted == "self":
        wanted = _own_name()
    if _TEXTS.get(key) == "folder":
        wanted = "/" + wanted.strip("/")
    return Text(_TEXTS.get(key, key), "is", wanted)


def _took(key: str, operator: str, text: str) -> Condition:
    """In seconds, or with a unit."""
    wanted = _parsed(text)
    seconds = float(wanted) if type(wanted) in (int, float) else length(_unquoted(text))
    if operator not in (*_ORDERS, "==", "=", "!="):
        raise _wrong(operator, key)
    return Took(operator.replace("==", "="), seconds)


def _alert_name(key: str) -> str:
    """The alert that ``alert.<name>`` means: any, for ``alert.status``."""
    name = key.partition(".")[2]
    return "" if name in ("status", "name") else ".".join(map(str, name_parts(name)))


def _time(key: str, operator: str, text: str) -> Condition:
    """``created < 3h`` is within the last three hours; compared with dates it is as it reads."""
    name, wanted = _TIMES[key], _unquoted(text)
    if re.fullmatch(r"\d+(\.\d+)?\s*[a-z]+", wanted):
        if operator not in ("<", "<=", ">", ">="):
            raise _wrong(operator, key)
        since = time.time() - length(wanted)
        return Time(name, since) if operator in ("<", "<=") else Time(name, None, since)
    span = period(wanted)
    ways: dict[str, Callable[[], Condition]] = {
        "<": lambda: Time(name, None, moment(wanted)),
        "<=": lambda: Time(name, None, span.end),
        ">": lambda: Time(name, span.end),
        ">=": lambda: Time(name, span.start),
        "==": lambda: Time(name, span.start, span.end),
        "=": lambda: Time(name, span.start, span.end),
        "!=": lambda: _but(key, Time(name, span.start, span.end)),
    }
    if operator not in ways:
        raise _wrong(operator, key)
    return ways[operator]()


def _word(match: re.Match[str]) -> Condition:
    found = tagged(_unquoted(match["key"]))
    return Not(found) if match["not"] else found


def _place(key: str) -> tuple[str | None, str]:
    """Where a key is, if it says so, and its name there."""
    first, _, rest = key.partition(".")
    return (_SPACES[first], rest) if rest and first in _SPACES else (None, key)


def _parsed(text: str) -> Any:
    number = number_of(text)
    if number is not None:
        return number
    words = {"true": True, "false": False, "none": None, "null": None}
    if text.lower() in words:
        return words[text.lower()]
    if text[:1] in "[{":
        try:
            return json.loads(text)
        except ValueError:
            return text
    return _unquoted(text)


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def _own_name() -> str:
    from whence.store.process import user_name

    return user_name() or str(os.getuid())


def _wrong(operator: str, key: str) -> UserError:
    times = "a date like 2020-09-12, or within the last like 3h, 2d, 1y, with <, <=, > or >="
    texts = "==, !=, contains or ~ (a regular expression)" if _is_text(key) else "== or !="
    if key in _SPANS:
        texts = "seconds, or a time like 3h, with ==, !=, <, <=, > or >="
    if key.startswith("artifact."):
        texts = "== or !=, with the digest or its first digits"
    return UserError.of(
        "wrong-operator",
        f"{operator!r} cannot be used for {key!r}",
        mend=f"Compare it with {times if key in _TIMES else texts}. A parameter of that name is "
        f"`params.{key}`.",
    )


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Condition]], ...] = (
    (_HAS, _has),
    (_EXISTS, _exists),
    (_CONTAINS, _contains),
    (_COMPARE, _compare),
    (_WORD, _word),
)
