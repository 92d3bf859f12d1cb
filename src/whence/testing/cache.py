"""What every cache of results must do: subclass `CacheSuite` and give it a fixture ``cache``."""

from __future__ import annotations

from typing import Any

from whence.transform import MISSING, Cache


class CacheSuite:
    """The contract of `whence.transform.Cache`, as tests."""

    def test_what_was_not_put_is_missing(self, cache: Cache) -> None:
        """Asking for an unknown key is no error."""
        assert cache.get("a" * 64) is MISSING

    def test_what_was_put_is_there_before_and_after_flush(self, cache: Cache) -> None:
        """A value can be had at once, and stays."""
        value: Any = {"x": [1, 2.5, None], "y": (True, "text")}
        assert cache.put("b" * 64, value, 0.1)
        assert cache.get("b" * 64) == value
        cache.flush()
        assert cache.get("b" * 64) == value

    def test_none_is_a_value(self, cache: Cache) -> None:
        """None is told from what is missing."""
        assert cache.put("c" * 64, None, 0.0)
        cache.flush()
        assert cache.get("c" * 64) is None

    def test_putting_again_replaces(self, cache: Cache) -> None:
        """The last value put under a key is the one that is found."""
        cache.put("d" * 64, 1, 0.0)
        cache.flush()
        cache.put("d" * 64, 2, 0.0)
        assert cache.get("d" * 64) == 2
        cache.flush()
        assert cache.get("d" * 64) == 2

    def test_what_is_changed_outside_stays_the_same_inside(self, cache: Cache) -> None:
        """Neither what was put nor what was got is shared with whoever holds it."""
        import numpy as np

        values: list[Any] = [{"x": [1, 2]}, np.zeros(3), np.zeros(200_000)]
        for i, value in enumerate(values):
            key = f"{i}" * 64
            cache.put(key, value, 0.1)
            changed = value["x"] if i == 0 else value
            changed[0] = 7
            for _ in range(2):
                got = cache.get(key)
                got = got["x"] if i == 0 else got
                assert got[0] == (1 if i == 0 else 0)
                got[0] = 9

    def test_flushing_nothing_is_fine(self, cache: Cache) -> None:
        """Flushing may come at any time."""
        cache.flush()
        cache.flush()
