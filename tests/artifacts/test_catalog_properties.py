"""Catalogs are sets of versions: the laws of sets hold, and YAML keeps everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from whence import Catalog, Source
from whence.base.error import UserError

NAMES = st.sampled_from(["a", "b", "c/d", "on", "1"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
SOURCES = st.builds(
    Source,
    st.sampled_from(["csv", "file"]),
    st.dictionaries(st.text(), VALUES, max_size=2),
    st.dictionaries(st.text(), VALUES, max_size=2),
)
CATALOGS = st.dictionaries(st.tuples(NAMES, st.integers(1, 4)), SOURCES, max_size=6).map(Catalog)
PLAIN = st.builds(Source, st.sampled_from(["csv", "file"]))
KEYS = st.sets(st.tuples(NAMES, st.integers(1, 4)), max_size=6)


def of(keys: set[tuple[str, int]]) -> Catalog:
    return Catalog({key: Source("csv", {"url": repr(key)}) for key in keys})


def keys(catalog: Catalog) -> set[tuple[str, int]]:
    return {(name, version) for name, found in catalog for version in found}


@given(CATALOGS)
def test_yaml_keeps_everything(catalog: Catalog) -> None:
    try:
        text = catalog.to_str()
    except UserError as error:  # lone surrogates have no place in YAML
        assert "cannot write" in str(error)  # noqa: PT017
        return
    assert Catalog.from_str(text) == catalog


@given(KEYS, KEYS)
def test_they_are_sets(first: set[tuple[str, int]], second: set[tuple[str, int]]) -> None:
    a, b = of(first), of(second)
    assert keys(a.union(b)) == first | second
    assert keys(a.intersection(b)) == first & second
    assert keys(a.difference(b)) == first ^ second
    assert keys(a.filter(lambda found: found.version > 2)) == {k for k in first if k[1] > 2}
    assert keys(a.slice(a.keys())) == first
    assert len(a) == len({name for name, _ in first})


@given(CATALOGS, CATALOGS)
def test_the_second_of_a_union_wins(first: Catalog, second: Catalog) -> None:
    union = first.union(second)
    assert second.union(union) == first.union(second).union(second) == union or keys(
        second
    ) <= keys(union)
    for name, found in second:
        for version in found:
            assert union[name, version] == second[name, version]


@given(CATALOGS)
def test_making_later_is_making_now(catalog: Catalog) -> None:
    held = {name: {version: (name, version) for version in found} for name, found in catalog}
    later = Catalog.later(held, lambda key: catalog[key].plain())
    assert later == catalog
    assert later.copy() == catalog
