"""The leaves of the data tree: what they hold is read on first use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from whence.base.digest import Seen
from whence.base.error import UserError
from whence.tree.node import Node
from whence.tree.source import Source

UNREAD: Final = type("Unread", (), {"__repr__": lambda self: "unread", "__slots__": ()})()


class Container(Node):
    """A leaf that holds one object."""

    def __init__(
        self, *, name: str, data: Any = UNREAD, attrs: Any = None, source: Source | None = None
    ) -> None:
        super().__init__(name=name, attrs=attrs, source=source)
        if data is UNREAD and source is None:
            data = None
        self._data = data if data is UNREAD else self._checked(data)

    @property
    def data(self) -> Any:
        """What it holds, read from its file on first use."""
        if self._data is UNREAD and self.source is not None:
            self.seen = Seen.of(self.source.file)
            self._data = self._checked(self.source.read())
        return self._data

    def read(self) -> None:
        """Read it now."""
        _ = self.data

    def replace(self, data: Any) -> None:
        """Hold something else from now on."""
        self._data = self._checked(data)
        self.changed()

    def _checked(self, data: Any) -> Any:
        return data

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if state["_data"] is UNREAD:
            del state["_data"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({"_data": UNREAD, **state})


class ItemContainer(Container):
    """A container that is looked into by items, which belong to what it holds."""

    def __getitem__(self, key: Any) -> Any:
        return self.data[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.data[key] = value
        self.changed()

    def __delitem__(self, key: Any) -> None:
        del self.data[key]
        self.changed()

    def __contains__(self, key: object) -> bool:
        return key in self.data

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)


class ObjectContainer(ItemContainer):
    """Holds any object."""

    def info(self) -> str:
        """What the printed tree says of it."""
        return f"{type(self.data).__name__} stored, {super().info()}"


class StringContainer(ItemContainer):
    """Holds text."""

    def _checked(self, data: Any) -> str:
        return data if isinstance(data, str) else str(data)

    def info(self) -> str:
        """What the printed tree says of it."""
        return f"str stored, {super().info()}"

    def __str__(self) -> str:
        return str(self.data)


class MutableMappingContainer(ItemContainer):
    """Holds a mapping, and is used like one."""

    def _checked(self, data: Any) -> Any:
        if data is None:
            return {}
        if not hasattr(data, "keys"):
            raise UserError.of(
                "not-a-mapping",
                f"{self.source.file if self.source else self.logstr} holds a value of type "
                f"{type(data).__name__}, not a mapping",
                mend="Load it with `loader: yaml_to_object`.",
            )
        return data

    def keys(self) -> Any:
        """The keys."""
        return self.data.keys()

    def values(self) -> Any:
        """The values."""
        return self.data.values()

    def items(self) -> Any:
        """The pairs of key and value."""
        return self.data.items()

    def get(self, key: Any, default: Any = None) -> Any:
        """The value of a key, or the default."""
        return self.data.get(key, default)


class MutableSequenceContainer(ItemContainer):
    """Holds a list, and is used like one."""

    def _checked(self, data: Any) -> Any:
        return [] if data is None else data


class Forwarding(Container):
    """A container whose unknown attributes are those of what it holds."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("_data", "_attrs"):
            raise AttributeError(name)
        if hasattr(type(self), name):
            # A property of ours raised AttributeError: let that error be seen, not a lookup
            # of its name in what is held.
            return object.__getattribute__(self, name)
        return getattr(self.data, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.data)})


class PassthroughContainer(Forwarding, ItemContainer):
    """Holds any object, and passes attributes and items through."""

    def info(self) -> str:
        """What the printed tree says of it."""
        return f"{type(self.data).__name__} stored, {super().info()}"


class PathContainer(Forwarding):
    """Holds the path of a file or folder."""

    def __fspath__(self) -> str:
        return str(self.data)
