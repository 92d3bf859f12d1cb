"""Catalogs of sources, in versions; as YAML, squirrel's too."""

from __future__ import annotations

import copy
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from whence import Catalog, CatalogKey, CatalogSource, Source, register_source
from whence.artifacts.source import sources
from whence.base.error import UserError
from whence.formats import Format, formats


def source(name: str = "a", driver: str = "file") -> Source:
    return Source(driver, {"url": f"{name}.txt"}, {"name": name})


@pytest.fixture
def catalog() -> Catalog:
    found = Catalog({"a": source("a1")})
    found["a"] = source("a2")
    found["b", 3] = source("b3")
    return found


SQUIRREL = """\
!YamlCatalog
version: 0.12.0
sources:
- !YamlSource
  identifier: rain
  driver_name: csv
  driver_kwargs: &id001
    url: gs://weather/rain.csv
    storage_options: {protocol: simplecache, target_protocol: gs}
  version: 1
  metadata: {unit: mm}
- !YamlSource
  identifier: rain
  driver_name: csv
  driver_kwargs: *id001
  version: 2
- !YamlSource
  identifier: both
  driver_name: source_combiner
  driver_kwargs:
    subsets:
      train: !CatalogKey [rain, 1]
      test: !CatalogKey [rain, -1]
  version: 1
  metadata: {}
"""


def test_versions_are_added_set_and_looked_up(catalog: Catalog) -> None:
    assert catalog["a"].version == 2
    assert catalog["a", -1].metadata == catalog["a"][-1].metadata == {"name": "a2"}
    assert catalog["a", 1].driver_kwargs == catalog["a"][1].driver_kwargs == {"url": "a1.txt"}
    assert catalog[CatalogKey("b", 3)].identifier == "b"
    catalog["a"][5] = source("a5")
    catalog["new"][2] = source("new")
    catalog[CatalogKey("new", 1)] = source("older")
    catalog["b", 3] = source("other")
    assert list(catalog["a"]) == [1, 2, 5]
    assert len(catalog["a"]) == 3
    assert catalog["b"].metadata == {"name": "other"}
    assert isinstance(catalog["new"].versions[2], CatalogSource)
    assert {key: found.metadata["name"] for key, found in catalog["new"].versions.items()} == {
        1: "older",
        2: "new",
    }


def test_what_is_there(catalog: Catalog) -> None:
    assert "a" in catalog
    assert ("a", 2) in catalog
    assert ("a", -1) in catalog
    assert ("a", 3) not in catalog
    assert ("c", -1) not in catalog
    assert 2 in catalog["a"]
    assert 3 not in catalog["a"]
    assert 1 not in catalog["c"]
    assert len(catalog["c"]) == len(list(catalog["c"])) == 0
    assert len(catalog) == 2
    assert list(catalog.keys()) == ["a", "b"]
    assert [found.metadata["name"] for found in catalog.values()] == ["a2", "b3"]
    assert [(name, found.version) for name, found in catalog] == [("a", 2), ("b", 3)]
    assert dict(catalog.items()) == dict(catalog)
    assert catalog.get("c") is None
    assert catalog.get("a").version == 2


def test_deleting(catalog: Catalog) -> None:
    del catalog["a", 2]
    assert catalog["a"].version == 1
    del catalog["a"][1]
    assert "a" not in catalog
    del catalog["b"]
    assert len(catalog) == 0
    for key in ("b", ("b", 1)):
        with pytest.raises(KeyError):
            del catalog[key]


