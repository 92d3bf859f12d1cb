"""How the items behind keys are gone through: in which order, and how many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.formats.stream import Stream


@dataclass(frozen=True, slots=True)
class Walk:
    """The options of `get_iter` of drivers that have keys.

    Attributes
    ----------
    keys_iterable : iterable of str, optional
        Which keys; all if not given.
    shuffle_key_buffer : int
        From how many keys the next one is drawn; 1 keeps their order.
    key_hooks : iterable of callables
        Each makes other keys of the stream of keys; in this order.
    max_workers : int, optional
        How many threads read; with 1 none does, with None as many as Python thinks best. Each
        reads all that is behind a key.
    prefetch_buffer : int
        How many keys the threads are ahead at most.
    shuffle_item_buffer : int
        From how many items the next one is drawn; 1 keeps their order.
    keys_kwargs, get_kwargs : mapping
        For the driver's ``keys`` and ``get``.
    key_shuffle_kwargs, item_shuffle_kwargs : mapping
        For `Stream.shuffle`: ``seed``.
    """

    keys_iterable: Iterable[str] | None = None
    shuffle_key_buffer: int = 1
    key_hooks: Iterable[Callable[[Stream[str]], Iterable[str]]] = ()
    max_workers: int | None = 1
    prefetch_buffer: int = 10
    shuffle_item_buffer: int = 1
    keys_kwargs: Mapping[str, Any] = field(default_factory=dict)
    get_kwargs: Mapping[str, Any] = field(default_factory=dict)
    key_shuffle_kwargs: Mapping[str, Any] = field(default_factory=dict)
    item_shuffle_kwargs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, keys_iterable: Iterable[str] | None, options: Mapping[str, Any]) -> Walk:
        """The walk that these options tell.

        Raises
        ------
        UserError
            If there is no option of such a name.
        """
        for name in options:
            if name not in cls.__slots__:
                mend = did_you_mean(name, cls.__slots__) or f"There is {', '.join(cls.__slots__)}."
                raise UserError.of("bad-option", f"get_iter has no option {name!r}", mend=mend)
        return cls(keys_iterable, **options)

    def keys(self, keys: Callable[..., Iterable[str]]) -> Stream[str]:
        """The keys, in the order of the walk."""
        asked = self.keys_iterable
        found: Stream[str] = Stream(lambda: keys(**self.keys_kwargs) if asked is None else asked)
        if self.shuffle_key_buffer != 1:
            found = found.shuffle(self.shuffle_key_buffer, **self.key_shuffle_kwargs)
        for hook in self.key_hooks:
            found = _hooked(hook, found)
        return found

    def items(
        self,
        keys: Callable[..., Iterable[str]],
        get: Callable[..., Any],
        flatten: bool = False,
    ) -> Stream[Any]:
        """What is behind the keys; with `flatten`, the items of it one after the other."""

        def fetched(key: str) -> Any:
            return get(key, **self.get_kwargs)

        found: Stream[Any] = self.keys(keys)
        if self.max_workers == 1:
            found = found.map(fetched)
        else:
            read = (lambda key: list(fetched(key))) if flatten else fetched
            ahead, workers = self.prefetch_buffer, self.max_workers
            found = found.async_map(read, buffer=ahead, max_workers=workers)
        found = found.flatten() if flatten else found
        if self.shuffle_item_buffer != 1:
            found = found.shuffle(self.shuffle_item_buffer, **self.item_shuffle_kwargs)
        return found


def _hooked(hook: Callable[[Stream[str]], Iterable[str]], keys: Stream[str]) -> Stream[str]:
    return Stream(lambda: hook(keys))
