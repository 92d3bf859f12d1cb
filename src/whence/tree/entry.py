"""A load configuration, checked whole before anything is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from whence.base.error import UserError
from whence.base.problem import Problem, Where, did_you_mean
from whence.base.yaml import Document
from whence.tree.loader import loaders

EXISTS_ACTIONS = ("raise", "skip", "skip_nowarn", "overwrite", "overwrite_nowarn")
TARGET_KEYS = (
    "basename",
    "ext",
    "dirname",
    "relpath",
    "dirname_cleaned",
    "relpath_cleaned",
    "match",
    "groups",
    "named",
)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a YAML document that is a configuration by itself.

    Attributes
    ----------
    document : Document
        The whole.
    path : tuple of str or int
        The keys that lead to the part.
    """

    document: Document
    path: tuple[str | int, ...] = ()

    @property
    def value(self) -> Any:
        """What the part says."""
        found = self.document.value
        for key in self.path:
            found = found[key]
        return found

    def where(self, *path: str | int) -> Where:
        """The place of a value in the part."""
        return self.document.where(*self.path, *path)

    def where_key(self, *path: str | int) -> Where:
        """The place of a key in the part."""
        return self.document.where_key(*self.path, *path)


@dataclass(frozen=True, slots=True)
class LoadEntry:
    """One entry of a load configuration: which files to load, how, and to where.

    The attributes are the keys that an entry may have; `options` are the loader's own.
    """

    name: str
    loader: str
    glob_str: tuple[str, ...]
    enabled: bool = True
    base_path: str | None = None
    ignore: tuple[str, ...] = ()
    include_files: bool = True
    include_directories: bool = True
    required: bool = False
    path_regex: str | None = None
    target_path: str | None = None
    target_group: str | None = None
    target_path_kwargs: Mapping[str, Any] = field(default_factory=dict)
    load_as_attr: bool = False
    unpack_data: bool = False
    exists_action: str | None = None
    parallel: Any = False
    progress_indicator: bool = True
    print_tree: Any = False
    options: Mapping[str, Any] = field(default_factory=dict)
    where: Callable[..., Where] = Where


_FLAGS = (
    "enabled",
    "include_files",
    "include_directories",
    "required",
    "load_as_attr",
    "unpack_data",
    "progress_indicator",
)
_TEXTS = ("loader", "base_path", "path_regex", "target_path", "target_group", "exists_action")
_LISTS = ("glob_str", "ignore")
_KEYS = (*_FLAGS, *_TEXTS, *_LISTS, "target_path_kwargs", "parallel", "print_tree")


def entries(cfg: Mapping[str, Any] | Document | Section) -> tuple[LoadEntry, ...]:
    """The entries of a load configuration, in order.

    Parameters
    ----------
    cfg : mapping, Document or Section
        With a document, problems say their file, line and column.

    Raises
    ------
    UserError
        With every problem of the configuration.
    """
    value, where, where_key = _located(cfg)
    if not isinstance(value, Mapping):
        raise UserError.of(
            "bad-load-cfg",
            f"a load configuration maps names to entries, this is a {type(value).__name__}",
            where=where(),
        )
    problems: list[Problem] = []
    found = [
        _entry(str(name), spec, _Place(where, where_key, str(name)), problems)
        for name, spec in value.items()
    ]
    if problems:
        raise UserError(*problems)
    return tuple(entry for entry in found if entry is not None)


def _located(cfg: Any) -> tuple[Any, Callable[..., Where], Callable[..., Where]]:
    if isinstance(cfg, (Document, Section)):
        return cfg.value, cfg.where, cfg.where_key
    return cfg, _by_path, _by_path