def test_it_is_a_mapping_that_changes(catalog: Catalog) -> None:
    other = Catalog(catalog)
    assert other == catalog
    other.update({"c": source("c")}, d=source("d"))
    assert [other.pop("c").metadata, other.popitem()[0]] == [{"name": "c"}, "d"]
    assert other.pop(("a", 2)).version == 2
    assert other["a"].version == 1
    assert other.pop("none", 7) == 7
    with pytest.raises(KeyError):
        other.pop("none")
    assert other.setdefault("a", source("x")).metadata == {"name": "a1"}
    assert other.setdefault("x", source("x")).metadata == {"name": "x"}
    other.update(catalog)
    assert list(other.keys()) == ["a", "b", "x"]
    assert list(other["a"]) == [1, 2]
    other.clear()
    assert len(other) == 0
    with pytest.raises(KeyError):
        other.popitem()


def test_what_is_not_there_is_told(catalog: Catalog) -> None:
    catalog["temperature"] = source()
    with pytest.raises(KeyError, match="Did you mean 'temperature'"):
        _ = catalog["temprature"].driver_name
    with pytest.raises(KeyError, match="no version 9 of 'a'"):
        _ = catalog["a", 9]
    with pytest.raises(UserError, match="no source 'c'"):
        _ = catalog["c", 1]
    with pytest.raises(UserError, match="no source"):
        _ = catalog["c"][1]
    for key in (3, ("a",), ("a", "b"), None):
        with pytest.raises(TypeError, match="asked by identifier"):
            _ = catalog[key]
    with pytest.raises(UserError, match="no version of 'a' can be 0"):
        catalog["a", 0] = source()
    with pytest.raises(UserError, match="is no source"):
        catalog["a"] = 3
    with pytest.raises(UserError, match="names no driver"):
        Source("")
    with pytest.raises(UserError, match="mapping"):
        Source("csv", [1])  # type: ignore[arg-type]


def test_equality_takes_everything(catalog: Catalog) -> None:
    assert catalog == catalog.copy()
    for other in (source("a2", "csv"), Source("file", {"url": "x"}, {"name": "a2"})):
        changed = catalog.copy()
        changed["a", 2] = other
        assert changed != catalog
        assert changed["a"] != catalog["a"]
    assert catalog["a"] != catalog["a", 1]
    assert catalog != 3


def test_copies_share_nothing(catalog: Catalog) -> None:
    other = catalog.copy()
    other["a"].metadata["name"] = "changed"  # type: ignore[index]
    del other["b"]
    assert catalog["a"].metadata == {"name": "a2"}
    assert "b" in catalog
    assert copy.deepcopy(catalog) == catalog


def test_sets(catalog: Catalog) -> None:
    other = Catalog({("a", 2): source("a2"), ("a", 3): source("a3"), "c": source("c")})
    assert list(catalog.slice(["a"])["a"]) == [1, 2]
    with pytest.raises(KeyError):
        catalog.slice(["x"])
    union = catalog.union(other)
    assert {name: list(found) for name, found in union} == {"a": [1, 2, 3], "b": [3], "c": [1]}
    changed = Catalog({("a", 1): source("changed")})
    assert catalog.union(changed)["a", 1].metadata["name"] == "changed"
    assert changed.union(catalog)["a", 1].metadata["name"] == "a1"
    with pytest.raises(UserError, match="both catalogs have 'a'"):
        catalog.join(other)
    assert list(catalog.join(Catalog({"z": source()})).keys()) == ["a", "b", "z"]
    assert {name: list(found) for name, found in catalog.intersection(other)} == {"a": [2]}
    with pytest.raises(UserError, match="version 1 of 'a' is not the same"):
        catalog.intersection(changed)
    found = catalog.difference(other)
    assert {name: list(found) for name, found in found} == {"a": [1, 3], "b": [3], "c": [1]}
    assert found == other.difference(catalog)
    kept = catalog.filter(lambda found: found.version < 3 and found.metadata["name"] != "a1")
    assert {name: list(found) for name, found in kept} == {"a": [2]}


