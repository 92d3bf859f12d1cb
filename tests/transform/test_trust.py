"""A key is taken when a graph is made; results of anything else must not be kept under it."""

import os

import pytest

from whence.transform import DiskCache, Graph, MemoryCache, Step, register_operation


@pytest.fixture(params=["memory", "disk"])
def cache(request, tmp_path):
    disk = DiskCache(tmp_path / "cache")
    yield disk if request.param == "disk" else MemoryCache()
    disk.close()


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.txt"
    path.write_text("1")
    os.utime(path, (1e9, 1e9))
    return path


class Heard:
    def __init__(self):
        self.files = []

    def read(self, path, digest):
        self.files.append(path)

    def wrote(self, path, digest):
        raise AssertionError


def doubled(data, during=lambda: None):
    """A graph that reads a number from a file and doubles it."""

    def load():
        during()
        return int(data.read_text())

    graph = Graph()
    leaf = graph.read(load, graph.digest_of(data), [data])
    graph.add("add", [leaf, leaf], step=Step(tag="double"))
    return graph


def test_a_file_that_is_written_before_it_is_read_poisons_no_cache(data, cache, caplog):
    graph = doubled(data)
    data.write_text("5")
    heard = Heard()
    results = graph.evaluate(cache=cache, recorder=heard)
    assert results["double"] == 10
    assert heard.files == []
    assert "data.txt changed after the transformations were planned" in caplog.text
    assert results.report[-1].why == "data or code changed meanwhile, so it is not kept"
    data.write_text("1")
    assert doubled(data).evaluate(cache=cache, recorder=heard)["double"] == 2
    assert heard.files == [data]


def test_a_file_that_is_written_while_it_is_read_poisons_no_cache(data, cache):
    graph = doubled(data, during=lambda: data.write_text("5"))
    assert graph.evaluate(cache=cache)["double"] == 10
    data.write_text("1")
    assert doubled(data).evaluate(cache=cache)["double"] == 2


def test_what_is_cached_for_other_data_is_not_taken_for_new_data(data, cache):
    doubled(data).evaluate(cache=cache)
    graph = doubled(data)
    data.write_text("5")
    assert graph.evaluate(cache=cache)["double"] == 10


def test_the_same_content_written_again_is_the_same(data, cache):
    graph = doubled(data)
    data.write_text("1")
    graph.evaluate(cache=cache)
    (found,) = doubled(data).evaluate(cache=cache).report
    assert found.status == "cached"


@pytest.fixture
def operation(calls):  # for the registry, which it leaves as it was
    space = {"__name__": "__main__", "RATE": 2}
    exec("def scaled(x):\n    return RATE * x\n", space)
    register_operation(space["scaled"], "c.scaled")
    return space


def scaled():
    graph = Graph()
    graph.add("c.scaled", [3], step=Step(tag="y"))
    return graph


def test_a_global_that_is_put_anew_computes_again(operation, cache, caplog):
    assert scaled().evaluate(cache=cache)["y"] == 6
    operation["RATE"] = 5
    assert scaled().evaluate(cache=cache)["y"] == 15
    graph = scaled()
    operation["RATE"] = 2
    results = graph.evaluate(cache=cache)
    assert results["y"] == 6
    assert "the code of 'c.scaled', or what it names, changed" in caplog.text
    operation["RATE"] = 5
    assert scaled().evaluate(cache=cache)["y"] == 15


def test_a_value_that_nothing_identifies_is_told_of(operation, cache, caplog, tmp_path):
    with (tmp_path / "x").open("w") as operation["RATE"]:
        exec("def scaled(x):\n    return len(RATE.name) * x\n", operation)
        register_operation(operation["scaled"], "c.scaled", overwrite_existing=True)
        results = scaled().evaluate(cache=cache)
    assert not results.report[-1].kept
    assert "nothing tells scaled: RATE from another one" in caplog.text
