"""The project's sources that scripts consist of, found without running them.

They are found from the import statements anywhere in a file, resolved against the script's folder
and the project, again for each file found; folders count too that ``PYTHONPATH`` names, and those
whose names stand in a file that speaks of ``sys.path``. Where a module is imported by a computed
name, it may be any of the project. What was found is held for the life of the process, and looked
for anew only where the system tells of a change.
"""

from __future__ import annotations

import ast
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whence.base.digest import Stamp, digest_bytes

_INSTALLED = frozenset({"site-packages", "dist-packages"})
_NOT_OURS = _INSTALLED | {"__pycache__", "node_modules"}
_IMPORTERS = frozenset({"import_module", "__import__"})
_PLACEHOLDER = re.compile(r"\{\w[^{}]*\}")
_LONGEST = 200  # letters of a text that may name a folder
_STEPS = 2  # folders one below the other that are named each by itself


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
class _Text:
    """What is to be known of a source.

    Attributes
    ----------
    imports : tuple of _Import
        What it imports by name.
    computed : bool
        Whether it imports by computed names as well.
    places : tuple of str
        Texts in it that may name folders where modules lie; none unless it speaks of ``sys.path``.
    """

    imports: tuple[_Import, ...] = ()
    computed: bool = False
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Module:
    stamp: Stamp | None
    digest: str
    text: _Text


_Entry = tuple[bool, int, int] | None


@dataclass(slots=True)
class _Folder:
    """A folder that names were looked up in, and what was there of each.

    Where all its sources were taken, ``whole`` tells what else there was to go through.
    """

    stamp: Stamp | None
    asked: dict[str, _Entry] = field(default_factory=dict)
    whole: frozenset[str] | None = None

    def is_same(self, path: str) -> bool:
        """Whether all would be found as it was."""
        stamp = Stamp.of(path)
        if stamp == self.stamp and (stamp is None or not stamp.young):
            return True
        asked = self.asked.items()
        if self.stamp is None or any(_entry(path, name) != there for name, there in asked):
            return False
        if self.whole is not None and self.whole != _within(path):
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
    more: Collection[Path]  # where modules lie beside the usual folders


class Sources:
    """Finds sources, and holds what it found as long as it is so."""

    def __init__(self) -> None:
        self._found: dict[tuple[tuple[Path, ...], Path, str], _Found] = {}
        self._modules: dict[Path, _Module] = {}

    def of(self, scripts: Sequence[Path], base: Path) -> Mapping[Path, str]:
        """The digests of scripts and of all sources below a folder that they import, by path."""
        path = os.environ.get("PYTHONPATH", "")
        asked = (tuple(scripts), base, path)
        found = self._found.get(asked)
        if found is None or not self._holds(found, base):
            found = self._found[asked] = self._find(scripts, base, _added(base))
        return found.files

    def of_text(self, text: str, folder: Path, base: Path) -> Mapping[Path, str]:
        """The digests of all sources below a folder that a text of Python in another imports.

        Where it is no Python, its ``{placeholders}`` are taken for numbers.
        """
        found = _text_of(os.fsencode(text))
        if not found.imports:
            found = _text_of(os.fsencode(_PLACEHOLDER.sub("0", text)))
        search, file = _Search(), folder / "-c"
        folders = [folder, base, base / "src", *_added(base), *_places(found, file, base)]
        paths = [path for name in found.imports for path in search.resolve(name, file, folders)]
        if found.computed:
            paths += search.all_below(str(base))
        return self.of([path for path in dict.fromkeys(paths) if is_inside(path, base)], base)

    def _holds(self, found: _Found, base: Path) -> bool:
        for file, digest in found.files.items():
            try:
                module = self._module(file)
            except OSError:  # it was removed
                return False
            places = _places(module.text, file, base)
            if module.digest != digest or any(place not in found.more for place in places):
                return False
        return all(folder.is_same(path) for path, folder in found.folders.items())

    def _find(self, scripts: Sequence[Path], base: Path, more: Sequence[Path]) -> _Found:
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
            new = [place for place in _places(module.text, file, base) if place not in more]
            if new:  # files seen before may import from there too
                return self._find(scripts, base, [*more, *new])
            if module.text.computed:
                waiting += search.all_below(str(base))
            for name in module.text.imports:
                asked = (file.parent if name.level else None, name)
                if asked not in known:
                    paths = search.resolve(name, file, folders)
                    if not name.level:  # which of them comes first is known only as it runs
                        paths += [
                            path for each in more for path in search.resolve(name, file, [each])
                        ]
                    known[asked] = [path for path in paths if is_inside(path, base)]
                waiting += known[asked]
        return _Found(dict(sorted(found.items())), search.folders, more)

    def _module(self, file: Path) -> _Module:
        known, stamp = self._modules.get(file), Stamp.of(file)
        if known is not None and known.stamp == stamp and stamp is not None and not stamp.young:
            return known
        data = file.read_bytes()
        digest = digest_bytes(data)
        same = known is not None and known.digest == digest
        text = known.text if known is not None and same else _text_of(data)
        self._modules[file] = _Module(stamp, digest, text)
        return self._modules[file]


