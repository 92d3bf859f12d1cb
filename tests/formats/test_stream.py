"""Lazy iteration."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.base.error import UserError
from whence.formats import Stream

ITEMS = st.lists(st.integers())


def test_nothing_is_made_before_it_is_asked_for() -> None:
    made: list[int] = []
    stream = Stream(count()).map(lambda n: made.append(n) or n).filter(lambda n: n % 2).batched(2)
    assert made == []
    assert stream.take(2).collect() == [[1, 3], [5, 7]]
    assert made == list(range(8))
    assert Stream([1, 2]).take(0).collect() == []


def test_a_stream_is_iterated_as_often_as_its_source() -> None:
    stream = Stream(lambda: iter("ab")).map(str.upper)
    assert stream.collect() == stream.collect() == ["A", "B"]


def test_flatten_and_join() -> None:
    seen: list[int] = []
    assert Stream([[1], [], [2, 3]]).flatten().collect() == [1, 2, 3]
    Stream([1, 2]).map(seen.append).join()
    assert seen == [1, 2]


@given(ITEMS, st.integers(1, 5), st.booleans())
def test_batches(items: list[int], size: int, drop: bool) -> None:
    batches = Stream(items).batched(size, drop_last=drop).collect()
    kept = len(items) - (len(items) % size if drop else 0)
    assert [item for batch in batches for item in batch] == items[:kept]
    assert all(len(batch) == size for batch in batches[:-1])


@given(ITEMS, st.integers(1, 5), st.integers())
def test_shuffling_keeps_the_items(items: list[int], size: int, seed: int) -> None:
    stream = Stream(items).shuffle(size, seed=seed)
    assert sorted(stream.collect()) == sorted(items)
    assert stream.collect() == stream.collect()


def test_shuffling_shuffles() -> None:
    items = list(range(1000))
    assert Stream(items).shuffle(100).collect() != items
    assert Stream(items).shuffle(100).collect() != Stream(items).shuffle(100).collect()
    first = Stream(count()).shuffle(10, seed=1).take(1).collect()
    assert first[0] < 10


@given(ITEMS, st.integers(1, 5))
def test_async_map_keeps_the_order(items: list[int], buffer: int) -> None:
    assert Stream(items).async_map(str, buffer=buffer, max_workers=2).collect() == list(
        map(str, items)
    )


def test_async_map_does_several_at_a_time_and_not_too_many() -> None:
    both = threading.Barrier(4, timeout=120)
    Stream(range(8)).async_map(lambda _: both.wait(), max_workers=4).join()
    drawn: list[int] = []
    stream = Stream(count()).map(lambda n: drawn.append(n) or n)
    assert stream.async_map(abs, buffer=3, max_workers=2).take(2).collect() == [0, 1]
    assert len(drawn) <= 5


def test_async_map_on_an_executor_leaves_it_open() -> None:
    with ThreadPoolExecutor(2) as pool:
        assert Stream([3, 1]).async_map(abs, executor=pool).collect() == [3, 1]
        assert pool.submit(abs, -1).result() == 1
    with ProcessPoolExecutor(1) as processes:
        assert Stream([-3, 1]).async_map(abs, executor=processes).collect() == [3, 1]


def test_async_map_raises_at_the_item() -> None:
    def half(number: int) -> float:
        time.sleep(0.01)
        return 1 / number

    results = iter(Stream([1, 0, 2]).async_map(half, max_workers=2))
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.parametrize("size", [0, -1, 1.5])
def test_sizes_are_checked(size: int) -> None:
    for make in (Stream([1]).batched, Stream([1]).shuffle):
        with pytest.raises(UserError, match="from 1 on"):
            make(size)
    with pytest.raises(UserError, match="buffer"):
        Stream([1]).async_map(abs, buffer=size)
