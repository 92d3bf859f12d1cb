"""Parameters that hold task descriptions: folding them away, and reaching into them.

A task given as a parameter is recorded as its description, ``{taskname, module, inputs}``; its
inputs may hold descriptions again. Names of parameters leave the ``inputs`` levels out.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from whence.base.dotted import Spelled, join_key, joined, key_text, means, name_parts
from whence.base.error import UserError
from whence.base.problem import did_you_mean

DEEPEST: Final = 200

_DESCRIPTION = frozenset({"taskname", "module", "inputs"})
_DIGESTS = frozenset({"digest", "hashed_digest", "unhashed_digests"})
BESIDE = _DESCRIPTION | _DIGESTS | {"reason"}
_PLAIN = frozenset({int, float, str, bool, bytes, type(None)})
_MISSING: Final[Any] = object()


class MissingParameter(UserError, KeyError):  # noqa: N818
    """There is no parameter of that name; it is a `KeyError` too."""


def fold_task_inputs(p: Any) -> Any:
    """The parameters with every task description replaced by its inputs, at all levels.

    The digests that smttask notes among the inputs are dropped. What is given stays as it is.

    Parameters
    ----------
    p : mapping, list, tuple or any other value

    Raises
    ------
    UserError
        If it is nested more than 200 deep, or contains itself.

    Examples
    --------
    >>> model = {"taskname": "Model", "module": "neuron", "inputs": {"mu": 0.5}}
    >>> fold_task_inputs({"model": model, "steps": 100})
    {'model': {'mu': 0.5}, 'steps': 100}
    """
    return _fold(p, 0)


def unfold(value: Mapping[Any, Any]) -> tuple[str | None, Mapping[Any, Any]]:
    """Which task a mapping describes, like ``neuron.Model``, and its inputs.

    Of any other mapping: None and the mapping itself.
    """
    names = []
    while _is_description(value):
        names.append(_task_name(value))
        value = without_digests(value)["inputs"]
        if len(names) > DEEPEST:
            raise too_deep()
    return " ".join(names) or None, value


def without_digests(value: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """A task description without the digests that smttask adds to it; any other mapping as is.

    An input called ``digest`` is one of them only beside a ``hashed_digest``.
    """
    if not _is_description(value):
        return value
    inputs = value["inputs"]
    if not inputs.keys().isdisjoint(_DIGESTS - {"digest"}):
        inputs = {key: item for key, item in inputs.items() if key not in _DIGESTS}
    return {**{key: item for key, item in value.items() if key not in _DIGESTS}, "inputs": inputs}


def parameters_of(obj: Any) -> Mapping[Any, Any] | None:
    """The parameters of a record or a task, a JSON text or a mapping; None if it has none."""
    if isinstance(obj, Mapping):
        return obj
    if isinstance(obj, str):
        return _parsed(obj)
    for name in ("parameters", "desc", "inputs"):
        inner = getattr(obj, name, None)
        if inner is not None and inner is not obj and not isinstance(inner, (str, type)):
            found = inner if isinstance(inner, Mapping) else _attributes(inner)
            if found is not None:
                return found
    return None


def get_task_param(obj: Any, name: str | Iterable[str], default: Any = _MISSING) -> Any:
    """The value of a parameter, wherever it is recorded.

    Parameters
    ----------
    obj : mapping, Record, task, JSON text or object with attributes
        What has the parameter. Inside, these may be nested in one another in any way.
    name : str or iterable of str
        The keys that lead to it with dots between them; ``inputs`` levels may be left out. A key
        that holds dots may be written as it is or in quotation marks, one that is no text in
        brackets: ``a."x.y".b``, ``a[1]``. Several names give a list of values, or a tuple for a
        tuple.
    default : object, optional
        What to give where there is no such parameter.

    Raises
    ------
    MissingParameter
        If there is none and no default; it says how far the name leads and what is there.
    UserError
        If a name is no text, or if `obj` is a text that is not a JSON object.

    Examples
    --------
    >>> model = {"taskname": "Model", "module": "neuron", "inputs": {"mu": 0.5}}
    >>> get_task_param({"inputs": {"model": model}}, "model.mu")
    0.5
    """
    if isinstance(obj, str) and _parsed(obj) is None:
        raise UserError.of("not-json", f"the text {obj[:40]!r} is not a JSON object")
    if isinstance(name, str):
        return _get(obj, name, default)
    if not isinstance(name, Iterable):
        raise UserError.of("bad-name", f"the name of a parameter is a text, not {name!r}")
    values = [get_task_param(obj, each, default) for each in name]
    return tuple(values) if isinstance(name, tuple) else values


def too_deep() -> UserError:
    """The error of parameters without a bottom."""
    return UserError.of(
        "too-deep", f"the parameters are nested more than {DEEPEST} deep, or contain themselves"
    )


def _fold(value: Any, level: int) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if level > DEEPEST:
        raise too_deep()
    if isinstance(value, Mapping):
        return {key: _fold(item, level + 1) for key, item in unfold(value)[1].items()}
    if kind not in (list, tuple) or all(type(item) in _PLAIN for item in value):
        return value
    return kind(_fold(item, level + 1) for item in value)


def _is_description(value: Mapping[Any, Any]) -> bool:
    """Whether a mapping is a task's description and nothing more: nothing else may get lost."""
    return (
        "taskname" in value
        and value.keys() >= _DESCRIPTION
        and isinstance(value["inputs"], Mapping)
        and all(key in BESIDE or _is_generator(key) for key in value)
    )


