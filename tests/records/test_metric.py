"""Metric values and arrays, read back as series, tables and labelled arrays."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from whence.base.error import StoreError, UserError
from whence.records.metric import Metrics
from whence.records.tensor import tensor, tensor_names
from whence.runs import Run
from whence.store import Store, collect


@pytest.fixture
def run(store: Store) -> Run:
    return Run(store).init("it")


def test_a_sparse_and_a_dense_metric_lie_side_by_side(store: Store, run: Run) -> None:
    for i in range(30):
        run.log_metrics({"dense": i / 2})
        if i % 10 == 5:
            run.log_metrics({"sparse": i, "dense": -1.0}, step=i)
    metrics = Metrics(store, run.id)
    assert metrics.names[:2] == ("dense", "sparse")
    assert metrics.series("sparse").step.tolist() == [5, 15, 25]
    assert metrics.series("sparse").value.dtype == np.int64
    frame = metrics.frame()
    assert list(frame.columns) == ["step", "time", "timestamp", "dense", "sparse"]
    assert len(frame) == 33
    assert frame["sparse"].dropna().tolist() == [5.0, 15.0, 25.0]
    assert frame["dense"].tolist()[4:8] == [2.0, 2.5, -1.0, 3.0]
    assert frame.step.tolist()[4:8] == [4, 5, 5, 6]


def test_columns_keep_their_kind_and_can_be_written_to(store: Store, run: Run) -> None:
    for i in range(3):
        run.log_metrics({"n": i, "flag": i > 1, "x": i / 2})
    frame = Metrics(store, run.id).frame(["x", "n", "flag"])
    assert [str(kind) for kind in frame.dtypes[3:]] == ["float64", "int64", "bool"]
    frame.loc[0, "x"] = 7.0
    assert frame["x"].tolist() == [7.0, 0.5, 1.0]


def test_calls_without_a_step_are_counted(store: Store, run: Run) -> None:
    writer = store.writer()
    for i in range(3):
        writer.metrics(run.id, None, i / 2, 5.0, {"resources/cpu": 1.0})
        run.log_metrics({"x": 1.0})
    metrics = Metrics(store, run.id)
    assert metrics.series("resources/cpu").step.tolist() == [0, 1, 2]
    assert metrics.frame().step.tolist() == [0, 1, 2]
    assert np.isnan(metrics.frame(["x", "resources/cpu"]).step).sum() == 3


def test_several_processes_of_one_run_are_ordered_by_time(store: Store, run: Run) -> None:
    other = Store.open(store.root)
    for i in range(4):
        which = other if i % 2 else store
        which.writer().metrics(run.id, i, 0.0, float(i), {"x": float(i)})
    assert Metrics(store, run.id).series("x").value.tolist() == [0.0, 1.0, 2.0, 3.0]
    other.writer().close()


def test_a_metric_may_be_called_as_a_column_is(store: Store, run: Run) -> None:
    run.log_metrics({"time": 3.0, "step": 4.0}, step=9, time=0.5)
    frame = Metrics(store, run.id).frame()
    assert frame.iloc[0].to_dict()["time"] == 3.0
    assert frame.iloc[0].to_dict()["call.time"] == 0.5
    assert frame.iloc[0].to_dict()["call.step"] == 9


def test_a_digest_leaves_out_what_is_no_number(store: Store, run: Run) -> None:
    for value in (1.0, math.nan, 3.0):
        run.log_metrics({"x": value, "none": math.nan}, timestamp=7.0)
    digest = Metrics(store, run.id).digest("x")
    assert (digest.count, digest.min, digest.max, digest.average) == (3, 1.0, 3.0, 2.0)
    assert (digest.last, digest.step, digest.timestamp) == (3.0, 2, 7.0)
    assert math.isnan(Metrics(store, run.id).digest("none").average)


def test_a_digest_of_infinities_is_told_without_a_warning(store: Store, run: Run) -> None:
    for value in (math.inf, -math.inf):
        run.log_metrics({"x": value, "huge": 1.5e308})
    digest = Metrics(store, run.id).digest("x")
    assert (digest.min, digest.max) == (-math.inf, math.inf)
    assert math.isnan(digest.average)
    assert Metrics(store, run.id).digest("huge").average == math.inf


def test_units_come_back(store: Store, run: Run) -> None:
    run.set_metric_units("x", "kJ/mol")
    run.log_metrics({"x": 1.0, "y": 2.0})
    metrics = Metrics(store, run.id)
    assert metrics.series("x").unit == "kJ/mol"
    assert metrics.frame().attrs["units"] == {"x": "kJ/mol"}


def test_an_unknown_metric_is_told_with_the_nearest(store: Store, run: Run) -> None:
    run.log_metrics({"energy": 1.0})
    with pytest.raises(UserError, match=r"'enrgy'.*\n.*'energy'"):
        Metrics(store, run.id).series("enrgy")


def test_a_run_without_metrics_has_none(store: Store) -> None:
    run = Run(store).config(disable_resources_metrics=True).init()
    assert Metrics(store, run.id).names == ()
    assert len(Metrics(store, run.id).frame()) == 0
    assert tensor_names(store, run.id) == ()


class TestTensor:
    def test_arrays_come_back_whole_with_their_axes(self, store: Store, run: Run) -> None:
        x, kinds = np.linspace(0.0, 1.0, 300), np.array(["a", "b"])
        run.assign_metric_to_grid("field", [x, kinds], ["x", "kind"])
        run.set_metric_units("field", "V/m")
        given = [np.random.default_rng(i).normal(size=(300, 2)) for i in range(3)]
        for i, array in enumerate(given):
            run.log_metrics({"field": array, "mean": array.mean()}, step=10 * i, timestamp=i / 4)
        found = tensor(store, run.id, "field")
        assert found.dims == ("step", "x", "kind")
        assert found.step.values.tolist() == [0, 10, 20]
        assert found.timestamp.values[1] == np.datetime64("1970-01-01T00:00:00.250")
        assert found.attrs == {"units": "V/m"}
        assert np.array_equal(found.values, np.stack(given))
        assert np.array_equal(found.x, x)
        assert float(found.sel(step=20, kind="b")[7]) == given[2][7, 1]
        assert Metrics(store, run.id).names[0] == "mean"
        assert "field" not in Metrics(store, run.id).names
        assert tensor_names(store, run.id) == ("field",)

    def test_more_than_fifty_thousand_elements_are_kept(self, store: Store, run: Run) -> None:
        run.log_metrics({"big": np.arange(10**6, dtype=np.int32).reshape(100, 100, 100)})
        found = tensor(store, run.id, "big", step=0)
        assert found.dims == ("axis_0", "axis_1", "axis_2")
        assert found.dtype == np.int32
        assert int(found[99, 99, 99]) == 10**6 - 1

    def test_arrays_of_other_shapes_are_had_one_by_one(self, store: Store, run: Run) -> None:
        run.log_metrics({"path": np.zeros(3)})
        run.log_metrics({"path": np.zeros(4, dtype=complex)})
        with pytest.raises(UserError, match=r"\(3,\), \(4,\)"):
            tensor(store, run.id, "path")
        assert tensor(store, run.id, "path", step=1).shape == (4,)
        assert "step 7" in _refused(lambda: tensor(store, run.id, "path", step=7))
        assert "'path'" in _refused(lambda: tensor(store, run.id, "pth"))

    def test_a_grid_told_later_holds_for_what_fits_it(self, store: Store, run: Run) -> None:
        run.log_metrics({"line": np.zeros(3)})
        run.assign_metric_to_grid("line", [[1.0, 2.0, 4.0]], ["r"])
        assert tensor(store, run.id, "line").r.values.tolist() == [1.0, 2.0, 4.0]

    def test_garbage_collection_leaves_arrays(self, store: Store, run: Run) -> None:
        for i in range(3):
            run.log_metrics({"line": np.full(3, i)})
            run.log_metrics({"big": np.full(10_000, i)})
        run.close()
        store.writer().close()
        for days in (20, 40):
            later = Store.open(store.root, clock=lambda ahead=days: time.time() + ahead * 86400)
            collect(later, act=True)
        assert tensor(store, run.id, "line").values.tolist() == [[i] * 3 for i in range(3)]
        assert tensor(store, run.id, "big").shape == (3, 10_000)

    def test_a_damaged_array_is_found(self, store: Store, run: Run) -> None:
        run.log_metrics({"line": np.zeros(3)})
        (pack,) = store.root.glob("packs/*/*.pack")
        data = bytearray(pack.read_bytes())
        data[-1] ^= 1
        pack.chmod(0o644)
        pack.write_bytes(data)
        with pytest.raises(StoreError):
            tensor(store, run.id, "line")
        assert not store.verify().sound


def _refused(call: object) -> str:
    with pytest.raises(UserError) as refused:
        call()  # type: ignore[operator]
    return str(refused.value)
