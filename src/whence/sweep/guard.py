"""What the key of a point was taken from, looked at again where and when the point runs."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whence.records import Artifact
from whence.runs.input import digest_input, input_files, named_inputs
from whence.store import Store

_NAMED = 3  # so many files are told of by name


@dataclass(frozen=True, slots=True)
class Guard:
    """The files that a point's key covers, as they were when the sweep was planned.

    Between planning and running a sweep may wait for days. What runs with other code or data is
    put on record without a key, so that it is never taken for what the key says.

    Attributes
    ----------
    project : Path
        What names of files start from.
    cwd : Path
        Where relative paths in the words start.
    values : tuple
        Words and parameters that may name files.
    code, inputs : mapping of str to str
        Digests by name; of the code, the files in the project.
    wrote : mapping of str to str
        What runs of the point made of the files that words name: no inputs while they are so.
    """

    project: Path
    cwd: Path
    values: tuple[Any, ...] = ()
    code: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    wrote: Mapping[str, str] = field(default_factory=dict)

    def artifacts(self) -> Iterator[Artifact]:
        """The input files, for the record."""
        return input_files(self.inputs, self.project)

    def edited(self, store: Store) -> tuple[str, ...]:
        """The files of code and the inputs that are others by now."""
        known = {**self.code, **self.inputs}
        named = self._named(store)
        files = tuple((n, d) for n, d in known.items() if n not in named)
        folders = [n for n in named if n in self.inputs and named[n] != self.inputs[n]]
        return tuple(sorted([*_others(store, self.project, files), *folders]))

    def loaded(self, store: Store) -> tuple[str, ...]:
        """The files of code that were others when this process loaded them, for its first point."""
        return _loaded(store.root, self.project, tuple(self.code.items()))

    def made(self, store: Store) -> dict[str, str]:
        """The files that words name and that were not there, or made by runs, as they are now."""
        named = self._named(store)
        return {name: named[name] for name in sorted(named) if name not in self.inputs}

    def _named(self, store: Store) -> dict[str, str]:
        return named_inputs(self.values, self.cwd, self.project, store.digest_of, self.code)


def told(names: tuple[str, ...], when: str) -> str:
    """Why a point has no key, in words."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"{', '.join(names[:_NAMED])}{more} changed {when}: the point is not taken for done. "
        "What it writes itself belongs into {out}"
    )


@functools.lru_cache(maxsize=8)
def _loaded(root: Path, project: Path, files: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return _others(Store.open(root), project, files)


def _others(store: Store, project: Path, files: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    there = ((name, digest, project / name) for name, digest in files)
    return tuple(n for n, digest, path in there if digest_input(path, store.digest_of) != digest)
