"""The words about a run that are looked for as text: one place says where each is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from whence.store.leaf import Cell, leaves


def fields(state: Mapping[str, Any]) -> dict[str, Cell]:
    r"""What is told of a run in words, by field; fields that say nothing are left out.

    Examples
    --------
    >>> fields({"reason": ["a", "b"], "command": ["./melt", "-n", "3"]})
    {'reason': (None, 'a\nb'), 'main_file': (None, './melt'), 'script_arguments': (None, '-n 3')}
    """
    found: dict[str, Cell] = {name: (None, text) for name, text in _texts(state) if text}
    system = state.get("system")
    if type(system) is dict:
        found.update((f"system.{name}", cell) for name, cell in leaves(system).items())
    return found


def words(state: Mapping[str, Any], name: str) -> str:
    """What one field says; empty where it says nothing."""
    return next((text for field, text in _texts(state) if field == name), "")


def _texts(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    get = state.get
    for name in ("label", "description", "reason"):
        value = get(name)
        if value is not None:
            yield name, _text(value)
    error = get("error")
    if get("outcome") is not None or type(error) is dict:
        yield "outcome", _text(get("outcome")) or _error(error)
    command, target = get("command"), get("target")
    if command is not None or target is not None or get("main_file") is not None:
        words = command if type(command) is list else []
        file, _, function = _text(target).rpartition(":")
        yield "main_file", _text(get("main_file")) or file or _text(words[:1])
        yield "script_arguments", _text(get("script_arguments")) or _text(words[1:], " ")
        task = function if file and get("kind") == "task" else ""
        yield "task_name", _text(get("task_name")) or task
    code = get("code")
    if type(code) is dict or get("version") is not None:
        commit = code.get("commit") if type(code) is dict else None
        yield "version", _text(get("version")) or _text(commit)


def _text(value: Any, between: str = "\n") -> str:
    if type(value) is str:
        return value
    if type(value) is list:
        return between.join(item for item in value if type(item) is str)
    return ""


def _error(error: Any) -> str:
    if type(error) is not dict:
        return ""
    return ": ".join(filter(None, (_text(error.get("type")), _text(error.get("message")))))
