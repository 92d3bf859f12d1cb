"""Which keys of an evaluation still stand for the data and the code that it works with."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from whence.base.code import note_edited, note_unknown
from whence.transform.node import Files, Node
from whence.transform.witness import Witness

_log = logging.getLogger(__name__)


def upstream(nodes: Iterable[Node]) -> set[Node]:
    """The nodes and all that they need, directly or not."""
    found: set[Node] = set()
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(node.needs)
    return found


class Trust:
    """Tells whether a node's key is that of its result, and says once what changed.

    A key is taken when the graph is made, data are read later: what was made from a file that
    was written meanwhile, or by code that was put anew, must not be kept under that key.

    Parameters
    ----------
    wanted : list of Node
        The nodes whose results are asked for.
    witness : Witness, optional
        What the keys were taken from; without it every key is trusted.
    """

    def __init__(self, wanted: list[Node], witness: Witness | None) -> None:
        self._witness = witness
        self._nodes: set[Node] = set()
        self._above: dict[Node, frozenset[Path]] = {}
        self._doubtful: set[Node] = set()
        self._changed: set[Path] = set()
        if witness is None or witness.idle:
            return
        self._nodes = upstream(wanted)
        edited = witness.edited()
        for operation in edited:
            _say(f"the code of {operation.name!r}, or what it names,")
        for name, functions in witness.older().items():
            _log.warning("%s: %s", name, note_edited(functions))
        unknown = witness.unknown()
        for name, values in unknown.items():
            _log.warning("%s: %s", name, note_unknown(values))
        self._doubt(
            node
            for node in self._nodes
            if any(node.run is each for each in edited) or node.name in unknown
        )
        self._miss({path for node in self._nodes for path, _ in node.files})

    def files(self) -> Files:
        """The files that are needed and still what they were, with digests, sorted by path."""
        pairs = {pair for node in self._nodes for pair in node.files}
        return tuple(sorted(pair for pair in pairs if pair[0] not in self._changed))

    def of(self, node: Node) -> bool:
        """Whether nothing is known against a key."""
        return node not in self._doubtful

    @property
    def alert(self) -> bool:
        """Whether there is anything that could change."""
        return bool(self._nodes)

    def read(self, node: Node) -> None:
        """Note that a node was computed or read, from what it needs."""
        above = {self._above.get(need, _NONE) for need in node.needs}
        files = frozenset(path for path, _ in node.files)
        self._above[node] = files.union(*above) if len(above) != 1 or files else above.pop()

    def now(self, node: Node) -> bool:
        """Whether a key still is that of the result that was just computed."""
        if node not in self._doubtful and self._nodes:
            self._miss(self._above.get(node, _NONE))
        return node not in self._doubtful

    def _miss(self, files: Iterable[Path]) -> None:
        """Doubt what comes from those of the files that are not what they were."""
        assert self._witness is not None
        changed = self._witness.changed(set(files) - self._changed)
        self._changed.update(changed)
        for path in changed:
            _say(str(path))
        if changed:
            known = set(changed)
            self._doubt(n for n in self._nodes if any(path in known for path, _ in n.files))

    def _doubt(self, nodes: Iterable[Node]) -> None:
        """Doubt nodes, and all that need them."""
        waiting = list(nodes)
        if not waiting:
            return
        after: dict[Node, list[Node]] = {}
        for node in self._nodes:
            for need in node.needs:
                after.setdefault(need, []).append(node)
        while waiting:
            node = waiting.pop()
            if node not in self._doubtful:
                self._doubtful.add(node)
                waiting += after.get(node, ())


_NONE: frozenset[Path] = frozenset()


def _say(what: str) -> None:
    _log.warning(
        "%s changed after the transformations were planned: what depends on it is computed, and "
        "not kept in the cache",
        what,
    )