def test_yaml_of_squirrel() -> None:
    catalog = Catalog.from_str(SQUIRREL)
    assert list(catalog["rain"]) == [1, 2]
    assert catalog["rain"].driver_kwargs == catalog["rain", 1].driver_kwargs
    assert catalog["rain", 1].metadata == {"unit": "mm"}
    assert catalog["rain"].metadata == {}
    assert catalog["both"].driver_kwargs["subsets"]["test"] == CatalogKey("rain")
    assert Catalog.from_str(catalog.to_str()) == catalog


def test_files(catalog: Catalog, tmp_path: Path) -> None:
    catalog.to_file(tmp_path / "one.yaml")
    Catalog({"z": source("z")}).to_file(f"file://{tmp_path}/two.yaml")
    (tmp_path / "notes.txt").write_text("not a catalog")
    assert Catalog.from_files([tmp_path / "one.yaml"]) == catalog
    both = catalog.join(Catalog({"z": source("z")}))
    assert Catalog.from_files([tmp_path / "one.yaml", str(tmp_path / "two.yaml")]) == both
    assert Catalog.from_dirs([tmp_path]) == both
    with pytest.raises(UserError, match="both catalogs have"):
        Catalog.from_dirs([tmp_path, tmp_path])
    for read in (Catalog.from_files, Catalog.from_dirs):
        with pytest.raises(UserError, match="none"):
            read([tmp_path / "none"])
    with pytest.raises(UserError, match="cannot write"):
        catalog.to_file(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"\xe9: 1")
    for ask in (Catalog.from_files, Catalog.from_dirs, lambda places: catalog.to_file(*places)):
        with pytest.raises(UserError, match=r"cannot .*Protocol not known"):
            ask(["nowhere://x"])
    with pytest.raises(UserError, match=r"cannot read .*latin"):
        Catalog.from_files([tmp_path / "latin.yaml"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1", "no catalog"),
        ("!YamlCatalog [1]", "1:1: .*mapping with a list of sources"),
        ("!YamlCatalog\nsources:\n- 3", "3:3: a source begins with !YamlSource"),
        ("!YamlCatalog\nsources:\n- !YamlSource {driver_name: csv}", "3:3: .*identifier"),
        ("!YamlCatalog\nsources:\n- !YamlSource {identifier: a}", "'a' needs a driver_name"),
        ("!YamlCatalog\nsources:\n- !YamlSource {identifer: a}", "3:16: .*Did you mean"),
        ("!YamlCatalogue {}", "Did you mean '!YamlCatalog'"),
        ("!YamlCatalog {version: 0.3.1, sources: []}", "1:24: .*version 0.3.1 has another form"),
        ("!CatalogKey a", "catalog key is"),
        (SQUIRREL + SQUIRREL[SQUIRREL.index("- !") :].replace("id001", "x"), "there twice"),
    ],
)
def test_bad_yaml_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(UserError) as error:
        Catalog.from_str(text)
    shown = str(error.value).replace("\n", " ")
    import re

    assert re.search(told, shown), shown


def points(monkeypatch: pytest.MonkeyPatch, **groups: dict[str, Any]) -> None:
    module = type(sys)("a_plugin")
    found = []
    for group, offered in groups.items():
        for name, value in offered.items():
            setattr(module, name, value)
            found.append(EntryPoint(name, f"a_plugin:{name}", group.replace("_", ".")))
    monkeypatch.setitem(sys.modules, "a_plugin", module)
    everything = EntryPoints(found)
    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda **asked: everything.select(**asked)
    )


@pytest.fixture
def nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources(), "_entries", {})


def test_plugins_offer_sources(monkeypatch: pytest.MonkeyPatch, nothing_registered: None) -> None:
    offered = {
        "first": {"rain": source("rain")},
        "second": lambda: Catalog({"snow": source("snow")}),
    }
    points(monkeypatch, whence_sources=offered)
    assert sorted(Catalog.from_plugins().keys()) == ["rain", "snow"]
    register_source("hail", source("hail"))
    assert register_source("rain", source("late")) == source("late")
    found = Catalog.from_plugins()
    assert {name: list(versions) for name, versions in found} == {
        "rain": [1, 2], "snow": [1], "hail": [1],
    }  # fmt: skip
    assert found["rain"].metadata == {"name": "late"}


