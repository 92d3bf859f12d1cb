"""What differs between the parameters of many runs, and what does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from whence.base.dotted import join_key, key_text
from whence.base.escape import canonical

_SCALARS = frozenset({int, str, bool, type(None)})


def flatten(params: Mapping[str, Any]) -> dict[str, Any]:
    """The leaves of nested parameters, by dotted name.

    A key with a dot or a space or the like in it is put in quotation marks, as in TOML, and one
    that is no text in brackets, so that no two leaves share a name and each can be asked for by
    its own. Lists and empty mappings are leaves.

    Examples
    --------
    >>> flatten({"walk": {"steps": 10, "box": [1, 2]}, "files": {"a.txt": True}})
    {'walk.steps': 10, 'walk.box': [1, 2], 'files."a.txt"': True}
    """
    return dict(_leaves(params, ""))


def varied_and_constant(
    params: Iterable[Mapping[str, Any]],
) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Which parameters vary over some runs, and which are the same in all.

    Values are the same if they are equal and of the same type; NaN is the same as NaN.

    Parameters
    ----------
    params : iterable of mapping
        The nested parameters of each run.

    Returns
    -------
    varied : dict of str to list
        The values of each parameter that varies, by dotted name: sorted if they are numbers, else
        in the order in which they first appear. A parameter that some runs lack varies, even if it
        has one value in the others.
    constant : dict of str to object
        The value of every other parameter.

    Examples
    --------
    >>> varied_and_constant([{"seed": 2, "steps": 10}, {"seed": 1, "steps": 10}])
    ({'seed': [1, 2]}, {'steps': 10})
    """
    values: dict[str, dict[Any, Any]] = {}
    present: dict[str, int] = {}
    count = 0
    for one in params:
        count += 1
        for name, value in _leaves(one, ""):
            kind = type(value)
            exact = (kind, value) if kind in _SCALARS else _exact(value)
            seen = values.get(name)
            if seen is None:
                values[name] = {exact: value}
                present[name] = 1
            else:
                present[name] += 1
                if exact not in seen:
                    seen[exact] = value
    varied: dict[str, list[Any]] = {}
    constant: dict[str, Any] = {}
    for name, seen in values.items():
        if len(seen) == 1 and present[name] == count:
            constant[name] = next(iter(seen.values()))
        else:
            varied[name] = _in_order(list(seen.values()))
    return varied, constant


def _leaves(params: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    dotted = f"{prefix}." if prefix else ""
    for key, value in params.items():
        plain = type(key) is str and key.isidentifier()
        name = dotted + key if plain else join_key(prefix, key_text(key))
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, name)
        else:
            yield name, value


def _exact(value: Any) -> Any:
    """Something hashable that is equal just for values that are the same."""
    kind = type(value)
    if kind is float:
        return kind, "nan" if value != value else value
    if kind in (list, tuple):
        return kind, tuple(map(_exact, value))
    if kind in _SCALARS:
        return kind, value
    return kind, canonical(value)


def _in_order(values: list[Any]) -> list[Any]:
    numbers = all(type(value) in (int, float) and value == value for value in values)
    return sorted(values) if numbers else values
