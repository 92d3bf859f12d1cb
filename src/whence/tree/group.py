"""The inner levels of the data tree."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from whence.base.error import UserError
from whence.base.excerpt import counted
from whence.base.registry import Registry
from whence.tree.container import Container, ObjectContainer
from whence.tree.error import ExistingDataError, ItemAccessError
from whence.tree.node import Node, find, segments, there_is
from whence.tree.source import Source

Fill = Callable[[], dict[str, Node]]
Opened = Callable[[], contextlib.AbstractContextManager[Any]]


class OrderedDataGroup(Node, Mapping[str, Any]):
    """A group that keeps its members in the order they were added.

    Members are reached by path: ``group["abm/energy/0"]``, also upwards (``..``) and on into
    what a container holds.

    Examples
    --------
    >>> group = OrderedDataGroup(name="root")
    >>> group.new_container("a/b", data={"x": 1}).path
    '/root/a/b'
    >>> group["a/b/x"]
    1
    """

    is_group: ClassVar[bool] = True
    _NEW_GROUP_CLS: ClassVar[Any] = None
    _NEW_CONTAINER_CLS: ClassVar[Any] = None
    _DATA_GROUP_CLASSES: ClassVar[Mapping[str, type[OrderedDataGroup]]] = {}
    _DATA_CONTAINER_CLASSES: ClassVar[Mapping[str, type[Container]]] = {}
    _COND_TREE_MAX_LEVEL: ClassVar[int] = 10
    _COND_TREE_CONDENSE_THRESH: ClassVar[int] = 10

    def __init__(
        self,
        *,
        name: str,
        containers: Any = None,
        attrs: Any = None,
        source: Source | None = None,
    ) -> None:
        super().__init__(name=name, attrs=attrs, source=source)
        self._members: dict[str, Node] = {}
        self._fill: Fill | None = None
        self._opened: Opened = contextlib.nullcontext
        if containers:
            self.add(*containers)

    @property
    def data(self) -> dict[str, Node]:
        """The members, by name."""
        if self._fill is not None:
            self._attach(self._fill())
        return self._members

    def fill_from(self, fill: Fill, opened: Opened) -> None:
        """Let members be made by `fill` when they are first asked for.

        Within ``with opened():`` what holds them stays open.
        """
        self._fill, self._opened = fill, opened

    def opened(self) -> contextlib.AbstractContextManager[Any]:
        """Keep the file that the group lies in open while something is done with it."""
        return self._opened()

    def read(self) -> None:
        """Read every array below now, opening each file once."""
        with self.opened():
            for member in self.children():
                if isinstance(member, (OrderedDataGroup, Container)):
                    member.read()

    def children(self) -> Iterator[Node]:
        """The members, in order."""
        return iter(self.data.values())

    def key_of(self, key: Any) -> str:
        """The name of the member that a key means.

        Raises
        ------
        KeyError
            If there is none.
        """
        if isinstance(key, str):
            return key
        raise KeyError(key)

    def member(self, key: Any) -> Node:
        """The member of that name.

        Raises
        ------
        KeyError
            If there is none.
        """
        return self.data[self.key_of(key)]

    def __getitem__(self, path: Any) -> Any:
        if type(path) is str and path in self.data:
            return self.data[path]
        return find(self, path)

    def __contains__(self, path: object) -> bool:
        if isinstance(path, Node):
            return any(member is path for member in self.children())
        return there_is(self, path)

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __delitem__(self, path: Any) -> None:
        found = self[path]
        if not isinstance(found, Node) or not isinstance(found.parent, OrderedDataGroup):
            raise ItemAccessError.of("not-a-member", f"{path!r} is not a member of a group")
        found.parent.remove(found.name)

    __eq__ = Node.__eq__
    __hash__ = Node.__hash__

    def remove(self, name: str) -> None:
        """Take a member out."""
        self.data.pop(name).parent = None
        self.changed()

    def add(self, *nodes: Node, overwrite: bool = False) -> None:
        """Take nodes in as members.

        Raises
        ------
        ExistingDataError
            If a name is taken and `overwrite` is not set; nothing is added then.
        """
        taken = [node for node in nodes if node.name in self.data]
        if taken and not overwrite:
            raise ExistingDataError.of(
                "existing-data",
                f"{self.logstr} already has a member {taken[0].name!r}",
                mend="Choose another path, or overwrite it.",
            )
        for node in nodes:
            self.check(node.name)
        for node in nodes:
            node.parent = self
            self.data[node.name] = node
        self.order(len(nodes))
        self.changed()

    def _attach(self, members: dict[str, Node]) -> None:
        for name in members:
            self.check(name)
        for node in members.values():
            node.parent = self
        self._members, self._fill = members, None
        self.order(len(members))

    def check(self, name: str) -> None:
        """Refuse a name that no member of this group may have."""

    def order(self, fresh: int) -> None:
        """Bring the members into order, the last `fresh` of which are new.

        They are kept as added here.
        """

    def new_group(self, path: Any, Cls: Any = None, attrs: Any = None) -> OrderedDataGroup:  # noqa: N803
        """A new group at a path; groups on the way are made as needed.

        Raises
        ------
        ExistingDataError
            If there is something already.
        """
        parent, name = self._parent_of(path)
        group: OrderedDataGroup = parent.group_class(Cls)(name=name, attrs=attrs)
        parent.add(group)
        return group

    def new_container(
        self,
        path: Any,
        Cls: Any = None,  # noqa: N803
        data: Any = None,
        attrs: Any = None,
    ) -> Container:
        """A new container at a path; groups on the way are made as needed.

        Raises
        ------
        ExistingDataError
            If there is something already.
        """
        parent, name = self._parent_of(path)
        container: Container = parent.container_class(Cls)(name=name, data=data, attrs=attrs)
        parent.add(container)
        return container

    def place(self, path: Any, node: Node, *, overwrite: bool = False) -> None:
        """Put a node at a path, the last step of which is its name."""
        parent, _ = self._parent_of(path)
        parent.add(node, overwrite=overwrite)

    def _parent_of(self, path: Any) -> tuple[OrderedDataGroup, str]:
        steps = segments(path)
        if not steps:
            raise ItemAccessError.of("empty-path", f"{path!r} names nothing in {self.logstr}")
        here: OrderedDataGroup = self
        for step in steps[:-1]:
            if step not in here:
                made = here.group_class(None)(name=str(step))
                here.add(made)
                here = made
                continue
            found = here[step]
            if not isinstance(found, OrderedDataGroup):
                raise ExistingDataError.of(
                    "existing-data",
                    f"{found.logstr if isinstance(found, Node) else step!r} in {self.logstr} is "
                    f"no group, so nothing can lie at {'/'.join(map(str, steps))!r}",
                    mend="Choose another target path.",
                )
            here = found
        return here, str(steps[-1])

    def group_class(self, cls: Any) -> type[OrderedDataGroup]:
        """The class meant by a class, a name or None (what this group makes by itself)."""
        from whence.tree.registry import groups

        cls = cls or self._NEW_GROUP_CLS or OrderedDataGroup
        found: type[OrderedDataGroup] = _class(cls, groups(), self._own("_DATA_GROUP_CLASSES"))
        return found

    def container_class(self, cls: Any) -> type[Container]:
        """The class meant by a class, a name or None (what this group makes by itself)."""
        from whence.tree.registry import containers

        cls = cls or self._NEW_CONTAINER_CLS or ObjectContainer
        found: type[Container] = _class(cls, containers(), self._own("_DATA_CONTAINER_CLASSES"))
        return found

    def _own(self, table: str) -> Mapping[str, Any]:
        """The nearest table of classes at or above this group."""
        group: Node | None = self
        while group is not None:
            found: Mapping[str, Any] = getattr(group, table, {})
            if found:
                return found
            group = group.parent
        return {}

    def info(self) -> str:
        """What the printed tree says of it."""
        return f"{counted(len(self), 'member')}, {counted(len(self._attrs), 'attribute')}"

    @property
    def tree(self) -> str:
        """The whole tree below, as text."""
        from whence.tree.show import tree_text

        return tree_text(self)

    @property
    def tree_condensed(self) -> str:
        """The tree below with long groups shortened, as text."""
        from whence.tree.show import tree_text

        return tree_text(
            self,
            max_level=self._COND_TREE_MAX_LEVEL,
            condense_thresh=self._COND_TREE_CONDENSE_THRESH,
        )

    def _repr_html_(self) -> str:
        return self._card(
            max_level=self._COND_TREE_MAX_LEVEL, condense_thresh=self._COND_TREE_CONDENSE_THRESH
        )

    def _card(self, note: str = "", **condensed: int | None) -> str:
        from whence.tree.html import tree_card

        return tree_card(self, note=note, **condensed)

    def __format__(self, spec: str) -> str:
        views: dict[str, Callable[[OrderedDataGroup], str]] = {
            "": repr,
            "tree": lambda group: group.tree,
            "tree_condensed": lambda group: group.tree_condensed,
            "info": lambda group: group.info(),
            "path": lambda group: group.path,
            "name": lambda group: group.name,
        }
        if spec not in views:
            raise UserError.of(
                "bad-format-spec",
                f"unknown format {spec!r}",
                mend=f"Known are: {', '.join(views)}.",
            )
        return views[spec](self)


def _class(cls: Any, known: Registry[Any], own: Mapping[str, Any]) -> Any:
    if not isinstance(cls, str):
        return cls
    return own[cls] if cls in own else known.find(cls)


class IndexedDataGroup(OrderedDataGroup):
    """A group whose members have whole numbers as names, and are ordered by them."""

    def key_of(self, key: Any) -> str:
        """The name of the member that a name or number means; negative ones count from the end.

        Raises
        ------
        KeyError
            If there is none.
        """
        if isinstance(key, str):
            return key
        number = int(key)
        if number < 0:
            return list(self.data)[number]
        if str(number) in self.data:
            return str(number)
        width = len(next(iter(self.data), ""))
        return str(number).zfill(width)

    def check(self, name: str) -> None:
        """Refuse a name that is no whole number."""
        if not (name.isascii() and name.isdigit()):
            raise UserError.of(
                "bad-name",
                f"{name!r} cannot be a member of {self.logstr}: its members are whole numbers",
            )

    def order(self, fresh: int) -> None:
        """Bring the members into the order of their numbers."""
        last = [int(name) for name in itertools.islice(reversed(self._members), fresh + 1)]
        if any(later < earlier for later, earlier in itertools.pairwise(last)):
            self._members = dict(sorted(self._members.items(), key=lambda pair: int(pair[0])))
