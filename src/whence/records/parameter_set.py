"""Parameters as a dict that also knows dotted names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from whence.records.task_parameter import get_task_param


class ParameterSet(dict[str, Any]):
    """Nested parameters; a key that is not there is looked for as a dotted name.

    Examples
    --------
    >>> params = ParameterSet({"model": {"mu": 0.5}, "seed": 1})
    >>> params["model.mu"]
    0.5
    >>> print(params.pretty())
    model:
      mu: 0.5
    seed: 1
    """

    __slots__ = ()

    def __missing__(self, key: Any) -> Any:
        if not isinstance(key, str):
            raise KeyError(key)
        return get_task_param(self, key)

    def pretty(self) -> str:
        """The parameters as an indented text."""
        return "\n".join(_lines(self, ""))


def _lines(value: Mapping[Any, Any], indent: str) -> Iterator[str]:
    for key, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            yield f"{indent}{key}:"
            yield from _lines(inner, indent + "  ")
        else:
            yield f"{indent}{key}: {inner!r}"
