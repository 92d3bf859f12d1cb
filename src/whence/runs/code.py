"""The code of a run: the project's own sources that it consists of, by digest.

Installed packages are known by the environment.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whence.base.digest import digest_value
from whence.base.source import is_installed
from whence.runs.source import is_inside, sources_of, sources_of_text, top_folder

DigestOf = Callable[[Path], str]

_SHELLS = frozenset({".sh", ".bash", ".zsh", ".ksh"})
_SHEBANG = re.compile(rb"#!\s*\S*/(?:env\s+)?(?:ba|z|k|da)?sh\b")
# The second is what pip writes where the path of Python is long or holds blanks.
_PYTHON = re.compile(rb"#![^\n]*python|#!/bin/sh\n'''exec' ")
_WORDS = re.compile(r"[\s\"'`=;|&()<>]+")
_WRITTEN = re.compile(r">[>|&]?\s*[^\s;|&()<>]+")
_TEXT_FOLLOWS = re.compile(r"-[A-Za-z]*c")
_SOURCING = frozenset({"source", "."})
_LONGEST_SCRIPT = 1 << 16  # bytes that are looked through


@dataclass(frozen=True)
class Code:
    """The files of code that a run consists of.

    Attributes
    ----------
    files : mapping of str to str
        Digest by path relative to `base`, or absolute outside of it; the executable of a command
        goes by its name.
    base : Path
        The folder that the paths are relative to: the project's, where the code lies in it.
    notes : tuple of str
        What is to be said of it in the run, as a warning.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    base: Path = Path()
    notes: tuple[str, ...] = ()

    @functools.cached_property
    def digest(self) -> str | None:
        """One digest for all files, or None if there are none."""
        return digest_value(dict(self.files)) if self.files else None

    def paths(self) -> Iterator[tuple[str, Path]]:
        """Name and place of each file that lies below the base."""
        for name in self.files:
            path = self.base / name
            if path.is_file():
                yield name, path


def code_of_script(script: str | os.PathLike[str], project: str | os.PathLike[str]) -> Code:
    """The code of a Python script: itself and the project's sources that it imports.

    Parameters
    ----------
    script : path-like
        The file.
    project : path-like
        The project's folder; a script outside of it counts with what its own folder holds.
    """
    file = Path(os.path.realpath(script))
    base = _base(file, Path(os.path.realpath(project)))
    found = sources_of([file], base)
    return Code({_name(path, base): digest for path, digest in found.items()}, base)


def code_of_function(function: Callable[..., Any], project: str | os.PathLike[str]) -> Code:
    """The code of a Python function: what runs, the file that defines it and what that imports.

    What runs goes by the function's name in angle brackets; see `whence.base.code.identity_of`.
    A function typed into a notebook or a prompt has no file.
    """
    from whence.base.code import identity_of, note_edited, note_unknown

    identity = identity_of(function)
    inner = inspect.unwrap(function)
    file = function_file(inner)
    found = Code(base=Path(project)) if file is None else code_of_script(file, project)
    notes = [note_edited(identity.edited)] if identity.edited else []
    notes += [note_unknown(identity.unknown)] if identity.unknown else []
    name = getattr(inner, "__qualname__", type(inner).__qualname__)
    return Code({**found.files, f"<{name}>": identity.digest}, found.base, tuple(notes))


def function_file(function: Callable[..., Any]) -> Path | None:
    """The file that defines a function, or None where there is none."""
    try:
        file = inspect.getsourcefile(inspect.unwrap(function))
    except TypeError:
        return None
    return Path(os.path.realpath(file)) if file and os.path.isfile(file) else None


