"""Data that change between planning and drawing: what a figure says of itself is true."""

import os

import numpy as np
import pytest

from whence.base.digest import digest_file
from whence.plot import PlotManager, read_recipe
from whence.transform import MemoryCache
from whence.tree import DataManager

LOAD = {"level": {"loader": "numpy", "glob_str": "level.npy", "required": True}}


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "level.npy"
    write(path, 1.0)
    os.utime(path, (1e9, 1e9))
    return path


def write(path, level):
    np.save(path, np.full(5, level))


def manager(data, **settings):
    dm = DataManager(data.parent, out_dir="eval", load_cfg=LOAD, out_dir_kwargs={"exist_ok": True})
    dm.load_from_cfg()
    return PlotManager(dm, raise_exc=True, **settings)


def plot(function):
    return {
        "level": {
            "plot_func": function,
            "creator": "external",
            "use_dag": True,
            "select": {"level": "level"},
            "exist_ok": True,
            "file_ext": "png",
        }
    }


def drawn(manager, function, between=lambda: None):
    plan = manager.plan_from_cfg(plot(function))
    between()
    (figure,) = manager.draw(plan)
    return figure


def inputs(figure):
    return read_recipe(figure.path).inputs.digests


def test_data_that_were_written_after_planning_are_told_as_they_were_drawn(data):
    seen = []

    def draw(*, data, hlpr):
        seen.append(float(data["level"][0]))
        hlpr.ax.plot(data["level"])

    cache = MemoryCache()
    first = manager(data, cache=cache)
    figure = drawn(first, draw, between=lambda: write(data, 2.0))
    assert seen[-1] == 2.0
    assert inputs(figure) == (digest_file(data),)
    assert figure.files[0][1] == digest_file(data)
    write(data, 1.0)
    assert drawn(manager(data, cache=cache), draw).status == "drawn"
    assert seen[-1] == 1.0


def test_data_that_were_read_and_then_written_are_traced_to_no_file(data, caplog):
    def draw(*, data, hlpr):
        hlpr.ax.plot(data["level"])

    cache = MemoryCache()
    plots = manager(data, cache=cache)
    before = drawn(plots, draw)
    assert inputs(before) == (digest_file(data),)
    write(data, 2.0)
    after = drawn(plots, draw)  # from memory
    assert inputs(after) == ()
    assert "was written since it was read" in caplog.text
    fresh = drawn(manager(data, cache=cache), draw)
    assert inputs(fresh) == (digest_file(data),)
    assert fresh.digest not in (before.digest, after.digest)


def test_data_that_are_written_while_they_are_drawn_are_traced_to_no_file(data, caplog):
    def draw(*, data, hlpr):
        hlpr.ax.plot(data["level"])
        write(path, 3.0)

    path, cache = data, MemoryCache()
    figure = drawn(manager(path, cache=cache), draw)
    assert "changed while it was drawn: drawn again" in caplog.text
    assert inputs(figure) == ()
    again = drawn(manager(path, cache=cache), draw)
    assert again.status == "drawn"
    assert again.digest != figure.digest
