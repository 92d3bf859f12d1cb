"""The words about a run that are looked for as text: one place says where each is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from whence.store.leaf import Cell, leaves


def fields(state: Mapping[str, Any]) -> dict[str, Cell]:
    r"""What is told of a run in words, by field; fields that say nothing are left out.

    Examples
    --------
    >>> fields({"reason": ["a", "b"], "command": ["./melt", "-n", "3"]})
    {'reason': (None, 'a\nb'), 'main_file': (None, './melt'), 'script_arguments': (None, '-n 3')}
    """
    found: dict[str, Cell] = {}
    for name, read in FIELDS.items():
        text = read(state)
        if text:
            found[name] = (None, text)
    system = state.get("system")
    if type(system) is dict:
        found.update((f"system.{name}", cell) for name, cell in leaves(system).items())
    if type(state.get("cwd")) is str:
        found.setdefault("system.cwd", (None, state["cwd"]))
    return found


def words(state: Mapping[str, Any], name: str) -> str:
    """What one field says; empty where it says nothing."""
    return FIELDS[name](state)


def _said(name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda state: _text(state.get(name)) if name in state else ""


def _outcome(state: Mapping[str, Any]) -> str:
    """The comments, or the error that ended it."""
    told, error = _text(state.get("outcome")), state.get("error")
    if told or type(error) is not dict:
        return told
    return ": ".join(filter(None, (_text(error.get("type")), _text(error.get("message")))))


def _main_file(state: Mapping[str, Any]) -> str:
    """The file of the function, or the program."""
    told = _text(state.get("main_file")) or _target(state)[0]
    return told or _text((state.get("command") or [])[:1])


def _arguments(state: Mapping[str, Any]) -> str:
    return _text(state.get("script_arguments")) or _text((state.get("command") or [])[1:], " ")


def _task_name(state: Mapping[str, Any]) -> str:
    task = _target(state)[1] if state.get("kind") == "task" else ""
    return _text(state.get("task_name")) or task


def _version(state: Mapping[str, Any]) -> str:
    code = state.get("code")
    commit = code.get("commit") if type(code) is dict else None
    return _text(state.get("version")) or _text(commit)


SOURCES: Mapping[str, frozenset[str]] = {
    **{name: frozenset([name]) for name in ("label", "description", "reason")},
    "outcome": frozenset(["outcome", "error"]),
    "main_file": frozenset(["main_file", "target", "command"]),
    "script_arguments": frozenset(["script_arguments", "command"]),
    "task_name": frozenset(["task_name", "target"]),
    "version": frozenset(["version", "code"]),
}
"""The members of a state that each field comes from: without them it says nothing."""

TOLD = frozenset(["system", "cwd"]).union(*SOURCES.values())
"""The members of a state that any field comes from."""

FIELDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    **{name: _said(name) for name in ("label", "description", "reason")},
    "outcome": _outcome,
    "main_file": _main_file,
    "script_arguments": _arguments,
    "task_name": _task_name,
    "version": _version,
}


def _target(state: Mapping[str, Any]) -> tuple[str, str]:
    """The file and the function that were called, of ``simulate.py:simulate``."""
    file, colon, function = _text(state.get("target")).rpartition(":")
    return (file, function) if colon else ("", "")


def _text(value: Any, between: str = "\n") -> str:
    if value is None:
        return ""
    if type(value) is str:
        return value
    if type(value) is list:
        if len(value) == 1 and type(value[0]) is str:  # as most are
            return value[0]
        return between.join([item for item in value if type(item) is str])
    return ""
