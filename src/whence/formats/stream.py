"""Lazy iteration: a chain of steps over items that are made when they are asked for."""

from __future__ import annotations

import itertools
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any, Generic, TypeVar

from whence.base.error import UserError

T = TypeVar("T")
U = TypeVar("U")


class Stream(Generic[T]):
    """Items that are made one after the other, as often as they are iterated over.

    Each method gives a further stream and reads nothing; what comes out is made when it is asked
    for. A stream over something that can be iterated over only once can be so too.

    Parameters
    ----------
    source : iterable or callable
        The items, or a function that gives them anew.

    Examples
    --------
    >>> Stream(range(10)).filter(lambda x: x % 2).map(lambda x: x * x).batched(2).collect()
    [[1, 9], [25, 49], [81]]
    """

    __slots__ = ("_source",)

    def __init__(self, source: Iterable[T] | Callable[[], Iterable[T]]) -> None:
        self._source = source

    def __iter__(self) -> Iterator[T]:
        return iter(self._source() if callable(self._source) else self._source)

    def map(self, function: Callable[[T], U]) -> Stream[U]:
        """What a function makes of each item."""
        return Stream(lambda: map(function, self))

    def filter(self, predicate: Callable[[T], object]) -> Stream[T]:
        """The items that a function says yes to."""
        return Stream(lambda: filter(predicate, self))

    def flatten(self) -> Stream[Any]:
        """The items of the items."""
        return Stream(lambda: itertools.chain.from_iterable(self))  # type: ignore[arg-type]

    def batched(self, size: int, *, drop_last: bool = False) -> Stream[list[T]]:
        """Lists of `size` items; the last may be shorter, or is left out."""
        _at_least_one("size", size)

        def batches() -> Iterator[list[T]]:
            items = iter(self)
            while batch := list(itertools.islice(items, size)):
                if len(batch) == size or not drop_last:
                    yield batch

        return Stream(batches)

    def shuffle(self, size: int = 1000, seed: int | None = None) -> Stream[T]:
        """The items in another order, drawn from a buffer of `size` that is filled as they come.

        The same `seed` gives the same order each time; without one each iteration has its own.
        """
        _at_least_one("size", size)

        def drawn() -> Iterator[T]:
            rng = random.Random(seed)
            buffer: list[T] = []
            for item in self:
                if len(buffer) < size:
                    buffer.append(item)
                    continue
                place = rng.randrange(size)
                yield buffer[place]
                buffer[place] = item
            rng.shuffle(buffer)
            yield from buffer

        return Stream(drawn)

    def take(self, count: int | None) -> Stream[T]:
        """The first `count` items, all of them if None; no more than these are made."""
        return Stream(lambda: itertools.islice(self, count))

    def async_map(
        self,
        function: Callable[[T], U],
        *,
        executor: Executor | None = None,
        buffer: int = 100,
        max_workers: int | None = None,
    ) -> Stream[U]:
        """What a function makes of each item, of several at a time, in the order of the items.

        Parameters
        ----------
        function : callable
            For an executor of processes, one that can be pickled.
        executor : Executor, optional
            Does the work, and stays open; threads that end with the iteration if not given.
        buffer : int
            How many items are under way at most.
        max_workers : int, optional
            How many threads, where no executor is given.

        Raises
        ------
        Exception
            What the function raised for an item, at that item; those under way are given up.
        """
        _at_least_one("buffer", buffer)

        def results() -> Iterator[U]:
            own = ThreadPoolExecutor(max_workers) if executor is None else nullcontext(executor)
            with own as pool:
                pending: deque[Any] = deque()
                try:
                    for item in self:
                        pending.append(pool.submit(function, item))
                        if len(pending) >= buffer:
                            yield pending.popleft().result()
                    while pending:
                        yield pending.popleft().result()
                finally:
                    for future in pending:
                        future.cancel()

        return Stream(results)

    def collect(self) -> list[T]:
        """All items."""
        return list(self)

    def join(self) -> None:
        """Make all items, for what making them does."""
        deque(self, maxlen=0)


def _at_least_one(name: str, value: int) -> None:
    if type(value) is not int or value < 1:
        raise UserError.of("bad-number", f"{name} must be a whole number from 1 on, not {value!r}")
