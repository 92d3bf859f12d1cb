"""The graph: nodes, and the tags that name their results."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.base.digest import digest_file, digest_value
from whence.base.error import UserError
from whence.base.problem import Where, did_you_mean
from whence.transform.node import PLAIN, UNCACHED, Files, Node, Rule, node_key, nodes_in
from whence.transform.operation import Operation, find_operation
from whence.transform.witness import Witness

if TYPE_CHECKING:
    from whence.transform.cache import Cache
    from whence.transform.evaluate import Progress, Results
    from whence.transform.recorder import Recorder

DigestOf = Callable[[Path], str]


@dataclass(frozen=True, slots=True)
class Step:
    """How to add a node, beyond operation and arguments.

    Attributes
    ----------
    tag : str, optional
        A name for the result, unique in the graph.
    rule : Rule
        Salt, fallback and caching.
    where : Where, optional
        Where the step was written, for errors.
    forced : bool
        Compute it with every evaluation, though no requested tag needs it.
    """

    tag: str | None = None
    rule: Rule = PLAIN
    where: Where | None = None
    forced: bool = False


_STEP = Step()


class Graph:
    """Operations on values, described now and computed later.

    Parameters
    ----------
    digest_of : callable, optional
        Gives the digest of a file's content; a store knows it without reading the file again.

    Examples
    --------
    >>> graph = Graph()
    >>> x = graph.leaf(20, identity="my x")
    >>> y = graph.add("add", [x, 1])
    >>> _ = graph.add("mul", [y, 2], step=Step(tag="z"))
    >>> graph.evaluate()["z"]
    42
    """

    def __init__(self, *, digest_of: DigestOf = digest_file) -> None:
        self.witness = Witness(digest_of)
        self.tags: dict[str, Node] = {}
        self.forced: list[Node] = []
        self.last: Node | None = None
        self.order: list[Node] = []
        self._nodes: dict[str, Node] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def digest_of(self, path: Path) -> str:
        """The digest of a file's content when the graph first met it."""
        return self.witness.digest_of(path)

    def leaf(self, value: Any, identity: str, sources: Iterable[Any] = ()) -> Node:
        """A value from outside that is in memory already.

        Parameters
        ----------
        value : object
            The value.
        identity : str
            What tells it from any other, usually a digest of its content.
        sources : iterable of Source or path
            The files that it came from.
        """
        return self.read(lambda: value, identity, sources, name="value")

    def constant(self, value: Any, step: Step = Step(rule=UNCACHED)) -> Node:
        """A value that is known by itself, with nodes in place of results in it.

        Raises
        ------
        UserError
            If the value has no identity.
        """
        define = find_operation("define")
        if nodes_in((value,), None)[0]:
            return self.add(define, [value], step=step)
        key = node_key(define, (value,), None, code=self.witness.code_of(define))
        return self.read(lambda: copy.deepcopy(value), key, name="constant", step=step)

    def read(
        self,
        load: Callable[[], Any],
        identity: str,
        sources: Iterable[Any] = (),
        *,
        name: str = "read",
        step: Step = Step(rule=UNCACHED),
    ) -> Node:
        """A value from outside that is loaded when it is needed, and not at all if it is not.

        Parameters
        ----------
        load : callable
            Gives the value.
        identity, sources
            As for `leaf`.
        name : str
            What is read, for messages.
        step : Step
            Set a rule with ``cached=True`` where the cache is faster than loading.
        """
        paths = dict.fromkeys(Path(getattr(source, "file", source)) for source in sources)
        files = tuple((path, self.digest_of(path)) for path in paths)
        key = digest_value(["leaf", identity])
        fallback = step.rule.fallback
        needs = (fallback,) if type(fallback) is Node else ()
        node = Node(key, name, load, needs=needs, rule=step.rule, files=files, where=step.where)
        return self._put(node, step)

    def add(
        self,
        operation: str | Operation,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        step: Step = _STEP,
    ) -> Node:
        """A node that applies an operation to arguments, some of which may be nodes.

        A node equal to one that is there already, by operation, code and arguments, is that one.

        Raises
        ------
        UserError
            If the operation is unknown, an argument has no identity, or the tag is taken.
        """
        if type(operation) is str:
            operation = find_operation(operation)
        assert isinstance(operation, Operation)
        args = tuple(args)
        kwargs = dict(kwargs) if kwargs else None
        rule = step.rule
        code = operation.digest if operation.libraries else self.witness.code_of(operation)
        key = node_key(operation, args, kwargs, rule, code)
        node = self._nodes.get(key)
        if node is None:
            needs, nested = nodes_in(args, kwargs)
            if type(rule.fallback) is Node and rule.fallback not in needs:
                needs.append(rule.fallback)
            node = Node(
                key, operation.name, operation, args, kwargs, tuple(needs), nested, rule, (),
                step.where,
            )  # fmt: skip
        return self._put(node, step)

    def tag(self, name: str, node: Node, where: Where | None = None) -> None:
        """Name a node's result.

        Raises
        ------
        UserError
            If the name is taken by another result.
        """
        if name in self.tags and self.tags[name] is not node:
            raise UserError.of(
                "tag-exists",
                f"there is already a result tagged {name!r}",
                where=where,
                mend="Give each result a tag of its own.",
            )
        self.tags[name] = node

    def evaluate(
        self,
        tags: Iterable[str] | None = None,
        *,
        cache: Cache | None = None,
        recorder: Recorder | None = None,
        executor: Executor | None = None,
        progress: Progress | None = None,
    ) -> Results:
        """The results of tags, by name, computing only what they need and no cache holds.

        Parameters
        ----------
        tags : iterable of str, optional
            Which results; all whose tag does not start with ``.`` or ``_``, if not given.
        cache : Cache, optional
            Where results of earlier evaluations are found and new ones kept.
        recorder : Recorder, optional
            Hears which files the results depend on.
        executor : concurrent.futures.Executor, optional
            Computes side by side what does not depend on one another. Give a pool of threads.
        progress : callable, optional
            Called with (done, total, name) after each node.

        Raises
        ------
        UserError
            If a tag is unknown, or an operation fails; it says which, where, and on what.
        """
        from whence.transform.evaluate import Settings, evaluate

        names = self.default_tags() if tags is None else list(tags)
        unknown = [name for name in names if name not in self.tags]
        if unknown:
            raise UserError.of(
                "unknown-tag",
                f"there is no result tagged {unknown[0]!r}",
                mend=did_you_mean(unknown[0], self.tags)
                or f"The tags are: {', '.join(map(repr, self.tags)) or 'none'}.",
            )
        targets = {name: self.tags[name] for name in names}
        settings = Settings(cache, recorder, executor, progress, self.witness)
        return evaluate(targets, self.forced, settings)

    def default_tags(self) -> list[str]:
        """The tags that are computed if none are asked for."""
        return [name for name in self.tags if name[0] not in "._"]

    def files(self, tags: Iterable[str] | None = None) -> Files:
        """The files that the results of tags depend on, with digests, sorted by path."""
        from whence.transform.trust import upstream

        names = self.default_tags() if tags is None else tags
        found = {
            pair for node in upstream(self.tags[name] for name in names) for pair in node.files
        }
        return tuple(sorted(found))

    def _put(self, node: Node, step: Step) -> Node:
        node = self._nodes.setdefault(node.key, node)
        if step is not _STEP:
            if step.tag is not None:
                self.tag(step.tag, node, step.where)
            if step.forced:
                self.forced.append(node)
        self.last = node
        self.order.append(node)
        return node
