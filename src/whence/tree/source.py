"""Where a node's content came from, and its identity by that."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.base.clock import new_id
from whence.base.digest import digest_bytes, digest_value
from whence.base.error import UserError
from whence.formats import listener

if TYPE_CHECKING:
    from whence.tree.node import Node

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and what of it a node holds.

    Attributes
    ----------
    file : Path
        The absolute path of the file.
    inner : str
        The path inside the file; empty for all of it.
    reader : str
        The loader that reads it.
    options : Mapping
        What the loader was told.
    """

    file: Path
    inner: str = ""
    reader: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def read(self) -> Any:
        """The content, read now.

        Raises
        ------
        UserError
            If the file cannot be read.
        """
        from whence.tree.loader import loaders

        within = {"inner": self.inner} if self.inner else {}
        content = loaders()[self.reader].read(self.file, **within, **self.options)
        self.tell()
        return content

    def tell(self) -> None:
        """Tell the run that this is part of, if any, that the file was read."""
        hear = listener()
        if hear is None and os.environ.get("WHENCE_RUN"):
            from whence.runs import hearing

            hear = hearing()
        if hear is not None:
            hear(self.file, None)


def sources(node: Node) -> tuple[Source, ...]:
    """The sources at and below a node, each file once, in the order of the tree.

    A whole file counts once, however many nodes it has.
    """
    found: dict[Path, Source] = {}
    for source in _sources(node):
        found.setdefault(source.file, source)
    return tuple(found.values())


def _sources(node: Node) -> Iterator[Source]:
    from whence.tree.node import Node

    if node.source is not None:
        if not node.outdated:
            yield node.source
        if node.pristine:
            return
    for key, source in node.attr_sources.items():
        if key in node.attrs:
            yield source
    below = (*(value for value in node.attrs.values() if isinstance(value, Node)), *node.children())
    for member in below:
        yield from _sources(member)


def identity(node: Node, digest_of: Callable[[Path], str]) -> str:
    """The content identity of a node, the same wherever and whenever it is loaded.

    What came unchanged from a file is known by the file's digest, the path inside it and how
    it was read, without reading it; anything else by its value, also what was read from a file
    that was written since. A value that has no encoding gets an identity of its own, so that
    nothing is ever taken for the same wrongly.

    Parameters
    ----------
    node : Node
        A group or container.
    digest_of : callable
        Gives the digest of a file's content.
    """
    outdated = node.outdated
    if outdated:
        _say_outdated(node)
    if node.pristine and node.source is not None and not outdated:
        source = node.source
        digest = digest_of(source.file)
        if node.seen is not None:
            node.seen.learn(digest)
        read = (digest, source.inner, source.reader, dict(source.options))
        return digest_value(("source", node.classname, node.name, read))
    members = [(member.name, identity(member, digest_of)) for member in node.children()]
    attrs = {
        key: _value_identity(value, digest_of)
        for key, value in node.attrs.items()
        if key != "filepath"
    }
    content = None if node.is_group else _value_identity(node.data, digest_of)
    if content == "" or "" in attrs.values():
        return node.token(new_id)
    return digest_value(("node", node.classname, node.name, attrs, members, content))


def _say_outdated(node: Node) -> None:
    """Say it once for all that lies in a file."""
    above = node.parent.source if node.parent is not None else None
    if node.source is not None and (above is None or above.file != node.source.file):
        _log.warning(
            "%s was written since it was read: what was read is used, and not traced to the file. "
            "Load it again to work with what it holds now",
            node.source.file,
        )


def _value_identity(value: Any, digest_of: Callable[[Path], str]) -> str:
    """The digest of a value, or "" if it has none."""
    from whence.tree.node import Node

    if isinstance(value, Node):
        return identity(value, digest_of)
    if isinstance(value, os.PathLike):
        return digest_value(str(value))
    try:
        if hasattr(value, "yaml_node"):
            from whence.base import yaml

            return digest_value(("yaml", yaml.dump(value)))
        if type(value).__module__.partition(".")[0] in ("xarray", "pandas", "numpy"):
            return _array_identity(value)
        return digest_value(value)
    except UserError:
        return ""


def _array_identity(value: Any) -> str:
    """The digest of an array, a DataArray, a Dataset or a frame."""
    import numpy as np

    if type(value).__module__.partition(".")[0] == "xarray":
        kind = type(value).__name__
        attrs = _value_identity(dict(value.attrs), lambda path: str(path))
        if kind == "Dataset":
            parts = [(str(name), _array_identity(part)) for name, part in value.variables.items()]
            return digest_value((kind, parts, attrs))
        coords = [
            (str(k), _array_identity(v.variable)) for k, v in getattr(value, "coords", {}).items()
        ]
        body = _array_identity(np.asarray(value.values))
        return digest_value(
            (kind, str(getattr(value, "name", None)), list(value.dims), body, coords, attrs)
        )
    if type(value).__module__.partition(".")[0] == "pandas":
        import pandas as pd

        hashed = pd.util.hash_pandas_object(value, index=True).to_numpy()
        columns = [(str(name), str(column.dtype)) for name, column in _columns(value)]
        return digest_value((type(value).__name__, columns, _array_identity(hashed)))
    array = np.asarray(value)
    if array.dtype.hasobject:
        return digest_value(array.tolist())
    data = digest_bytes(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest_value(("array", array.dtype.str, array.shape, data))


def _columns(table: Any) -> Any:
    items = table.items() if hasattr(table, "columns") else [(getattr(table, "name", ""), table)]
    return [*items, ("index", table.index if hasattr(table, "index") else table)]
