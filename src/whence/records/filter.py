"""The filters of a view, by name; each makes a condition from its arguments."""

from __future__ import annotations

import functools
import inspect
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from whence.base.error import UserError
from whence.base.registry import Registry
from whence.records.condition import AnyOf, Condition, Ids, Kept, Not, Test, all_of
from whence.records.criterion import OutputPath, Outputs, Printed, Said, Status, Text, Time, tagged
from whence.records.expression import condition_of, matching
from whence.records.period import length, moment, period
from whence.records.record import Record
from whence.records.task_parameter import get_task_param
from whence.records.value import Value

Filter = Callable[..., Condition]
Errors = Mapping[type[BaseException], bool | str]
FILTERS: Registry[Filter] = Registry("filter")
"""All filters: ours, and those that `record_filter` adds."""


class UnknownFilter(UserError, AttributeError, KeyError):  # noqa: N818
    """There is no filter of that name; it is an `AttributeError` too."""

    __str__ = UserError.__str__


def record_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a filter of a function that gives a predicate, for all views: a decorator.

    Parameters
    ----------
    function : callable
        Called with the arguments of the filter; gives a function of a record, or a condition. The
        filter takes ``errors`` besides, as `generic_filter` does.

    Examples
    --------
    >>> @record_filter
    ... def longer_than(seconds):
    ...     return lambda record: (record.duration or 0) > seconds
    >>> longer_than.__name__ in FILTERS
    True
    """

    @functools.wraps(function)
    def make(*args: Any, errors: Errors | None = None, **kwargs: Any) -> Condition:
        return as_condition(function(*args, **kwargs), errors)

    FILTERS.add(function.__name__, make, replace=True)
    return function


def as_condition(given: Any, errors: Errors | None = None) -> Condition:
    """A condition, a view, a filter string or a function of a record as a condition.

    Raises
    ------
    UserError
        If it is none of them.
    """
    if isinstance(given, Condition):
        return given
    if isinstance(given, str):
        return condition_of(given)
    inner = getattr(given, "condition", None)
    if isinstance(inner, Condition):
        return Kept(given.store.root, inner)
    if callable(given):
        return Test(given, dict(errors or {}))
    raise UserError.of(
        "bad-filter",
        f"{given!r} is not a filter",
        mend="Give a function of a record, a filter string like 'metadata.x > 3', or a view.",
    )


def bound(name: str) -> Callable[..., Condition]:
    """The filter of that name; wrong arguments are told in words.

    Raises
    ------
    UnknownFilter
        If there is none; it offers the nearest names.
    """
    try:
        function = FILTERS[name]
    except KeyError:
        raise UnknownFilter.of(
            "unknown-filter", f"there is no filter {name!r}", mend=FILTERS.mend(name)
        ) from None

    @functools.wraps(function)
    def make(*args: Any, **kwargs: Any) -> Condition:
        try:
            return function(*args, **kwargs)
        except TypeError:
            _check_arguments(name, function, args, kwargs)  # afterwards, as it takes its time
            raise

    return make


def _check_arguments(name: str, function: Filter, args: Any, kwargs: Any) -> None:
    signature = inspect.signature(function)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise UserError.of(
            "bad-filter-arguments",
            f"the filter {name} cannot be called so: {error}",
            mend=f"It is {name}{_shown(signature)}.",
        ) from None


def _shown(signature: inspect.Signature) -> str:
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def _words(words: tuple[Any, ...]) -> list[Any]:
    """Words given one by one, or as a set, list or tuple of them."""
    found: list[Any] = []
    for word in words:
        found += [word] if isinstance(word, str) or not isinstance(word, Iterable) else list(word)
    return found


@FILTERS("tags", "tag")
def tags(*tags: Any) -> Condition:
    """Keep records that have all of the tags; a status, as ``finished`` or ``_finished_``, too."""
    return all_of(*(tagged(word) for word in _words(tags)))


@FILTERS("tags_or")
def tags_or(*tags: Any) -> Condition:
    """Keep records that have at least one of the tags."""
    return AnyOf(tuple(tagged(word) for word in _words(tags)))


@FILTERS("tags_not")
def tags_not(*tags: Any) -> Condition:
    """Keep records that have none of the tags."""
    return Not(tags_or(*tags))


@FILTERS("status")
def status(*status: Any) -> Condition:
    """Keep records in one of the states ``created``, ``running``, ``completed`` and so on."""
    return AnyOf(tuple(Status(word) for word in _words(status)))


@FILTERS("before")
def before(date: Any, *more: int) -> Condition:
    """Keep records from before a date, without it."""
    return Time("created", None, moment(date, *more))


@FILTERS("after")
def after(date: Any, *more: int) -> Condition:
    """Keep records from a date on, with it."""
    return Time("created", moment(date, *more))


@FILTERS("on")
def on(date: Any, *more: int) -> Condition:
    """Keep records from within a year, a month or a day."""
    span = period(date, *more)
    return Time("created", span.start, span.end)


@FILTERS("created_within")
def created_within(span: str | timedelta) -> Condition:
    """Keep records made within the last ``90min``, ``3d``, ``1y`` or so."""
    return Time("created", time.time() - length(span))


@FILTERS("ended_within")
def ended_within(span: str | timedelta) -> Condition:
    """Keep records of runs that ended within the last ``90min``, ``3d``, ``1y`` or so."""
    return Time("ended", time.time() - length(span))


@FILTERS("label")
def label(text: str) -> Condition:
    """Keep records whose label or id holds the text."""
    return AnyOf((Text("id", "contains", text), Text("label", "contains", text)))


@FILTERS("ids")
def ids(*ids: Any) -> Condition:
    """Keep the records of these ids."""
    return Ids(tuple(map(str, _words(ids))))


def _add(name: str, keep: Filter, doc: str) -> None:
    """Register a filter that was made, as one that was written."""
    keep.__name__ = keep.__qualname__ = name
    keep.__doc__ = doc
    FILTERS.add(name, keep)


def _holding(field: str) -> Filter:
    def keep(text: str) -> Condition:
        return Text(field, "contains", text)

    return keep


for _name, _field, _doc in (
    ("name", "name", "name"),
    ("description", "description", "description"),
    ("reason", "reason", "reason"),
    ("outcome", "outcome", "outcome"),
    ("script", "main_file", "main file"),
    ("script_arguments", "script_arguments", "arguments"),
    ("task_name", "task_name", "task's name"),
    ("user", "user", "user"),
    ("host", "host", "host's name"),
):
    _add(_name, _holding(_field), f"Keep records whose {_doc} holds the text.")


@FILTERS("reason_not")
def reason_not(text: str) -> Condition:
    """Keep records whose reason does not hold the text."""
    return Not(Text("reason", "contains", text))


@FILTERS("outcome_not")
def outcome_not(text: str) -> Condition:
    """Keep records whose outcome does not hold the text."""
    return Not(Text("outcome", "contains", text))


@FILTERS("task")
def task(name: str) -> Condition:
    """Keep records of the task of that name; upper and lower case are the same."""
    if not isinstance(name, str):
        raise UserError.of("bad-text", f"the name of a task is a text, not {name!r}")

    exact = f"(?i:{re.escape(name)})\\Z"
    return AnyOf(
        (
            Text("task_name", "regex", rf"\A{exact}"),
            Text("script_arguments", "regex", rf"\A{exact}"),
        )
    )


@FILTERS("version")
def version(prefix: str) -> Condition:
    """Keep records of the commit that begins so."""
    return Text("version", "starts", prefix)


@FILTERS("regex")
def regex(field: str, pattern: str) -> Condition:
    """Keep records in whose field, parameter or metadata the regular expression is found."""
    return matching(field, pattern)


@FILTERS("text")
def text(words: str) -> Condition:
    """Keep records that logged or printed these words one after the other, in any case."""
    return Said(words)


@FILTERS("stdout_stderr")
def stdout_stderr(text: str) -> Condition:
    """Keep records that printed exactly this text; reads the journals, `text` does not."""
    return Printed(text)


@FILTERS("output")
def output(minimum: int = 1, maximum: int | None = None) -> Condition:
    """Keep records with so many output files."""
    return Outputs(minimum, maximum)


@FILTERS("outputpath")
def outputpath(text: str) -> Condition:
    """Keep records with an output file whose path holds the text."""
    return OutputPath(text)


@FILTERS("folder")
def folder(path: str) -> Condition:
    """Keep records in this folder or one below it."""
    return Text("folder", "below", path)


@FILTERS("kind")
def kind(*kinds: Any) -> Condition:
    """Keep records that are a ``run``, a ``sweep``, an ``evaluation`` or a ``task``."""
    return AnyOf(tuple(Text("kind", "is", word) for word in _words(kinds)))


def _comparing(space: str) -> Filter:
    def keep(
        eq: Mapping[str, Any] | None = None,
        *,
        ge: Mapping[str, Any] | None = None,
        le: Mapping[str, Any] | None = None,
        gt: Mapping[str, Any] | None = None,
        lt: Mapping[str, Any] | None = None,
        isclose: Mapping[str, Any] | None = None,
    ) -> Condition:
        told = {"eq": eq, "ge": ge, "le": le, "gt": gt, "lt": lt, "isclose": isclose}
        return _values(space, told)

    return keep


_add(
    "params",
    _comparing("param"),
    "Keep records all of whose named parameters compare so; ``inputs`` levels may be left out.",
)
_add("metadata", _comparing("meta"), "Keep records all of whose named metadata compare so.")


def _values(space: str, told: Mapping[str, Mapping[str, Any] | None]) -> Condition:
    parts = []
    for operator, wanted in told.items():
        if wanted is None:
            continue
        if not isinstance(wanted, Mapping):
            raise UserError.of(
                "bad-filter-arguments",
                f"{operator} is a mapping of names to values, not {wanted!r}",
                mend=f"Write {operator}={{'model.mu': 0.5}}.",
            )
        parts += [Value(space, key, operator, value) for key, value in wanted.items()]
    return all_of(*parts)


@FILTERS("params_missing")
def params_missing(*names: str) -> Condition:
    """Keep records that have none of the parameters."""
    return Not(AnyOf(tuple(Value("param", name, "exists") for name in _words(names))))


@FILTERS("match")
def match(
    ref: Any,
    eq: str | Iterable[str] = (),
    *,
    ge: str | Iterable[str] = (),
    le: str | Iterable[str] = (),
    gt: str | Iterable[str] = (),
    lt: str | Iterable[str] = (),
    isclose: str | Iterable[str] = (),
    include_reference: bool = True,
) -> Condition:
    """Keep records whose named parameters compare so with those of a record, task or mapping."""
    asked = {"eq": eq, "ge": ge, "le": le, "gt": gt, "lt": lt, "isclose": isclose}
    told = {
        operator: {name: get_task_param(ref, name) for name in _words((names,))}
        for operator, names in asked.items()
    }
    found = _values("param", told)
    if include_reference or not isinstance(ref, Record):
        return found
    return all_of(found, Not(Ids((ref.id,))))


@FILTERS("generic_filter")
def generic_filter(function: Any, *, errors: Errors | None = None) -> Condition:
    """Keep records of which the function is true; it is asked last, of one after the other.

    `errors` tells for kinds of exceptions whether a record is kept for which the function raises
    one, or ``"raise"``.
    """
    return as_condition(function, errors)


@FILTERS("any_of")
def any_of(*filters: Any) -> Condition:
    """Keep records that any of these keep: views, filter strings, functions of a record."""
    return AnyOf(tuple(as_condition(one) for one in filters))


@FILTERS("all_of")
def all_of_them(*filters: Any) -> Condition:
    """Keep records that all of these keep: views, filter strings, functions of a record."""
    return all_of(*(as_condition(one) for one in filters))


@FILTERS("none_of")
def none_of(*filters: Any) -> Condition:
    """Keep records that none of these keep: views, filter strings, functions of a record."""
    return Not(any_of(*filters))
