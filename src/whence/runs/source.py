"""The project's sources that scripts consist of, found without running them.

They are found from the import statements anywhere in a file, resolved against the script's folder
and the project, again for each file found. What was found is held for the life of the process,
and looked for anew only where the system tells of a change.
"""

from __future__ import annotations

import ast
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from whence.base.digest import Stamp, digest_bytes

_INSTALLED = frozenset({"site-packages", "dist-packages"})


def is_inside(file: Path, folder: Path) -> bool:
    """Whether a file lies in a folder, and not in an environment that lies there."""
    return file.is_relative_to(folder) and not _INSTALLED & set(file.relative_to(folder).parts)


def top_folder(file: Path) -> Path:
    """The folder that a module's absolute name starts from: the first that is no package."""
    folder = file.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


@dataclass(frozen=True, slots=True)
class _Import:
    level: int
    parts: tuple[str, ...]
    attribute: str | None


@dataclass(frozen=True, slots=True)
class _Module:
    stamp: Stamp | None
    digest: str
    imports: tuple[_Import, ...]


_Entry = tuple[bool, int, int] | None


@dataclass(slots=True)
class _Folder:
    """A folder that names were looked up in, and what was there of each."""

    stamp: Stamp | None
    asked: dict[str, _Entry] = field(default_factory=dict)

    def is_same(self, path: str) -> bool:
        """Whether all names would be found as they were."""
        stamp = Stamp.of(path)
        if stamp == self.stamp and (stamp is None or not stamp.young):
            return True
        asked = self.asked.items()
        if self.stamp is None or any(_entry(path, name) != there for name, there in asked):
            return False
        self.stamp = stamp
        return True


def _entry(folder: str, name: str) -> _Entry:
    """Whether it is a folder, and which; None if there is no such thing."""
    try:
        told = os.stat(os.path.join(folder, name))
    except (OSError, ValueError):
        return None
    return stat.S_ISDIR(told.st_mode), told.st_dev, told.st_ino


@dataclass(frozen=True, slots=True)
class _Found:
    files: Mapping[Path, str]
    folders: Mapping[str, _Folder]


class Sources:
    """Finds sources, and holds what it found as long as it is so."""

    def __init__(self) -> None:
        self._found: dict[tuple[tuple[Path, ...], Path], _Found] = {}
        self._modules: dict[Path, _Module] = {}

    def of(self, scripts: Sequence[Path], base: Path) -> Mapping[Path, str]:
        """The digests of scripts and of all sources below a folder that they import, by path."""
        asked = (tuple(scripts), base)
        found = self._found.get(asked)
        if found is None or not self._holds(found):
            found = self._found[asked] = self._find(scripts, base)
        return found.files

    def _holds(self, found: _Found) -> bool:
        try:
            read = all(self._module(file).digest == told for file, told in found.files.items())
        except OSError:  # it was removed
            return False
        return read and all(folder.is_same(path) for path, folder in found.folders.items())

    def _find(self, scripts: Sequence[Path], base: Path) -> _Found:
        search = _Search()
        found: dict[Path, str] = {}
        known: dict[tuple[Path | None, _Import], list[Path]] = {}  # many files import the same
        waiting = list(scripts)
        folders = [*dict.fromkeys([*map(top_folder, scripts), base, base / "src"])]
        while waiting:
            file = waiting.pop()
            if file in found:
                continue
            module = self._module(file)
            found[file] = module.digest
            for name in module.imports:
                asked = (file.parent if name.level else None, name)
                if asked not in known:
                    paths = search.resolve(name, file, folders)
                    known[asked] = [path for path in paths if is_inside(path, base)]
                waiting += known[asked]
        return _Found(dict(sorted(found.items())), search.folders)

    def _module(self, file: Path) -> _Module:
        known, stamp = self._modules.get(file), Stamp.of(file)
        if known is not None and known.stamp == stamp and stamp is not None and not stamp.young:
            return known
        data = file.read_bytes()
        digest = digest_bytes(data)
        same = known is not None and known.digest == digest
        imports = known.imports if known is not None and same else _imports_in(data)
        self._modules[file] = _Module(stamp, digest, imports)
        return self._modules[file]


def _imports_in(data: bytes) -> tuple[_Import, ...]:
    try:
        return tuple(dict.fromkeys(_imports(ast.parse(data))))
    except (SyntaxError, ValueError):  # it counts as it is; running it will tell what is wrong
        return ()


def _imports(tree: ast.AST) -> Iterator[_Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _Import(0, tuple(alias.name.split(".")), None)
        elif isinstance(node, ast.ImportFrom):
            parts = tuple(node.module.split(".")) if node.module else ()
            for alias in node.names:
                yield _Import(node.level, parts, alias.name)


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks imports up, and keeps what it saw of the folders."""

    folders: dict[str, _Folder] = field(default_factory=dict)

    def resolve(self, name: _Import, file: Path, folders: Sequence[Path]) -> list[Path]:
        """The files that an import in a file runs, of the first folder that has any."""
        if name.level:
            folders = [file.parents[min(name.level, len(file.parents)) - 1]]
        for folder in folders:
            found = self._below(str(folder), name)
            if found:
                return [Path(os.path.realpath(path)) for path in found]
        return []

    def _below(self, folder: str, name: _Import) -> list[str]:
        """The packages on the way below a folder, and the module."""
        found = []
        at = folder
        words = name.parts if name.attribute is None else (*name.parts, name.attribute)
        if name.level and self._is_file(at, "__init__.py"):
            found.append(os.path.join(at, "__init__.py"))
        for word in words:
            there = self._look(at, word)
            if there is None or not there[0]:
                if self._is_file(at, f"{word}.py"):
                    found.append(os.path.join(at, f"{word}.py"))
                break
            at = os.path.join(at, word)
            if self._is_file(at, "__init__.py"):
                found.append(os.path.join(at, "__init__.py"))
        return found

    def _is_file(self, folder: str, name: str) -> bool:
        there = self._look(folder, name)
        return there is not None and not there[0]

    def _look(self, folder: str, name: str) -> _Entry:
        if folder not in self.folders:
            self.folders[folder] = _Folder(Stamp.of(folder))  # before: what changes then shows
        seen = self.folders[folder]
        if seen.stamp is None:
            return None
        if name not in seen.asked:
            seen.asked[name] = _entry(folder, name)
        return seen.asked[name]


sources_of = Sources().of
"""The digests of scripts and of all sources below a folder that they import, by path."""
