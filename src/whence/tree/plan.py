"""Which file goes where: decided before anything is read."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.base.error import UserError
from whence.base.problem import Problem
from whence.tree.entry import LoadEntry
from whence.tree.error import MissingDataWarning, NoMatchWarning, RequiredDataMissingError


@dataclass(frozen=True, slots=True)
class Load:
    """One file to be loaded to one place."""

    entry: LoadEntry
    file: Path
    target: str


def plan(entries: Sequence[LoadEntry], folder: Path) -> tuple[Load, ...]:
    """The files that entries match, with the places they go to, in order.

    Raises
    ------
    UserError
        With every problem: required entries that match nothing (`RequiredDataMissingError` if
        that is all), folders that are not there, two files for one place.
    """
    problems: list[Problem] = []
    loads: list[Load] = []
    for entry in entries:
        if not entry.enabled:
            continue
        base = folder / (entry.base_path or "")
        if not base.is_dir():
            problems.append(
                Problem(
                    "no-such-folder",
                    f"entry {entry.name!r}: there is no folder {base}",
                    entry.where("base_path") if entry.base_path else entry.where(),
                )
            )
            continue
        files = matching(entry, base)
        if not files:
            problems.extend(_missing(entry, base))
        loads.extend(Load(entry, file, _target(entry, file, base)) for file in files)
    problems.extend(_collisions(loads))
    if problems:
        only_missing = all(problem.code == "required-data-missing" for problem in problems)
        raise (RequiredDataMissingError if only_missing else UserError)(*problems)
    return tuple(loads)


def matching(entry: LoadEntry, base: Path) -> list[Path]:
    """The files and folders that an entry matches, sorted, each once."""
    found: set[str] = set()
    for pattern in entry.glob_str:
        found.update(glob.iglob(pattern, root_dir=base, recursive=True, include_hidden=True))
    kept = []
    for name in sorted(found):
        path = base / name
        is_folder = path.is_dir()
        wanted = entry.include_directories if is_folder else entry.include_files
        ignored = any(fnmatch.fnmatchcase(name, pattern) for pattern in entry.ignore)
        if wanted and not ignored:
            kept.append(path)
    return kept


def _missing(entry: LoadEntry, base: Path) -> Iterable[Problem]:
    patterns = ", ".join(map(repr, entry.glob_str))
    if entry.required:
        yield Problem(
            "required-data-missing",
            f"entry {entry.name!r} is required, but nothing matches {patterns} in {base}",
            entry.where("glob_str"),
            "Correct `glob_str`, or set `required: false` if the data need not be there.",
        )
        return
    warnings.warn(
        f"entry {entry.name!r}: nothing matches {patterns} in {base}",
        MissingDataWarning,
        stacklevel=5,
    )


def _target(entry: LoadEntry, file: Path, base: Path) -> str:
    values = {**_values(entry, file, base), **entry.target_path_kwargs}
    if entry.target_path is not None:
        return entry.target_path.format(**values).rstrip("/")
    one = not any(glob.has_magic(pattern) for pattern in entry.glob_str)
    if entry.target_group is not None:
        last = entry.name if one and len(entry.glob_str) == 1 else values["basename"]
        return f"{entry.target_group.format(**values).rstrip('/')}/{last}"
    return entry.name if one and len(entry.glob_str) == 1 else f"{entry.name}/{values['basename']}"


def _values(entry: LoadEntry, file: Path, base: Path) -> dict[str, Any]:
    """What a target path may use."""
    relative = os.path.relpath(file, base)
    folder = os.path.dirname(relative)
    stem, ext = os.path.splitext(file.name)
    match: Any = stem.lower()
    groups: tuple[Any, ...] = ()
    named: dict[str, Any] = {}
    if entry.path_regex is not None:
        found = re.search(entry.path_regex, str(file))
        if found is None:
            warnings.warn(
                f"entry {entry.name!r}: `path_regex` {entry.path_regex!r} does not match "
                f"{file}; its basename is used",
                NoMatchWarning,
                stacklevel=6,
            )
        else:
            groups, named = found.groups(), found.groupdict()
            match = groups[0] if groups else found.group()
    return {
        "basename": stem.lower(),
        "ext": ext,
        "dirname": folder,
        "relpath": relative,
        "dirname_cleaned": folder.replace("/", "__"),
        "relpath_cleaned": relative.replace("/", "__"),
        "match": match,
        "groups": groups,
        "named": named,
    }


def _collisions(loads: Sequence[Load]) -> Iterable[Problem]:
    taken: dict[str, Load] = {}
    for load in loads:
        key = f"{load.target}@{load.entry.name}" if load.entry.load_as_attr else load.target
        first = taken.setdefault(key, load)
        if first is not load and load.entry.exists_action in (None, "raise"):
            at = "target_path" if load.entry.target_path is not None else "glob_str"
            yield Problem(
                "same-target",
                f"entry {load.entry.name!r}: {load.file} and {first.file} would both go to "
                f"{load.target!r}",
                load.entry.where(at),
                "Let `target_path` depend on the file, for example on `{match:}`.",
            )