def _is_generator(key: Any) -> bool:
    """Whether the key tells what smttask's tasks ``Create`` and ``Join`` make."""
    return isinstance(key, str) and key.startswith("generator_")


def _task_name(description: Mapping[Any, Any]) -> str:
    module = description["module"]
    name = f"{module}.{description['taskname']}" if module else str(description["taskname"])
    made = [str(description[key]) for key in sorted(filter(_is_generator, description))]
    return f"{name}({', '.join(made)})" if made else name


def _get(obj: Any, name: str, default: Any) -> Any:
    stops: list[tuple[int, Any]] = []
    parts = name_parts(name)
    found = _find(obj, parts, 0, stops)
    if found is not _MISSING:
        return found
    if default is not _MISSING:
        return default
    raise _missing(name, parts, stops)


def _find(obj: Any, parts: list[Any], done: int, stops: list[tuple[int, Any]]) -> Any:
    """Follow the keys from `done` on, or note in `stops` where they lead no further."""
    if done == len(parts):
        return obj
    for level in _levels(obj):
        for end in range(done + 1, len(parts) + 1):
            key = parts[done] if end == done + 1 else joined(parts[done:end])
            inner = _MISSING if key is None and end > done + 1 else _at(level, key)
            if inner is not _MISSING:
                found = _find(inner, parts, end, stops)
                if found is not _MISSING:
                    return found
    stops.append((done, obj))
    return _MISSING


def _at(level: Mapping[Any, Any], part: Any) -> Any:
    try:
        if part in level:
            return level[part]
    except TypeError:  # the literal in the brackets has no hash
        return _MISSING
    if isinstance(part, Spelled) or (isinstance(part, str) and part.isdecimal()):
        return next((level[key] for key in level if means(part, key)), _MISSING)
    return _MISSING


def _levels(obj: Any, depth: int = 0) -> Iterator[Mapping[Any, Any]]:
    """What the next key may be looked up in: the object itself, then what its ``inputs`` hold."""
    level: Mapping[Any, Any] | None
    if isinstance(obj, (list, tuple)) and not hasattr(obj, "_fields"):
        level = dict(enumerate(obj))
    else:
        level = parameters_of(obj)
    if level is not None:
        yield level
        if "inputs" in level and depth < DEEPEST:
            yield from _levels(level["inputs"], depth + 1)
        elif not isinstance(obj, (Mapping, str)) and hasattr(obj, "inputs"):
            yield {"inputs": level}
    elif attributes := _attributes(obj):
        yield attributes


def _attributes(obj: Any) -> Mapping[str, Any] | None:
    """The public attributes that hold the object's data, or None if it has no such."""
    if isinstance(obj, type) or callable(obj):
        return None
    if dataclasses.is_dataclass(obj):
        return {field.name: getattr(obj, field.name) for field in dataclasses.fields(obj)}
    if isinstance(obj, tuple) and hasattr(obj, "_fields"):
        return dict(zip(obj._fields, obj, strict=True))  # a named tuple
    if hasattr(obj, "__dict__"):
        return {key: value for key, value in vars(obj).items() if not key.startswith("_")}
    return None


def _parsed(text: str) -> Mapping[Any, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, Mapping) else None


def _missing(name: str, parts: list[Any], stops: list[tuple[int, Any]]) -> MissingParameter:
    done, obj = max(stops, key=lambda stop: stop[0])
    names: dict[str, None] = {}
    for level in _levels(obj):
        names.update(dict.fromkeys(str(key) for key in level))
    before = ""
    for part in parts[:done]:
        before = join_key(before, key_text(part))
    missed = parts[done] if isinstance(parts[done], str) else key_text(parts[done])
    if not names:
        there = f"{before!r} is a value, of type {type(obj).__name__}"
        message = f"there is no parameter {name!r}: {there if before else 'there are none'}"
        return MissingParameter.of("missing-parameter", message)
    shown = ", ".join(list(names)[:12]) + (", …" if len(names) > 12 else "")
    where = f"{before!r} has no {missed!r}, only {shown}" if before else f"there are {shown}"
    return MissingParameter.of(
        "missing-parameter",
        f"there is no parameter {name!r}: {where}",
        mend=did_you_mean(missed, names),
    )
