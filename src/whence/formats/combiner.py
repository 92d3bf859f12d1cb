"""Several sources of a catalog as one: the samples of each in turn, or drawn by lot."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.formats.stream import Stream


class SourceCombiner:
    """Sources of a catalog, each under a name of its own.

    Parameters
    ----------
    subsets : mapping of str to CatalogKey
        The names, and which source of the catalog each is.
    catalog : Catalog
        Where they are looked up.

    Examples
    --------
    >>> from whence import Catalog, CatalogKey, Source
    >>> catalog = Catalog()
    >>> for name in ("a", "b"):
    ...     url = f"memory://combiner/{name}"
    ...     catalog[name] = Source("store_driver", {"url": url, "serializer": "jsonl"})
    ...     _ = catalog[name].get_driver().store.set([f"{name}1", f"{name}2"], "shard")
    >>> subsets = {"train": CatalogKey("a"), "test": CatalogKey("b")}
    >>> catalog["both"] = Source("source_combiner", {"subsets": subsets})
    >>> catalog["both"].get_driver().get_iter().collect()
    ['a1', 'b1', 'a2', 'b2']
    """

    def __init__(self, subsets: Mapping[str, Any], catalog: Mapping[Any, Any]) -> None:
        if not isinstance(subsets, Mapping) or not subsets:
            raise UserError.of(
                "bad-subsets",
                f"what is combined cannot be {subsets!r}",
                mend="Give names and which source each is: {'train': CatalogKey('a', 1)}.",
            )
        self._subsets = {
            name: tuple(key) if isinstance(key, list) else key for name, key in subsets.items()
        }
        self._catalog = catalog

    def __repr__(self) -> str:
        return f"<SourceCombiner of {', '.join(map(str, self._subsets))}>"

    @property
    def subsets(self) -> list[str]:
        """The names, in the order in which they were given."""
        return list(self._subsets)

    def get_source(self, subset: str) -> Any:
        """The source of that name, as it stands in the catalog.

        Raises
        ------
        UserError
            If there is none of that name here, or the catalog has it not.
        """
        if subset not in self._subsets:
            told = f"there is no subset {subset!r}"
            mend = did_you_mean(subset, self._subsets) or f"There is {', '.join(self._subsets)}."
            raise UserError.of("unknown-subset", told, mend=mend)
        return self._catalog[self._subsets[subset]]

    def get_iter(self, subset: str | None = None, **options: Any) -> Stream[Any]:
        """The samples of one of them; if none is named, one of each in turn until all have ended.

        `options` are for `get_iter` of the drivers.
        """
        if subset is not None:
            found: Stream[Any] = self._of(subset, "get_iter")(**options)
            return found

        def in_turn() -> Iterator[Any]:
            left = [iter(self.get_iter(name, **options)) for name in self._subsets]
            while left:
                for samples in list(left):
                    try:
                        yield next(samples)
                    except StopIteration:  # of the samples, or else the generator would end
                        left.remove(samples)

        return Stream(in_turn)

    def get_iter_sampler(
        self,
        probs: Sequence[float] | None = None,
        rng: random.Random | None = None,
        seed: int | None = None,
        **options: Any,
    ) -> Stream[Any]:
        """The samples of all; from which one the next comes is drawn by lot, until all have ended.

        Parameters
        ----------
        probs : sequence of float, optional
            How likely each is, in the order of `subsets`; all the same if not given. Of those that
            have not ended yet they are taken as weights; what has none is never drawn.
        rng : random.Random, optional
            What draws.
        seed : int, optional
            The same one gives the same order each time.
        **options
            For `get_iter` of the drivers.

        Raises
        ------
        UserError
            If there is not one probability for each, or none above zero.
        """
        weights = [1.0] * len(self._subsets) if probs is None else list(probs)
        if (
            len(weights) != len(self._subsets)
            or not all(w >= 0 for w in weights)
            or not any(weights)
        ):
            raise UserError.of(
                "bad-probabilities",
                f"{probs!r} are no probabilities of {len(self._subsets)} subsets",
                mend=f"Give one number from 0 on for each of {', '.join(self._subsets)}.",
            )

        def drawn() -> Iterator[Any]:
            draw = rng or random.Random(seed)
            chosen = zip(self._subsets, weights, strict=True)
            left = [(iter(self.get_iter(name, **options)), w) for name, w in chosen if w]
            while left:
                one = draw.choices(left, [weight for _, weight in left])[0]
                try:
                    yield next(one[0])
                except StopIteration:
                    left.remove(one)

        return Stream(drawn)

    def keys(self, subset: str | None = None, **options: Any) -> Iterator[Any]:
        """The keys of one of them; if none is named, pairs of name and key, as `get` takes them."""
        if subset is not None:
            return iter(self._of(subset, "keys")(**options))
        return ((name, key) for name in self._subsets for key in self.keys(name, **options))

    def get(self, subset: str, key: str, **options: Any) -> Any:
        """What one of them has under a key."""
        return self._of(subset, "get")(key, **options)

    def get_df(self, subset: str, **options: Any) -> Any:
        """The table of one of them."""
        return self._of(subset, "get_df")(**options)

    def get_store(self, subset: str) -> Any:
        """The store of one of them, to be read and written by key."""
        return self._of(subset, "store")

    def _of(self, subset: str, what: str) -> Callable[..., Any] | Any:
        made = self.get_source(subset).get_driver()
        if not hasattr(made, what):
            told = f"what reads {subset!r} has no {what}: {made!r}"
            raise UserError.of("no-such-reading", told)
        return getattr(made, what)
