"""One way through everything that a function depends on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from whence.base.library import is_library
from whence.base.source import is_installed
from whence.base.top import top_of

Teller = Callable[["Walk", Any, str], Any]
"""Tells a value: plain data that is equal for equal values. The text names it for people."""


@dataclass(slots=True)
class Walk:
    """Goes from a function to all that it depends on, and tells each by its kind.

    Functions, classes, modules and objects are told once, each in an entry of its own that the
    others name by its number, so circles and long chains do no harm.

    Attributes
    ----------
    teller_of : callable
        Gives what tells the values of a type.
    edited, unknown : set of str
        As of `whence.base.code.Identity`.
    registries : bool
        Whether code that was met goes by which subclasses classes have.
    """

    teller_of: Callable[[type], Teller]
    edited: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    registries: bool = False
    _known: dict[int, int] = field(default_factory=dict)
    _held: list[Any] = field(default_factory=list)
    _entries: list[Callable[[], Any]] = field(default_factory=list)
    _bases: list[type] = field(default_factory=list)
    _files: set[str] = field(default_factory=set)
    _touched: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def whole(self, function: Any) -> Any:
        """All that a function depends on."""
        told = [self.told(function)]
        done = 0
        while True:
            while done < len(self._entries):
                told.append(self._entries[done]())
                done += 1
            if not self.registries or not self._bases:
                return [told, list(self._effects())]
            below: list[type] = type.__subclasses__(self._bases.pop(0))
            told.append([self.told(each) for each in below if not is_library(each)])

    def told(self, value: Any, name: str = "") -> Any:
        """A value, or the entry that tells it."""
        return self.known(value) or self.teller_of(type(value))(self, value, name)

    def known(self, value: Any) -> Any:
        """The entry of a value that has one."""
        number = self._known.get(id(value))
        return None if number is None else ["entry", number]

    def entry(self, value: Any, tell: Callable[[], Any]) -> Any:
        """A value that is told once, later."""
        number = self._known[id(value)] = len(self._entries)
        self.hold(value)
        self._entries.append(tell)
        return ["entry", number]

    def hold(self, *values: Any) -> None:
        """Keep values that were made for this, so that no other gets the identity of one."""
        self._held.extend(values)

    def not_known(self, name: str) -> Any:
        """What stands for a value that nothing tells from another one: new each time."""
        self.unknown.add(name)
        return ["unknown", os.urandom(16).hex()]

    def base(self, cls: type) -> None:
        """Have the subclasses of a class count, if any code goes by them."""
        self._bases.append(cls)

    def touch(self, file: str, scope: Mapping[str, Any]) -> None:
        """Have what a file of the project does at its top level count."""
        if file not in self._files:
            self._files.add(file)
            if file.endswith(".py") and not is_installed(file):
                self._touched.append((file, scope))

    def _effects(self) -> Iterator[Any]:
        """What the modules do at their top level, and those that these import there."""
        for file, scope in self._touched:  # which grows meanwhile
            top = top_of(file, scope)
            if top.token:
                self.edited.add(str(scope.get("__name__")))
            if top.effects:
                yield top.effects
            for module in top.imported():
                self.touch(getattr(module, "__file__", None) or "", vars(module))
