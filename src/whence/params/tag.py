"""The YAML tags of parameter spaces, and the small ones that compute a value while reading."""

from __future__ import annotations

import functools
import math
import operator
import re
import string
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from whence.base.error import UserError
from whence.base.problem import Problem, Where, did_you_mean
from whence.params.dim import MISSING, VALUE_KINDS, CoupledParamDim, ParamDim
from whence.params.space import ParamSpace

Builder = Callable[[Any, Where], Any]

_MOST = 10_000_000  # what a tag may make is bounded: a space file comes from anywhere
_SHARED_KEYS = ("default", *VALUE_KINDS, "order", "name", "as_type", "assert_unique")
_LATER = (
    "!any !all !prod !sorted !isorted !abs !int !round !len !not !and !or !xor !lt !le !eq !ne "
    "!neq !ge !gt !negate !invert !contains !floordiv !mod !pow !concat !split !if-else "
    "!if-unix-else !if-windows-else !logspace !array !expr !expression !compute !env !getenv "
    "!boolenv !getboolenv !joinpath !expanduser !str-to-bool !deepcopy !collapse-whitespace "
    "!oneline"
)


def yaml_tags() -> dict[str, Builder]:
    """What builds the values of all tags of this room, for `whence.base.yaml.read`.

    ``!pspace``, ``!pspace-unsorted``, ``!sweep`` and ``!pdim`` (the same, but for the order they
    stand in if none is given: 0 and infinity), ``!coupled-sweep`` and ``!coupled-pdim``, and each
    of these four with ``-default`` appended, which gives the default instead. Of the utility tags
    there are ``!range !linspace !arange !listgen !slice !sum !min !max !add !sub !mul !truediv
    !format !join``; the others of paramspace's say that they are not accepted yet.

    Examples
    --------
    >>> from whence.base import yaml
    >>> yaml.parse("!pspace {x: !sweep {default: 0, range: [2]}}", tags=yaml_tags()).value
    <ParamSpace, 2 points, (x: 2)>
    """
    tags: dict[str, Builder] = {
        "!pspace": lambda value, _: ParamSpace(_sorted(value)),
        "!pspace-unsorted": lambda value, _: ParamSpace(value),
        **{name: _utility(function) for name, function in _UTILITIES.items()},
        **{name: _later(name) for name in _LATER.split()},
    }
    for name, order in (("sweep", 0.0), ("pdim", math.inf)):
        tags[f"!{name}"] = functools.partial(_dim, order=order)
        tags[f"!{name}-default"] = functools.partial(_default, build=tags[f"!{name}"])
        tags[f"!coupled-{name}"] = coupled = functools.partial(_coupled, order=order)
        tags[f"!coupled-{name}-default"] = functools.partial(_default, build=coupled)
    return tags


def _dim(value: Any, where: Where, *, order: float) -> ParamDim:
    keys = _checked(value, where, (*_SHARED_KEYS, "mask"))
    return ParamDim(**{"order": order, **keys})


def _coupled(value: Any, where: Where, *, order: float) -> CoupledParamDim:
    keys = _checked(value, where, (*_SHARED_KEYS, "target_name"))
    return CoupledParamDim(**{"order": order, **keys})


def _default(value: Any, where: Where, *, build: Builder) -> Any:
    dim = build(value, where)
    if dim.default is MISSING:
        raise UserError.of("missing-default", "this dimension has no default of its own")
    return dim.default


def _checked(value: Any, where: Where, known: Iterable[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UserError.of(
            "bad-dimension",
            "a parameter dimension is a mapping",
            mend="Write for example: {default: 0, values: [1, 2, 3]}",
        )
    unknown = [key for key in value if key not in known]
    if unknown:
        raise UserError(
            *(
                Problem(
                    "unknown-key",
                    f"a parameter dimension has no {key!r}",
                    Where(path=(key if isinstance(key, int) else str(key),)),
                    did_you_mean(key, known) or f"It has: {', '.join(known)}.",
                )
                for key in unknown
            )
        )
    return value


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value, key=str)}
    if type(value) is list:
        return [_sorted(item) for item in value]
    return value


def _later(name: str) -> Builder:
    def refuse(value: Any, where: Where) -> Any:
        raise UserError.of(
            "tag-not-accepted",
            f"the tag {name!r} is known but not accepted yet",
            mend=f"Write the value itself. Accepted are: {' '.join(sorted(_UTILITIES))}",
        )

    return refuse


def _utility(function: Callable[[Any], Any]) -> Builder:
    def build(value: Any, where: Where) -> Any:
        try:
            return function(value)
        except ArithmeticError as error:
            raise ValueError(str(error)) from error

    return build


