"""What a graph's keys were taken from: whether the files and the code are still the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from whence.base.code import Identity, identity_of
from whence.base.digest import Seen
from whence.transform.operation import Operation


class Witness:
    """Takes the digests of files and operations once, and tells what has changed since.

    Parameters
    ----------
    digest_of : callable
        Gives the digest of a file's content as it is now.
    """

    def __init__(self, digest_of: Callable[[Path], str]) -> None:
        self._digest_of = digest_of
        self._files: dict[Path, Seen] = {}
        self._codes: dict[int, tuple[Operation, Identity]] = {}

    @property
    def idle(self) -> bool:
        """Whether there is nothing that could change: no file, no code of the user's."""
        return not self._files and not self._codes

    def digest_of(self, path: Path) -> str:
        """The digest of a file when it was first asked for."""
        known = self._files.get(path)
        if known is None:
            known = self._files[path] = Seen.read(path, self._digest_of)
        return str(known.digest)

    def code_of(self, operation: Operation) -> str:
        """The digest of an operation of the user's when it was first asked for."""
        known = self._codes.get(id(operation))
        if known is None:
            known = self._codes[id(operation)] = operation, identity_of(operation.func)
        return known[1].digest

    def changed(self, paths: Iterable[Path]) -> tuple[Path, ...]:
        """Those of the files whose content is another by now, or that are gone."""
        known = ((path, self._files[path]) for path in paths if path in self._files)
        return tuple(path for path, seen in known if seen.is_other(self._digest_of))

    def edited(self) -> tuple[Operation, ...]:
        """The operations whose code, or what it names, is another by now."""
        known = ((operation, then) for operation, then in self._codes.values() if not then.unknown)
        return tuple(operation for operation, then in known if operation.digest != then.digest)

    def unknown(self) -> Mapping[str, tuple[str, ...]]:
        """By operation, the values that it depends on and that nothing tells apart."""
        return {op.name: then.unknown for op, then in self._codes.values() if then.unknown}

    def older(self) -> Mapping[str, tuple[str, ...]]:
        """By operation, the functions that run as they were before their file was edited."""
        return {op.name: then.edited for op, then in self._codes.values() if then.edited}
