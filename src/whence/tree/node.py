"""What every member of the data tree is: a name, attributes, a place and a source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, ClassVar

from whence.base.digest import Seen
from whence.base.error import UserError
from whence.base.excerpt import counted
from whence.base.problem import did_you_mean
from whence.tree.error import ItemAccessError

if TYPE_CHECKING:
    from whence.tree.source import Source


class Attrs(MutableMapping[str, Any]):
    """The attributes of a node; a change to them is a change of the node."""

    __slots__ = ("_node",)

    def __init__(self, node: Node) -> None:
        self._node = node

    def __getitem__(self, key: str) -> Any:
        return self._node._attrs[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._node._attrs = {**self._node._attrs, key: value}
        self._node.changed()

    def __delitem__(self, key: str) -> None:
        if key not in self._node._attrs:
            raise KeyError(key)
        self._node._attrs = {k: v for k, v in self._node._attrs.items() if k != key}
        self._node.changed()

    def __iter__(self) -> Iterator[str]:
        return iter(self._node._attrs)

    def __len__(self) -> int:
        return len(self._node._attrs)

    def __repr__(self) -> str:
        return repr(dict(self._node._attrs))


def segments(path: Any) -> list[Any]:
    """The steps of a path: ``"a/b"``, ``["a", "b"]``, ``3`` or ``["a/b", 3]``.

    Raises
    ------
    ItemAccessError
        If the path is absolute.
    """
    if isinstance(path, (list, tuple)):
        return [step for part in path for step in segments(part)]
    if not isinstance(path, str):
        return [path]
    if path.startswith("/"):
        raise ItemAccessError.of(
            "absolute-path",
            f"path {path!r} is absolute",
            mend="Paths start at the group they are looked up in: leave out the leading '/'.",
        )
    return [step for step in path.split("/") if step]


class Node(ABC):
    """A member of the data tree.

    Attributes
    ----------
    name : str
        Its name in its group.
    parent : Node or None
        The group it is in.
    attrs : dict
        Its attributes.
    source : Source or None
        The file it came from; None if it was made in memory.
    attr_sources : mapping of str to Source
        The files that attributes came from, for those that came from one.
    pristine : bool
        Whether it is still what was read from the file.
    seen : Seen or None
        The file as it was when it was read or opened; None if it was not.
    """

    is_group: ClassVar[bool] = False

    def __init__(self, *, name: str, attrs: Any = None, source: Source | None = None) -> None:
        if not isinstance(name, str) or not name or "/" in name or name in (".", ".."):
            raise UserError.of(
                "bad-name",
                f"{name!r} cannot be the name of a node",
                mend="A name is a text without '/', not empty, and neither '.' nor '..'.",
            )
        self._name = name
        self._attrs: Mapping[str, Any] = dict(attrs or {})
        self._token: str | None = None
        self.attr_sources: Mapping[str, Source] = {}
        self.source = source
        self.pristine = source is not None
        self.seen: Seen | None = None
        self.parent: Node | None = None

    @property
    def name(self) -> str:
        """Its name in its group."""
        return self._name

    @property
    def attrs(self) -> Attrs:
        """Its attributes."""
        return Attrs(self)

    @property
    @abstractmethod
    def data(self) -> Any:
        """What it holds."""

    @property
    def path(self) -> str:
        """The names from the root to here: ``/my_simulation/simulations/12``."""
        above = self.parent.path if self.parent is not None else ""
        return f"{above}/{self.name}"

    @property
    def outdated(self) -> bool:
        """Whether its file was written since it was read, so that it holds something else."""
        return self.source is not None and self.seen is not None and self.seen.is_other()

    @property
    def classname(self) -> str:
        """The name of its class."""
        return type(self).__name__

    @property
    def logstr(self) -> str:
        """Class and name, as messages call it."""
        return f"{self.classname} '{self.name}'"

    def children(self) -> Iterable[Node]:
        """The members of a group; nothing for a container."""
        return ()

    def info(self) -> str:
        """What the printed tree says of it."""
        return counted(len(self._attrs), "attribute")

    def changed(self) -> None:
        """Note that content was changed in memory: the files no longer tell what is here."""
        node: Node | None = self
        while node is not None:
            node.pristine = False
            node._token = None
            node = node.parent

    def token(self, make: Callable[[], str]) -> str:
        """An identity of its own, the same until it is changed."""
        if self._token is None:
            self._token = make()
        return self._token

    def __repr__(self) -> str:
        return f"<{self.logstr}, {self.info()}>"

    def __eq__(self, other: object) -> Any:
        return self is other

    __hash__ = object.__hash__


def find(start: Node, path: Any) -> Any:
    """What lies at a path below a node: a node, or a part of what a container holds.

    Raises
    ------
    ItemAccessError
        If there is nothing; says where the lookup stopped and offers the nearest names.
    """
    steps = segments(path)
    here: Any = start
    for at, step in enumerate(steps):
        try:
            here = _step(here, step)
        except (LookupError, TypeError, ValueError) as error:
            raise _nothing(start, steps, at, here, error) from None
    return here


def there_is(start: Node, path: Any) -> bool:
    """Whether `find` would find something."""
    here: Any = start
    try:
        for step in segments(path):
            here = _step(here, step)
    except (LookupError, TypeError, ValueError):
        return False
    return True


def _step(here: Any, step: Any) -> Any:
    if isinstance(here, Node):
        if step == ".":
            return here
        if step == "..":
            if here.parent is None:
                raise KeyError(step)
            return here.parent
        return here.member(step) if here.is_group else here[step]  # type: ignore[attr-defined, index]
    if isinstance(here, (list, tuple)) and isinstance(step, str):
        return here[int(step)]
    return here[step]


def _nothing(
    start: Node, steps: list[Any], at: int, here: Any, error: Exception
) -> ItemAccessError:
    whole = "/".join(map(str, steps))
    step = steps[at]
    if step == ".." and isinstance(here, Node):
        return ItemAccessError.of(
            "no-such-item",
            f"no item {whole!r} in {start.logstr}: {here.logstr} has nothing above it",
        )
    place = here.logstr if isinstance(here, Node) else f"a value of type {type(here).__name__}"
    stopped = f", the lookup stopped at {'/'.join(map(str, steps[:at]))!r}, {place}" if at else ""
    names = [str(name) for name in _names(here)]
    if names:
        shown = ", ".join(names[:8]) + (f", ... ({len(names)} in all)" if len(names) > 8 else "")
        mend = f"{did_you_mean(str(step), names) or ''} It has: {shown}.".strip()
    elif isinstance(here, Node) and here.is_group:
        mend = "It has no members."
    else:
        mend = f"It cannot be looked into by {step!r}: {error}."
    return ItemAccessError.of(
        "no-such-item", f"no item {whole!r} in {start.logstr}{stopped}", mend=mend
    )


def _names(here: Any) -> Iterator[Any]:
    if isinstance(here, Node) and not here.is_group:
        here = here.data
    if isinstance(here, Mapping):
        yield from here