def _by_path(*path: str | int) -> Where:
    return Where(path=path)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entry stands."""

    of_value: Callable[..., Where]
    of_key: Callable[..., Where]
    name: str

    def value(self, *path: str | int) -> Where:
        return self.of_value(self.name, *path)

    def key(self, *path: str | int) -> Where:
        return self.of_key(self.name, *path)


def _entry(name: str, spec: Any, place: _Place, problems: list[Problem]) -> LoadEntry | None:
    if not isinstance(spec, Mapping):
        problems.append(
            Problem(
                "bad-entry",
                f"entry {name!r} is a {type(spec).__name__}, not a mapping",
                place.value(),
                "An entry has at least `loader` and `glob_str`.",
            )
        )
        return None
    before = len(problems)
    for key in ("loader", "glob_str"):
        if key not in spec:
            near = did_you_mean(key, [k for k in spec if k not in _KEYS])
            mend = f"{near} It is spelled `{key}`." if near else f"Add `{key}: ...`."
            problems.append(
                Problem("missing-key", f"entry {name!r} has no `{key}`", place.key(), mend)
            )
    problems.extend(_wrong_values(spec, place))
    options = {str(key): value for key, value in spec.items() if key not in _KEYS}
    problems.extend(_wrong_loader(spec, options, place))
    problems.extend(_wrong_target(spec, place))
    if len(problems) > before:
        return None
    given = {key: spec[key] for key in _KEYS if key in spec and spec[key] is not None}
    for key in _LISTS:
        if key in given:
            given[key] = (given[key],) if isinstance(given[key], str) else tuple(given[key])
    return LoadEntry(name=name, options=options, where=place.value, **given)


def _wrong_values(spec: Mapping[str, Any], place: _Place) -> Iterable[Problem]:
    for key in _FLAGS:
        if not isinstance(spec.get(key, False), bool):
            yield _wrong(key, spec[key], "true or false", place)
    for key in _TEXTS:
        if not isinstance(spec.get(key, ""), (str, type(None))):
            yield _wrong(key, spec[key], "a text", place)
    for key in _LISTS:
        value = spec.get(key) or ""
        if not isinstance(value, str) and not (
            isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
        ):
            yield _wrong(key, value, "a text or a list of texts", place)
    if not isinstance(spec.get("target_path_kwargs") or {}, Mapping):
        yield _wrong("target_path_kwargs", spec["target_path_kwargs"], "a mapping", place)
    action = spec.get("exists_action")
    if isinstance(action, str) and action not in EXISTS_ACTIONS:
        yield _wrong("exists_action", action, f"one of {', '.join(EXISTS_ACTIONS)}", place)
    for key in ("glob_str", "loader"):
        if key in spec and not spec[key]:
            yield _wrong(key, spec[key], "not empty", place)


def _wrong(key: str, value: Any, wanted: str, place: _Place) -> Problem:
    return Problem("bad-value", f"`{key}` is {value!r}, it must be {wanted}", place.value(key))


def _wrong_loader(
    spec: Mapping[str, Any], options: Mapping[str, Any], place: _Place
) -> Iterable[Problem]:
    name = spec.get("loader")
    if not isinstance(name, str) or not name:
        known: tuple[str, ...] | None = None
    elif name not in loaders():
        known = None
        near = did_you_mean(name, loaders())
        mend = f"{near or ''} Known are: {', '.join(loaders())}.".strip()
        yield Problem("unknown-loader", f"unknown loader {name!r}", place.value("loader"), mend)
    else:
        known = tuple(loaders()[name].options())
    for key in options:
        near = did_you_mean(key, (*_KEYS, *(known or ())))
        if known is None and not near:
            continue  # it may be an option of the loader that is not known
        if known is None or key not in known:
            takes = f"The loader {name} takes: {', '.join(known)}." if known else ""
            yield Problem(
                "unknown-key", f"unknown key {key!r}", place.key(key), near or takes or None
            )


def _wrong_target(spec: Mapping[str, Any], place: _Place) -> Iterable[Problem]:
    regex, target = spec.get("path_regex"), spec.get("target_path")
    pattern: re.Pattern[str] | None = None
    if isinstance(regex, str):
        try:
            pattern = re.compile(regex)
        except re.error as error:
            yield Problem(
                "bad-regex",
                f"`path_regex` is no regular expression: {error}",
                place.value("path_regex"),
            )
    if target is not None and spec.get("target_group") is not None:
        yield Problem(
            "two-targets",
            "`target_path` and `target_group` exclude each other",
            place.key("target_group"),
            "Leave out one of them.",
        )
    more = spec.get("target_path_kwargs")
    for key, text in (("target_path", target), ("target_group", spec.get("target_group"))):
        if isinstance(text, str):
            problem = _wrong_format(key, text, pattern, more or {}, place)
            if problem:
                yield problem
    if spec.get("load_as_attr") and target is None:
        yield Problem(
            "no-target",
            "`load_as_attr` needs `target_path`, the path of what gets the attribute",
            place.key("load_as_attr"),
        )


def _wrong_format(
    key: str, text: str, pattern: re.Pattern[str] | None, more: Any, place: _Place
) -> Problem | None:
    groups = pattern.groups if pattern else 0
    named = dict.fromkeys(pattern.groupindex, "x") if pattern else {}
    sample: dict[str, Any] = dict.fromkeys(TARGET_KEYS, "x")
    sample.update({"groups": ["x"] * groups, "named": named})
    sample.update(more if isinstance(more, Mapping) else {})
    try:
        made = text.format(**sample)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        name = str(error.args[0]) if error.args else ""
        known = [*sample, *named]
        mend = did_you_mean(name, known) or f"It may use: {', '.join(sample)}."
        return Problem(
            "bad-format-string",
            f"`{key}` cannot be formatted: {type(error).__name__} {error}",
            place.value(key),
            mend,
        )
    if made.startswith("/"):
        return Problem(
            "absolute-path",
            f"`{key}` is absolute",
            place.value(key),
            "Paths start at the root of the tree: leave out the leading '/'.",
        )
    return None