def code_of_command(
    command: Sequence[str], project: str | os.PathLike[str], digest_of: DigestOf
) -> Code:
    """The code of a command: the executable's bytes, and its arguments that are project files.

    Of shell scripts the programs and scripts of the project count that they name. A text that
    is to be run, as in ``sh -c TEXT``, counts with the files that it names and, if it is Python,
    with what it imports. Of programs that are Python scripts, as those of packages are,
    what they import of the project counts.

    A Python script elsewhere counts too, with what it imports from its own folder, unless it is
    an installed one; they go by their absolute paths.

    Parameters
    ----------
    command : sequence of str
        Program and arguments. Options like ``--input=FILE`` are looked into.
    project : path-like
        The project's folder.
    digest_of : callable
        Gives the digest of a file, remembered where it can be (``Store.digest_of``).
    """
    base = Path(os.path.realpath(project))
    texts = list(texts_of(command))
    words = [*command, *(word for text in texts for word in words_of_text(text))]
    modules = [name for option, name in itertools.pairwise(words) if option == "-m"]
    words += [file for name in modules for file in _files_of_module(name)]
    there = [path for word in words for path in _files_named(word)]
    named = [path for path in there if is_inside(path, base)]
    for path in named:  # which grows by what is found
        named += [each for each in _named_in(path) if is_inside(each, base) and each not in named]
    python = [path for path in named if path.suffix == ".py" or _PYTHON.match(_start_of(path))]
    files = {_name(path, base): digest_of(path) for path in named}
    files |= {_name(path, base): digest for path, digest in sources_of(python, base).items()}
    inside = set(named)
    elsewhere = dict.fromkeys([*(path for path in there if path not in inside), *_called(words)])
    here = Path.cwd()
    said = [(text, here) for text in (*texts, *(f"import {name}" for name in modules))]
    starts = ((_start_of(file), file.parent) for file in elsewhere)
    said += [(os.fsdecode(start), at) for start, at in starts if _PYTHON.match(start)]
    for text, folder in said:
        found = sources_of_text(text, folder, base)
        files |= {_name(path, base): digest for path, digest in found.items()}
    for script in elsewhere:
        if script.suffix == ".py" and not is_installed(script):
            found = sources_of([script], top_folder(script))
            files |= {str(path): digest for path, digest in found.items()}
    program = executable(command)
    if program is not None and program not in named:
        files[program.name] = digest_of(program)
    return Code(files, base)


def texts_of(command: Sequence[str]) -> Iterator[str]:
    """The words of a command that its program runs: ``sh -c TEXT``, ``python -c TEXT``."""
    for before, word in itertools.pairwise(command):
        if _TEXT_FOLLOWS.fullmatch(before):
            yield word


def words_of_text(text: str) -> Iterator[str]:
    """The words of a text that a shell runs, but for the files that its output goes to."""
    return filter(None, _WORDS.split(_WRITTEN.sub(" ", text)))


def executable(command: Sequence[str]) -> Path | None:
    """The file that a command starts, or None if there is none."""
    found = shutil.which(command[0]) if command else None
    return Path(os.path.realpath(found)) if found else None


def _files_of_module(name: str) -> tuple[str, str]:
    """What ``python -m name`` may run, as Python looks for it from the working directory."""
    path = os.path.join(*name.split("."))
    return f"{path}.py", os.path.join(path, "__main__.py")


def _called(words: Iterable[str]) -> Iterator[Path]:
    """The programs that are called by their names alone."""
    for word in dict.fromkeys(words):
        found = None if os.path.exists(word) else shutil.which(word)
        if found:
            yield Path(found)


def _start_of(file: str | os.PathLike[str]) -> bytes:
    try:
        with open(file, "rb") as opened:
            return opened.read(_LONGEST_SCRIPT)
    except OSError:
        return b""


def _named_in(script: Path) -> Iterator[Path]:
    """The code that a shell script names, as seen from the working directory or its own folder.

    What else it names may be what it writes.
    """
    start = _start_of(script)
    if script.suffix not in _SHELLS and not _SHEBANG.match(start):
        return
    words = _WORDS.split(start.decode(errors="replace"))
    for before, word in itertools.pairwise(["", *words]):
        for text in (word, os.path.join(script.parent, word)):
            if word and os.path.isfile(text) and (before in _SOURCING or _is_code(text)):
                yield Path(os.path.realpath(text))


def _is_code(file: str) -> bool:
    return os.path.splitext(file)[1] in {*_SHELLS, ".py"} or os.access(file, os.X_OK)


def _files_named(word: str) -> Iterator[Path]:
    for text in (word, word.partition("=")[2]):
        if text and "{" not in text and os.path.isfile(text):
            yield Path(os.path.realpath(text))


def _base(file: Path, project: Path) -> Path:
    return project if is_inside(file, project) else top_folder(file)


@functools.lru_cache(maxsize=8192)
def _name(file: Path, base: Path) -> str:
    return file.relative_to(base).as_posix() if file.is_relative_to(base) else file.name
