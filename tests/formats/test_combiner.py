"""Several sources as one."""

from __future__ import annotations

import random
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from whence import Catalog, CatalogKey, Source
from whence.base.error import UserError

SAMPLES = {"a": [1, 2, 3], "b": [10], "c": [100, 200]}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    found = Catalog()
    for name, samples in SAMPLES.items():
        url = str(tmp_path / name)
        found[name] = Source("store_driver", {"url": url, "serializer": "jsonl"})
        found[name].get_driver().store.set(samples, f"shard-{name}")
    (tmp_path / "t.csv").write_text("x\n1\n")
    found["table"] = Source("csv", {"url": str(tmp_path / "t.csv")})
    subsets = {name: CatalogKey(name, 1) for name in SAMPLES}
    found["all"] = Source("source_combiner", {"subsets": subsets})
    return found


@pytest.fixture
def combined(catalog: Catalog) -> Any:
    return Catalog.from_str(catalog.to_str())["all"].get_driver()


def test_in_turn(combined: Any) -> None:
    assert combined.subsets == ["a", "b", "c"]
    assert combined.get_iter().collect() == [1, 10, 100, 2, 200, 3]
    assert combined.get_iter().collect() == [1, 10, 100, 2, 200, 3]
    assert combined.get_iter("a").collect() == [1, 2, 3]
    assert combined.get_iter("a", flatten=False).collect() == [[1, 2, 3]]
    assert combined.get_iter().take(2).collect() == [1, 10]


def test_one_of_them(combined: Any, catalog: Catalog) -> None:
    pairs = [("a", "shard-a"), ("b", "shard-b"), ("c", "shard-c")]
    assert list(combined.keys()) == pairs
    assert list(combined.keys("b")) == ["shard-b"]
    assert [list(combined.get(*pair)) for pair in pairs] == list(SAMPLES.values())
    assert combined.get_df("a")[0].tolist() == [1, 2, 3]
    assert list(combined.get_store("c").get("shard-c")) == [100, 200]
    assert combined.get_source("a").driver_kwargs == catalog["a"].driver_kwargs


def test_by_lot(combined: Any) -> None:
    every = sorted(chain.from_iterable(SAMPLES.values()))
    for probs in (None, [0.2, 0.3, 0.5], [1e-9, 1, 1]):
        sampled = combined.get_iter_sampler(probs, seed=4)
        assert sorted(sampled) == every
        assert sampled.collect() == sampled.collect()
    orders = {tuple(combined.get_iter_sampler(seed=seed)) for seed in range(20)}
    assert len(orders) > 1
    assert combined.get_iter_sampler([0, 1, 0]).collect() == [10]
    assert combined.get_iter_sampler([1, 0, 1e-12], seed=1).collect() == [1, 2, 3, 100, 200]
    first = combined.get_iter_sampler(rng=random.Random(4)).collect()
    assert first == combined.get_iter_sampler(seed=4).collect()
    for wrong in ([1], [-1, 1, 1], [0, 0, 0], [float("nan"), 1, 1], []):
        with pytest.raises(UserError, match="no probabilities of 3 subsets"):
            combined.get_iter_sampler(wrong)


def test_what_cannot_be_is_told(combined: Any, catalog: Catalog) -> None:
    with pytest.raises(UserError, match="no subset 'd'"):
        combined.get_iter("d")
    catalog["odd"] = Source("source_combiner", {"subsets": {"t": ["table", 1], "gone": "nobody"}})
    odd = catalog["odd"].get_driver()
    assert [row.x for row in odd.get_iter("t")] == [1]
    for call in (odd.keys, odd.get_store):
        with pytest.raises(UserError, match="what reads 't' has no"):
            call("t")
    with pytest.raises(KeyError, match="no source 'nobody'"):
        odd.get_iter().collect()
    for subsets in ({}, ["a"], None):
        source = Source("source_combiner", {"subsets": subsets})
        with pytest.raises(UserError, match="what is combined"):
            Catalog({"x": source})["x"].get_driver()