def test_sources_are_registered_once(nothing_registered: None) -> None:
    assert list(Catalog.from_plugins()) == []
    for _ in range(2):
        register_source("a", source("a"))
    with pytest.raises(UserError, match="already a source named 'a'"):
        register_source("a", source("b"))
    register_source("a", source("b"), replace=True)
    assert Catalog.from_plugins() == Catalog({"a": source("b")})
    for wrong in (("a", 3), (3, source())):
        with pytest.raises(UserError, match="is no source"):
            register_source(*wrong)  # type: ignore[arg-type]


def test_a_plugin_that_fails_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, nothing_registered: None
) -> None:
    offered = {"bad": lambda: 1 / 0, "worse": 3, "good": {"rain": source()}}
    points(monkeypatch, whence_sources=offered)
    with pytest.warns(UserWarning, match="the sources '(bad|worse)'") as told:
        assert list(Catalog.from_plugins().keys()) == ["rain"]
    assert len(told) == 2


def test_plugins_offer_drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    from whence.formats.format import discover

    class Reader:
        def __init__(self, url: str, **options: Any) -> None:
            self.url, self.options = url, options

    points(monkeypatch, whence_formats={"odd": Format("odd", "application/x-odd", driver=Reader)})
    discover.cache_clear()
    try:
        catalog = Catalog(
            {"x": Source("odd", {"url": "a", "storage_options": {"k": {"a": 1, "b": 2}, "l": 1}})}
        )
        driver = catalog["x"].get_driver(url="b", storage_options={"k": {"b": 3}}, more=4)
        assert driver.url == "b"
        assert driver.options.pop("catalog") == catalog
        assert driver.options == {"storage_options": {"k": {"a": 1, "b": 3}, "l": 1}, "more": 4}
    finally:
        formats()._entries.pop("odd", None)  # type: ignore[attr-defined]
        discover.cache_clear()


def test_unknown_drivers_are_told() -> None:
    with pytest.raises(UserError, match="Did you mean 'csv'"):
        Catalog({"x": Source("csvv")})["x"].get_driver()
    with pytest.raises(UserError, match="Known are: csv, directory, excel"):
        Catalog({"x": Source("wandb")})["x"].get_driver()


@pytest.mark.parametrize("wrong", ["x", 3, [source()], [("a", source(), 1)], b"ab"])
def test_what_is_no_catalog_is_told(wrong: Any) -> None:
    with pytest.raises(UserError, match="a catalog cannot be made of"):
        Catalog(wrong)
    with pytest.raises(UserError, match="a catalog cannot be made of"):
        Catalog().update(wrong)


def test_a_driver_is_told_what_it_does_not_take() -> None:
    for kwargs, told in (({}, "'url'"), ({"url": "a", "ulr": "b"}, "'ulr'")):
        with pytest.raises(UserError, match=f"the driver 'csv' of 'x': .*{told}"):
            Catalog({"x": Source("csv", kwargs)})["x"].get_driver()
    options = Source("csv", {"url": "a", "storage_options": ["no"]})
    with pytest.raises(UserError, match="no mapping"):
        Catalog({"x": options})["x"].get_driver()


def test_only_storage_options_are_merged() -> None:
    options = {"read_kwargs": {"sep": ";"}, "storage_options": {"k": {"a": 1}}}
    held = Source("csv", {"url": "a", **options})
    more = {"read_kwargs": {"nrows": 1}, "storage_options": {"k": {"b": 2}}}
    made = Catalog({"x": held})["x"].get_driver(**more)
    assert made.read_kwargs == {"nrows": 1}
    assert made.storage_options == {"k": {"a": 1, "b": 2}}
    assert held.driver_kwargs == {"url": "a", **options}
