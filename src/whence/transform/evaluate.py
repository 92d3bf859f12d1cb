"""Evaluation: computes what is needed and not cached, in order, and lets go of what was used."""

from __future__ import annotations

import logging
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.base.clock import A_WHILE
from whence.base.error import UserError, WhenceError
from whence.base.problem import Problem
from whence.formats import listener
from whence.transform.brief import brief
from whence.transform.cache import Cache
from whence.transform.node import MISSING, Node, filled
from whence.transform.operation import Operation
from whence.transform.recorder import Recorder
from whence.transform.trust import Trust
from whence.transform.witness import Witness

Progress = Callable[[int, int, str], None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What an evaluation works with; see `Graph.evaluate`."""

    cache: Cache | None = None
    recorder: Recorder | None = None
    executor: Executor | None = None
    progress: Progress | None = None
    witness: Witness | None = None


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What became of one node.

    Attributes
    ----------
    node : Node
        The node; its `name`, `key` and `where` say which.
    tags : tuple of str
        The requested tags that name its result.
    status : str
        ``computed``, ``cached``, ``read`` (from outside, never cached) or ``used_fallback``.
    seconds : float
        How long computing or reading it took; zero if it was not.
    kept : bool
        Whether the cache holds the result now.
    why : str
        The reason for the status, in a few words.
    """

    node: Node
    tags: tuple[str, ...]
    status: str
    seconds: float
    kept: bool
    why: str


class Results(Mapping[str, Any]):
    """Results by tag, with a report on how each node's value came about."""

    def __init__(
        self, values: dict[str, Any], report: Callable[[], tuple[NodeReport, ...]]
    ) -> None:
        self._values = values
        self._report = report

    def __getitem__(self, tag: str) -> Any:
        return self._values[tag]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        inner = ", ".join(f"{tag}: {brief(value)}" for tag, value in self._values.items())
        return f"<Results {inner}>"

    @property
    def report(self) -> tuple[NodeReport, ...]:
        """One entry for each node that was computed or found, in that order."""
        return self._report()


def evaluate(targets: Mapping[str, Node], forced: Iterable[Node], settings: Settings) -> Results:
    """The values of nodes, by tag; see `Graph.evaluate`."""
    wanted = list(dict.fromkeys((*targets.values(), *forced)))
    trust = Trust(wanted, settings.witness)
    told: list[Callable[[Path, str], None]] = []
    if settings.recorder is not None:
        told.append(settings.recorder.read)
    if (hear := listener()) is not None:
        told.append(hear)
    if told:
        for path, digest in trust.files():
            for tell in told:
                tell(path, digest)
    course = _Course(wanted, settings, trust)
    try:
        if settings.executor is None:
            course.serial()
        else:
            course.parallel(settings.executor)
    finally:
        if settings.cache is not None:
            settings.cache.flush()
    for node in wanted:
        if node in course.failed:
            raise course.failed[node]
    values = {tag: course.values[node] for tag, node in targets.items()}
    return Results(values, lambda: course.report(targets))


class _Course:
    """One evaluation under way."""

    def __init__(self, wanted: list[Node], settings: Settings, trust: Trust) -> None:
        self._trust = trust
        self.values: dict[Node, Any] = {}
        self.failed: dict[Node, Exception] = {}
        self._settings = settings
        self._cache = settings.cache
        self._order: list[Node] = []
        self._uses: dict[Node, int] = dict.fromkeys(wanted, 1)
        self._seconds: dict[Node, float] = {}
        self._found: dict[Node, str] = {}
        self._kept: set[Node] = set()
        self._fallen: dict[Node, str] = {}
        self._tainted: set[Node] = set()
        self._look_up(wanted)
        self._forgiving = any(node.rule.allow_failure for node in self._order)

    def _look_up(self, wanted: list[Node]) -> None:
        """Find from the wanted nodes upward what is cached, and order the rest."""
        values, uses, order = self.values, self._uses, self._order
        entered: set[Node] = set()
        done: set[Node] = set()
        stack = wanted[::-1]
        while stack:
            node = stack.pop()
            if node in done:
                continue
            if node in entered:
                done.add(node)
                order.append(node)
                continue
            entered.add(node)
            if self._cached(node):
                done.add(node)
                continue
            for need in node.needs:
                uses[need] = uses.get(need, 0) + 1
            if node.needs:
                stack.append(node)
                stack.extend(need for need in reversed(node.needs) if need not in done)
            else:
                done.add(node)
                order.append(node)
        assert values.keys() == self._found.keys()

    def _cached(self, node: Node) -> bool:
        if self._cache is None or not node.rule.cached or not self._trust.of(node):
            return False
        value = self._cache.get(node.key)
        if value is MISSING:
            return False
        self.values[node] = value
        self._found[node] = "found in the cache"
        return True

    def serial(self) -> None:
        values = self.values
        clock = time.perf_counter
        for node in self._order:
            if self.failed and self._held_up(node):
                continue
            kwargs = node.kwargs
            try:
                if node.nested:
                    args, kwargs = self._arguments(node)
                else:
                    args = [values[arg] if type(arg) is Node else arg for arg in node.args]
                    if kwargs:
                        kwargs = {
                            name: values[arg] if type(arg) is Node else arg
                            for name, arg in kwargs.items()
                        }
                start = clock()
                value = node.func(*args, **kwargs) if kwargs else node.func(*args)
            except Exception as error:  # operations of users raise anything
                self._fail(node, error)
            else:
                self._finish(node, value, clock() - start)

    def parallel(self, executor: Executor) -> None:
        waits: dict[Node, int] = {}
        after: dict[Node, list[Node]] = {}
        for node in self._order:
            needed = [need for need in node.needs if need not in self.values]
            waits[node] = len(needed)
            for need in needed:
                after.setdefault(need, []).append(node)
        ready = deque(node for node in self._order if not waits[node])
        under_way: dict[Future[tuple[Any, float]], Node] = {}
        try:
            while ready or under_way:
                ended: list[Node] = []
                while ready:
                    node = ready.popleft()
                    if self._held_up(node):
                        ended.append(node)
                    else:
                        args, kwargs = self._arguments(node)
                        under_way[executor.submit(_timed, node.func, args, kwargs)] = node
                if not ended:
                    for future in wait(under_way, A_WHILE, FIRST_COMPLETED).done:
                        node = under_way.pop(future)
                        ended.append(node)
                        try:
                            value, seconds = future.result()
                        except Exception as error:  # operations of users raise anything
                            self._fail(node, error)
                        else:
                            self._finish(node, value, seconds)
                for node in ended:
                    for follower in after.get(node, ()):
                        waits[follower] -= 1
                        if not waits[follower]:
                            ready.append(follower)
        finally:
            for future in under_way:
                future.cancel()

    def _arguments(self, node: Node) -> tuple[list[Any], dict[str, Any]]:
        args = [filled(arg, self.values) for arg in node.args]
        kwargs = node.kwargs or {}
        return args, {name: filled(arg, self.values) for name, arg in kwargs.items()}

    def _finish(self, node: Node, value: Any, seconds: float) -> None:
        self._seconds[node] = seconds
        self.values[node] = value
        if self._trust.alert:
            self._trust.read(node)
        if self._tainted and not self._tainted.isdisjoint(node.needs):
            self._tainted.add(node)
        if self._cache is not None and node.rule.cached and node not in self._tainted:  # noqa: SIM102
            if self._trust.now(node) and self._cache.put(node.key, value, seconds):
                self._kept.add(node)
        self._release(node)

    def _release(self, node: Node) -> None:
        uses = self._uses
        for need in node.needs:
            uses[need] -= 1
            if not uses[need]:
                self.values.pop(need, None)
        if self._settings.progress is not None:
            done = len(self._seconds) + len(self._fallen) + len(self.failed)
            self._settings.progress(done, len(self._order), node.name)

    def _held_up(self, node: Node) -> bool:
        """Whether something the node needs has failed, which then is its failure too."""
        for need in node.needs:
            if need in self.failed and need is not node.rule.fallback:
                self._fall(node, self.failed[need])
                return True
        return False

    def _fail(self, node: Node, error: Exception) -> None:
        failure = _failure(node, self._arguments(node), error)
        if not self._forgiving:
            raise failure from error
        failure.__cause__ = error
        self._fall(node, failure)

    def _fall(self, node: Node, failure: Exception) -> None:
        rule = node.rule
        fallback = rule.fallback
        if not rule.allow_failure or (type(fallback) is Node and fallback in self.failed):
            self.failed[node] = failure
        else:
            why = str(failure).splitlines()[0]
            self._fallen[node] = why
            self._tainted.add(node)
            self.values[node] = filled(fallback, self.values)
            _tell(rule.allow_failure, why)
        self._release(node)

    def report(self, targets: Mapping[str, Node]) -> tuple[NodeReport, ...]:
        tags: dict[Node, tuple[str, ...]] = {}
        for tag, node in targets.items():
            tags[node] = (*tags.get(node, ()), tag)
        lines = [
            NodeReport(node, tags.get(node, ()), "cached", 0.0, True, why)
            for node, why in self._found.items()
        ]
        for node in self._order:
            named = tags.get(node, ())
            if node in self._fallen:
                lines.append(
                    NodeReport(node, named, "used_fallback", 0.0, False, self._fallen[node])
                )
            elif node in self._seconds:
                kept = node in self._kept
                status, why = self._status(node, kept)
                lines.append(NodeReport(node, named, status, self._seconds[node], kept, why))
        return tuple(lines)

    def _status(self, node: Node, kept: bool) -> tuple[str, str]:
        if not isinstance(node.run, Operation) and not node.rule.cached:
            return "read", "comes from outside"
        if self._cache is None:
            return "computed", "no cache is in use"
        if not node.rule.cached:
            return "computed", "is not to be cached"
        if node in self._tainted:
            return "computed", "depends on a fallback, so it is not kept"
        if not self._trust.of(node):
            return "computed", "data or code changed meanwhile, so it is not kept"
        return "computed", "was not cached" if kept else "cannot be kept exactly"


def _timed(func: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    value = func(*args, **kwargs)
    return value, time.perf_counter() - start


def _tell(how: bool | str, why: str) -> None:
    if how == "warn":
        warnings.warn(f"used the fallback: {why}", stacklevel=2)
    elif how != "silent":
        _log.warning("used the fallback: %s", why)


def _failure(
    node: Node, arguments: tuple[list[Any], dict[str, Any]], error: Exception
) -> WhenceError:
    args, kwargs = arguments
    if isinstance(error, WhenceError) and any(problem.where for problem in error.problems):
        return error
    shown = [brief(arg) for arg in args] + [f"{k}={brief(v)}" for k, v in kwargs.items()]
    lines = str(error).splitlines()
    said = lines[0].rstrip(".") if lines else ""
    if len(said) > 300:
        said = said[:300] + "…"
    kind = "" if isinstance(error, WhenceError) else type(error).__name__
    message = f"{node.name!r} failed: {': '.join(filter(None, (kind, said)))}"
    mends = [f"It was given: {', '.join(shown) or 'nothing'}."]
    if isinstance(error, WhenceError):
        mends += [problem.mend for problem in error.problems if problem.mend]
    kind_of = type(error) if isinstance(error, WhenceError) else UserError
    return kind_of(Problem("operation-failed", message, node.where, "\n".join(mends)))
