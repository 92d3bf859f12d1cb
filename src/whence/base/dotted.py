"""Dotted names: what the leaves of nested parameters are called, wherever they are shown."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_IN_BRACKETS = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\]'"])+"""
_IN_QUOTES = r'"(?:[^"\\]|\\.)*"'
_PART = re.compile(
    rf'(?:^|\.)(?:(?P<name>[^.\[\]"]+)|(?P<text>{_IN_QUOTES}))|\[(?P<key>{_IN_BRACKETS})\]'
)
_UNFIT = re.compile(r"""[\s.,\[\]"'<>=!~]|\A[-/]|@task\Z""")

NAME = rf"(?:{_IN_QUOTES}|\[{_IN_BRACKETS}\]|[^\s<>=!~\"])+"
"""A pattern for one dotted name among other words."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """A key of which a name has only the spelling, like that of a date."""

    text: str


def key_text(key: Any) -> str:
    """A key as it stands in a dotted name.

    Examples
    --------
    >>> [key_text(key) for key in ("mu", "x.y", "μ 2", 1, "")]
    ['mu', '"x.y"', '"μ 2"', '[1]', '""']
    """
    if not isinstance(key, str):
        return f"[{key!r}]"
    if key.isidentifier():
        return key
    plain = key and key.isprintable() and not _UNFIT.search(key)
    # Escapes for what cannot be seen, or not be written in UTF-8.
    return str(key) if plain else json.dumps(key, ensure_ascii=not key.isprintable())


def join_key(before: str, text: str) -> str:
    """A dotted name with one more key, or with another name after it."""
    return f"{before}{'' if not before or text[:1] == '[' else '.'}{text}"


def name_parts(name: str) -> list[Any]:
    """The keys that a dotted name consists of; what is no such name is split at its dots.

    Examples
    --------
    >>> name_parts('model."x.y"[1]')
    ['model', 'x.y', 1]
    """
    if '"' not in name and "[" not in name:
        return name.split(".")
    parts: list[Any] = []
    end = 0
    while end < len(name) and (match := _PART.match(name, end)):
        end = match.end()
        if match["name"]:
            parts.append(match["name"])
        elif match["text"]:
            try:
                parts.append(json.loads(match["text"]))
            except ValueError:
                return name.split(".")
        else:
            parts.append(_key(match["key"]))
    return parts if end == len(name) and parts else name.split(".")


def _key(text: str) -> Any:
    try:
        key = ast.literal_eval(text)
        hash(key)
    except (ValueError, SyntaxError, TypeError):
        return Spelled(text)
    return key


def joined(parts: Sequence[Any]) -> str | None:
    """Several keys as one that has dots in it; None where they are not all text."""
    return ".".join(parts) if all(isinstance(part, str) for part in parts) else None


def means(part: Any, key: Any) -> bool:
    """Whether a part of a name that someone wrote means this key.

    A number may be written without brackets.
    """
    if part == key:
        return True
    if isinstance(part, Spelled):
        return not isinstance(key, str) and part.text == repr(key)
    return isinstance(part, str) and part.isdecimal() and type(key) is int and int(part) == key
