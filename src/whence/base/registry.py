"""A table of named things that says what it knows when asked for what it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from whence.base.error import UserError
from whence.base.problem import did_you_mean

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Named entries of one kind.

    Parameters
    ----------
    kind : str
        What an entry is, as messages call it: ``"operation"``.
    lister : str, optional
        The command that lists all entries, offered with the error for an unknown name.
    """

    def __init__(self, kind: str, lister: str | None = None) -> None:
        self.kind = kind
        self._lister = lister
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T, *, replace: bool = False) -> T:
        """Register an entry and give it back.

        Raises
        ------
        UserError
            If the name is taken by another entry and `replace` is not set.
        """
        if not replace and name in self._entries and self._entries[name] is not entry:
            raise UserError.of(
                f"{self.kind}-exists".replace(" ", "-"),
                f"there is already a {self.kind} named {name!r}",
                mend="Choose another name, or pass replace=True to put yours in its place.",
            )
        self._entries[name] = entry
        return entry

    def __call__(self, *names: str) -> Callable[[T], T]:
        """A decorator that registers what it decorates under the names."""

        def register(entry: T) -> T:
            for name in names:
                self.add(name, entry)
            return entry

        return register

    def mend(self, name: str) -> str:
        """What to do about an unknown name: the near ones, and where all of them are."""
        near = did_you_mean(name, self._entries)
        if self._lister:
            return f"{near + ' ' if near else ''}`{self._lister}` lists them all."
        return near or f"Known are: {', '.join(sorted(self._entries))}."

    def find(self, name: str) -> T:
        """The entry of that name.

        Raises
        ------
        UserError
            If there is none; it offers the nearest names.
        """
        try:
            return self._entries[name]
        except KeyError:
            raise UserError.of(
                f"unknown-{self.kind}".replace(" ", "-"),
                f"unknown {self.kind} {name!r}",
                mend=self.mend(name),
            ) from None

    def __getitem__(self, name: str) -> T:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
