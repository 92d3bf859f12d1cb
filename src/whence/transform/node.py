"""Nodes: one use of an operation, or one value from outside, known by what it is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from whence.base.code import code_digest
from whence.base.digest import digest_bytes
from whence.base.error import UserError
from whence.base.escape import canonical
from whence.base.problem import Where
from whence.transform.operation import Operation

Files = tuple[tuple[Path, str], ...]  # each with the digest of its content


class _Missing:
    """Stands for a value that is not there, where None could be one."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()


@dataclass(frozen=True, slots=True)
class Rule:
    """How a node is treated; none of it but `salt` and `fallback` is part of its identity.

    Attributes
    ----------
    salt : object
        Anything; another salt makes another node.
    allow_failure : bool or str
        Whether a failure here, or of what this needs, is replaced by the fallback: False, or
        True, ``log``, ``warn``, ``silent`` for how it is told.
    fallback : object
        The value in place of a failed one, or the node that has it.
    cached : bool
        Whether the result is kept in the cache and looked up there.
    """

    salt: Any = None
    allow_failure: bool | str = False
    fallback: Any = None
    cached: bool = True


PLAIN = Rule()
UNCACHED = Rule(cached=False)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One step of a graph.

    Attributes
    ----------
    key : str
        The digest of all that the result depends on; equal keys, equal results.
    name : str
        The operation's name, or what is read.
    run : Operation or callable
        What makes the value; for a value from outside, a function without arguments.
    args, kwargs : tuple, mapping
        The arguments, with nodes in place of their results.
    needs : tuple of Node
        The nodes among the arguments, each once, and the fallback if it is a node.
    nested : bool
        Whether nodes stand, or something that a function could change, inside of arguments.
    files : tuple of (Path, digest)
        The files that a value from outside comes from.
    """

    key: str
    name: str
    run: Operation | Callable[[], Any]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] | None = None
    needs: tuple[Node, ...] = ()
    nested: bool = False
    rule: Rule = PLAIN
    files: Files = ()
    where: Where | None = None

    def __repr__(self) -> str:
        return f"<Node {self.name} {self.key[:8]}>"

    @property
    def func(self) -> Callable[..., Any]:
        """The function to call with the arguments."""
        return self.run.func if isinstance(self.run, Operation) else self.run


def node_key(
    operation: Operation,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None,
    rule: Rule = PLAIN,
    code: str | None = None,
) -> str:
    """The key of a node: a digest over operation, its code, and the arguments by content.

    Parameters
    ----------
    operation, args, kwargs, rule
        As the node has them.
    code : str, optional
        The operation's digest, where it is known already.

    Raises
    ------
    UserError
        If an argument has no identity, like an open file.
    """
    code = operation.digest if code is None else code
    parts: list[Any] = [operation.name, code, [_identified(arg) for arg in args]]
    if kwargs:
        parts.append({name: _identified(value) for name, value in kwargs.items()})
    if rule is not PLAIN and (rule.salt is not None or rule.allow_failure):
        failing = bool(rule.allow_failure)
        parts.append(["rule", _identified(rule.salt), failing, _identified(rule.fallback)])
    if operation.names_code:
        parts.append(["code", _code_named(args, kwargs)])
    return digest_bytes(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS))


_PLAIN_TYPES = frozenset({str, bool, float, type(None)})
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def _identified(value: Any) -> Any:
    """Plain data that is equal for arguments of equal content, and for no others."""
    kind = type(value)
    if kind is Node:
        return {"node": value.key}
    if kind is int and _SMALLEST <= value <= _LARGEST:
        return value
    if kind is str and value.isascii():
        return value
    if kind is bool or value is None:
        return value
    if kind is list:
        return [_identified(item) for item in value]
    if kind is tuple:
        return {"tuple": [_identified(item) for item in value]}
    if kind is dict:
        if all(type(key) is str and key.isascii() for key in value):
            return {"dict": {key: _identified(item) for key, item in value.items()}}
        pairs = [[canonical(key).decode(), _identified(item)] for key, item in value.items()]
        return {"pairs": sorted(pairs, key=lambda pair: pair[0])}
    if value is MISSING:
        return {"missing": True}
    try:
        return {"value": canonical(value).decode()}
    except UserError:
        return _identified_otherwise(value)


def _identified_otherwise(value: Any) -> Any:
    from whence.transform.codec import UnstorableError, freeze

    try:
        return {"stored": digest_bytes(b"".join(freeze(value)))}
    except UnstorableError:
        pass
    if callable(value):
        return {"code": code_digest(value)}
    kind = type(value)
    raise UserError.of(
        "argument-without-identity",
        f"an argument of type {kind.__module__}.{kind.__qualname__} has no content to know it by",
        mend="Give numbers, text, times, arrays, containers of these, functions, or the result "
        "of another step.",
    )


def _code_named(args: tuple[Any, ...], kwargs: Mapping[str, Any] | None) -> str:
    """The digest of what an ``import`` imports, so that an edit of it makes another node."""
    from whence.transform.arithmetic import imported

    words = dict(zip(("module", "name"), args, strict=False)) | dict(kwargs or {})
    module, name = words.get("module"), words.get("name")
    if not isinstance(module, str) or not isinstance(name, str | None):
        raise UserError.of(
            "import-by-result",
            "what is imported must be named by text, not by another step's result",
        )
    try:
        return code_digest(imported(module, name))
    except (ImportError, AttributeError) as error:
        raise UserError.of("import-failed", f"cannot import: {error}") from error


def nodes_in(args: tuple[Any, ...], kwargs: Mapping[str, Any] | None) -> tuple[list[Node], bool]:
    """The nodes among arguments, each once, and whether the arguments are nested."""
    found: list[Node] = []
    nested = False
    for value in (*args, *kwargs.values()) if kwargs else args:
        if type(value) is Node:
            found.append(value)
        elif isinstance(value, list | dict | tuple | set):
            nested = True
            found.extend(_nodes_inside(value))
    return (list(dict.fromkeys(found)) if len(found) > 1 else found), nested


def _nodes_inside(value: Any) -> Iterator[Node]:
    if type(value) is Node:
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _nodes_inside(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _nodes_inside(item)


def filled(value: Any, results: Mapping[Node, Any]) -> Any:
    """The value with nodes replaced by results, and its containers made anew."""
    kind = type(value)
    if kind is Node:
        return results[value]
    if kind is dict:
        return {key: filled(item, results) for key, item in value.items()}
    if kind is list or kind is tuple:
        return kind(filled(item, results) for item in value)
    return set(value) if kind is set else value
