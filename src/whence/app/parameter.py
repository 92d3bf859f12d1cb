"""Parameters from a file: YAML, JSON, TOML or INI."""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from whence.base.error import UserError
from whence.base.problem import Where

_YAML = (".yml", ".yaml")
_INI = (".ini", ".cfg", ".conf")


def read_parameters(path: Path) -> dict[str, Any]:
    """The nested parameters that a file holds.

    The ending of its name tells the form; sections of INI files are groups, their values are read
    as YAML reads scalars.

    Raises
    ------
    UserError
        If it cannot be read, has another form, or holds no mapping.
    """
    ending = path.suffix.lower()
    if not path.is_file():
        raise UserError.of("no-such-file", f"there is no file {str(path)!r}")
    if ending in _YAML:
        from whence.base.yaml import read

        return _mapping(path, read(path).value)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(path, f"it is not UTF-8 text: {error.reason}") from None
    if ending == ".json":
        try:
            return _mapping(path, orjson.loads(text))
        except orjson.JSONDecodeError as error:
            raise _bad(path, error.msg, error.lineno, error.colno, text) from None
    if ending == ".toml":
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise _bad(path, str(error)) from None
    if ending in _INI:
        return _ini(path, text)
    raise UserError.of(
        "unknown-form",
        f"the name {path.name!r} does not tell which form the file has",
        mend="Parameters are read from .yml, .yaml, .json, .toml, .ini, .cfg and .conf.",
    )


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two nested mappings in one; what is above wins.

    Examples
    --------
    >>> merged({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}})
    {'a': {'x': 1, 'y': 3}}
    """
    found = dict(below)
    for key, value in above.items():
        old = found.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        found[key] = merged(old, value) if both else value  # type: ignore[arg-type]
    return found


def _ini(path: Path, text: str) -> dict[str, Any]:
    from whence.base.yaml import resolve

    parser = configparser.ConfigParser(interpolation=None, default_section="")
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    added = 0  # lines before the first of the file
    try:
        try:
            parser.read_string(text)
        except configparser.MissingSectionHeaderError:
            added = 1
            parser.read_string(f"[_]\n{text}")
    except configparser.ParsingError as error:
        line, _ = error.errors[0]
        raise _bad(path, "it is no `name = value`", line - added, None, text) from None
    except (configparser.DuplicateOptionError, configparser.DuplicateSectionError) as error:
        name = getattr(error, "option", error.section)
        line = (error.lineno or added) - added
        raise _bad(path, f"{name!r} is there twice", line, None, text) from None
    found: dict[str, Any] = {}
    for name in parser.sections():
        values = {key: resolve(value) for key, value in parser[name].items()}
        if name == "_":
            found.update(values)
        else:
            found[name] = values
    return found


def _mapping(path: Path, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise _bad(path, f"it holds no names and values, but a {type(value).__name__}")


def _bad(
    path: Path, what: str, line: int | None = None, column: int | None = None, text: str = ""
) -> UserError:
    lines = text.splitlines()
    source = lines[line - 1] if line and line <= len(lines) else None
    return UserError.of("bad-parameters", what, where=Where(str(path), line, column, source=source))