def _numbers(value: Any, least: int = 1, most: float = math.inf) -> list[Any]:
    good = isinstance(value, list) and all(
        isinstance(item, (int, float)) and not isinstance(item, bool) for item in value
    )
    if not good or not least <= len(value) <= most:
        count = (
            "some" if most == math.inf else f"{least}" if least == most else f"{least} to {most}"
        )
        raise ValueError(f"it takes a list of {count} numbers, not {value!r}")
    return list(value)


def _bounded(length: float) -> None:
    if length > _MOST:
        raise ValueError(f"it would have more than {_MOST} items")


def _range(value: Any) -> list[int]:
    numbers = range(*_numbers(value, 1, 3))
    _bounded((numbers.stop - numbers.start) / numbers.step)
    return list(numbers)


def _linspace(value: Any) -> list[float]:
    start, stop, *count = _numbers(value, 2, 3)
    _bounded(*count or [50])
    import numpy as np

    return [float(item) for item in np.linspace(start, stop, *count)]


def _arange(value: Any) -> list[float]:
    arguments = _numbers(value, 1, 3)
    start, stop, step = [*([0] if len(arguments) == 1 else []), *arguments, 1][:3]
    if not step:
        raise ValueError("its step is zero")
    _bounded((stop - start) / step)
    import numpy as np

    made: list[float] = np.arange(*arguments).tolist()
    return made


def _listgen(value: Any) -> list[Any]:
    """Of numbers, their range; of a mapping, a range with items added, removed, sorted."""
    if not isinstance(value, Mapping):
        return _range(value)
    known = ("from_range", "unique", "append", "remove", "sort")
    if unknown := [key for key in value if key not in known]:
        raise UserError.of(
            "unknown-key",
            f"!listgen has no {unknown[0]!r}",
            where=Where(path=(str(unknown[0]),)),
            mend=did_you_mean(unknown[0], known) or f"It has: {', '.join(known)}.",
        )
    items: list[Any] = [*_range(value.get("from_range", [0])), *(value.get("append") or [])]
    if value.get("unique", False):
        items = list(dict.fromkeys(items))
    for item in value.get("remove") or []:
        if item in items:
            items.remove(item)
    return sorted(items) if value.get("sort", True) else items


def _slice(value: Any) -> slice:
    arguments = value if isinstance(value, list) else [value]
    if not 1 <= len(arguments) <= 3:
        raise ValueError(f"it takes one to three items, not {value!r}")
    return slice(*arguments)


def _reduced(function: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    def build(value: Any) -> Any:
        return functools.reduce(function, _numbers(value, 2))

    return build


def _joined(value: Any) -> str:
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        raise ValueError(f"it takes a list: what to join with, then what to join; not {value!r}")
    between, *parts = value
    return str(between).join(map(str, parts))


class _Formatter(string.Formatter):
    """`str.format` without reaching into values and without endless padding."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        if not re.fullmatch(r"\w*", field_name):
            raise ValueError(f"a field is a number or a name, not {field_name!r}")
        return super().get_field(field_name, args, kwargs)

    def format_field(self, value: Any, format_spec: str) -> str:
        if re.search(r"\d{4}", format_spec):
            raise ValueError(f"the format {format_spec!r} is too wide")
        text: str = super().format_field(value, format_spec)
        return text


def _formatted(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], str):
        text, arguments, named = value[0], value[1:], {}
    elif isinstance(value, Mapping) and isinstance(value.get("fstr"), str):
        named = {str(key): item for key, item in value.items() if key not in ("fstr", "args")}
        text, arguments = value["fstr"], list(value.get("args") or [])
    else:
        raise ValueError(f"it takes a list: the format, then its arguments; not {value!r}")
    try:
        return _Formatter().vformat(text, arguments, named)
    except (IndexError, KeyError) as error:
        raise ValueError(f"the format names something that is not given: {error}") from error


_UTILITIES: dict[str, Callable[[Any], Any]] = {
    "!range": _range,
    "!linspace": _linspace,
    "!arange": _arange,
    "!listgen": _listgen,
    "!slice": _slice,
    "!sum": lambda value: sum(_numbers(value, 0)),
    "!min": lambda value: min(_numbers(value)),
    "!max": lambda value: max(_numbers(value)),
    "!add": _reduced(operator.add),
    "!sub": _reduced(operator.sub),
    "!mul": _reduced(operator.mul),
    "!truediv": _reduced(operator.truediv),
    "!format": _formatted,
    "!join": _joined,
}
