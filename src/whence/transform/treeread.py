"""What lies at a path of the data tree, known by its content and read only when needed."""

from __future__ import annotations

from typing import Any

from whence.base.digest import digest_value
from whence.transform.graph import DigestOf


def segments(path: Any) -> list[Any]:
    """The steps of a path: ``"a/b"``, ``["a", "b"]`` or ``3``."""
    if isinstance(path, str):
        return [part for part in path.split("/") if part]
    if isinstance(path, list | tuple):
        return [part for item in path for part in segments(item)]
    return [path]


def tree_node(base: Any, path: Any) -> tuple[Any, list[Any]]:
    """The node of the data tree that a path leads to, and the rest of the path inside of it.

    Raises
    ------
    UserError
        If nothing lies at the path.
    """
    here, steps = base, segments(path)
    if steps:
        base[steps]  # the tree's own error says best where the path stopped
    for i, part in enumerate(steps):
        if not here.is_group:
            return here, steps[i:]
        here = here[part]
    return here, []


def key_at(holder: Any, rest: list[Any], digest_of: DigestOf) -> str:
    """The identity of what `tree_node` found."""
    from whence.tree import identity

    whole = identity(holder, digest_of)
    return digest_value(["part", whole, [str(part) for part in rest]]) if rest else whole


def value_at(holder: Any, rest: list[Any]) -> Any:
    """The value of what `tree_node` found: a group itself, what a container holds, a part of it."""
    value = holder if holder.is_group else holder.data
    for part in rest:
        value = value[int(part) if isinstance(value, list | tuple) else part]
    return value