def _added(base: Path) -> list[Path]:
    """The folders of a project that the environment has modules looked for in."""
    path = os.environ.get("PYTHONPATH", "")
    places = (Path(os.path.realpath(place)) for place in path.split(os.pathsep) if place)
    return [folder for folder in places if is_inside(folder, base)]


def _text_of(data: bytes) -> _Text:
    try:
        nodes = list(ast.walk(ast.parse(data)))
    except (SyntaxError, ValueError):  # it counts as it is; running it will tell what is wrong
        return _Text()
    asked = list(filter(None, map(_asked, nodes)))
    texts = [node.value for node in asked if isinstance(node, ast.Constant)]
    imports = dict.fromkeys([*_imports(nodes), *map(_named, texts)])
    places: dict[str, None] = {}
    if any(map(_is_path, nodes)):
        constants = (node.value for node in nodes if isinstance(node, ast.Constant))
        places = dict.fromkeys(text for text in constants if isinstance(text, str) and _fits(text))
    return _Text(tuple(imports), len(texts) < len(asked), tuple(places))


def _is_path(node: ast.AST) -> bool:
    """Whether it is ``sys.path``."""
    if not isinstance(node, ast.Attribute) or node.attr != "path":
        return False
    return isinstance(node.value, ast.Name) and node.value.id == "sys"


def _asked(call: ast.AST) -> ast.expr | None:
    """The name that a call imports, if it is one that does."""
    if not isinstance(call, ast.Call):
        return None
    told = call.func.attr if isinstance(call.func, ast.Attribute) else call.func
    name = told.id if isinstance(told, ast.Name) else told
    return call.args[0] if name in _IMPORTERS and call.args else None


def _named(name: Any) -> _Import:
    words = str(name)
    rest = words.lstrip(".")
    return _Import(len(words) - len(rest), tuple(rest.split(".")), None)


def _fits(text: str) -> bool:
    return 0 < len(text) <= _LONGEST and text.isprintable() and text not in (".", "/")


def _places(text: _Text, file: Path, base: Path) -> list[Path]:
    """The folders of the project that a source may have added to ``sys.path``.

    Its texts are taken for steps, from its own folder and those above it: so
    ``os.path.join(os.path.dirname(__file__), "..", "lib")`` is found without running it.
    """
    if not text.places:
        return []
    above = [folder for folder in file.parents if folder == base or base in folder.parents]
    found = dict.fromkeys(above)
    for _ in range(_STEPS):
        for folder in list(found):
            there = (folder / step for step in text.places)
            found |= dict.fromkeys(
                Path(os.path.realpath(place)) for place in there if os.path.isdir(place)
            )
    return [folder for folder in found if is_inside(folder, base)]


def _within(folder: str) -> frozenset[str]:
    """The Python files of a folder and its folders, but for environments and hidden ones."""
    found = set()
    with suppress(OSError), os.scandir(folder) as entries:  # it is gone, or not to be read
        for entry in entries:
            name = entry.name
            if name.endswith(".py") if entry.is_file() else entry.is_dir(follow_symlinks=False):
                found.add(name)
    return frozenset(name for name in found - _NOT_OURS if name[0] != ".")


def _imports(nodes: Iterable[ast.AST]) -> Iterator[_Import]:
    for node in nodes:
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

    def all_below(self, base: str) -> Iterator[Path]:
        """All Python files of a project."""
        waiting = [base]
        while waiting:
            folder = waiting.pop()
            if self._is_file(folder, "pyvenv.cfg"):  # an environment
                continue
            seen = self._seen(folder)
            seen.whole = _within(folder)
            for name in seen.whole:
                path = os.path.join(folder, name)
                if os.path.isdir(path):
                    waiting.append(path)
                else:
                    yield Path(path)

    def _is_file(self, folder: str, name: str) -> bool:
        there = self._look(folder, name)
        return there is not None and not there[0]

    def _look(self, folder: str, name: str) -> _Entry:
        seen = self._seen(folder)
        if seen.stamp is None:
            return None
        if name not in seen.asked:
            seen.asked[name] = _entry(folder, name)
        return seen.asked[name]

    def _seen(self, folder: str) -> _Folder:
        if folder not in self.folders:
            self.folders[folder] = _Folder(Stamp.of(folder))  # before: what changes then shows
        return self.folders[folder]


_SOURCES = Sources()
sources_of = _SOURCES.of
"""The digests of scripts and of all sources below a folder that they import, by path."""
sources_of_text = _SOURCES.of_text
"""The same of a text that is run in a folder."""
