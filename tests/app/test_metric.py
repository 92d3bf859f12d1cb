"""The Client's metric values: of runs side by side, aggregated, thinned out, drawn."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from whence.app.client import Client
from whence.base.error import UserError
from whence.runs import Run
from whence.store import Store


@pytest.fixture
def client(store: Store) -> Client:
    """Of three runs with a dense metric and a sparse one; the last lacks the sparse one."""
    for k in range(3):
        run = Run(store).init(f"run{k}", metadata={"k": k})
        run.set_metric_units("dense", "kJ/mol")
        for i in range(20):
            run.log_metrics({"dense": i + 10.0 * k}, time=i / 2, timestamp=float(i))
            if i % 10 == 0 and k < 2:
                run.log_metrics({"sparse": i * k}, step=i, time=i / 2, timestamp=i + 0.25)
        run.close()
    return Client(store)


ALL = ["run0", "run1", "run2"]


def test_names_come_in_the_order_of_logging(client: Client) -> None:
    assert client.get_metrics_names("run1")[:2] == ["dense", "sparse"]


def test_values_are_found_by_place_and_run(client: Client) -> None:
    found = client.get_metric_values(["dense", "sparse"], "step", run_ids=ALL, use_run_names=True)
    assert found["dense"][7, "run2"] == 27.0
    assert found["sparse"] == {(0, "run0"): 0, (10, "run0"): 0, (0, "run1"): 0, (10, "run1"): 10}
    assert len(found["dense"]) == 60


def test_a_sparse_and_a_dense_metric_share_a_table(client: Client) -> None:
    frame = client.get_metric_values(
        ["dense", "sparse"], "time", run_ids=ALL, use_run_names=True, output_format="dataframe"
    )
    assert isinstance(frame, pd.DataFrame)
    assert frame.index.names == ["time", "run"]
    assert frame.index.get_level_values(0).is_monotonic_increasing
    assert frame.loc[(5.0, "run1")].to_dict() == {"dense": 20.0, "sparse": 10.0}
    assert math.isnan(frame.loc[(5.0, "run2")]["sparse"])
    assert frame["sparse"].notna().sum() == 4
    assert frame["dense"].notna().all()
    assert frame.attrs["units"] == {"dense": "kJ/mol"}


def test_metrics_that_have_arrays_are_told_of_with_what_gives_them(store: Store) -> None:
    with Run(store) as run:
        run.init("arrays")
        run.log_metrics({"arr": np.zeros(3)})
    client = Client(store)
    wanted = rf"Client\(\).get_tensor_metric\('{run.id}', 'arr'\)"
    with pytest.raises(UserError, match=wanted):
        client.get_metric_values(["arr"], run_ids="arrays")
    with pytest.raises(UserError, match=wanted):
        client.get_run("arrays").metrics["arr"]


def test_of_two_values_at_one_step_both_are_kept_and_the_last_counts(store: Store) -> None:
    with Run(store) as run:
        run.init("twice")
        for value in (1.0, 2.0):
            run.log_metrics({"a": value, "arr": np.full(2, value)}, step=3)
    client = Client(store)
    assert client.get_metric_values(["a"], run_ids="twice")["a"] == {(3, run.id): 2.0}
    frame = client.get_run("twice").metrics.frame(["a"])
    assert frame[["step", "a"]].to_numpy().tolist() == [[3, 1.0], [3, 2.0]]
    assert client.get_tensor_metric(run.id, "arr", step=3).values.tolist() == [2.0, 2.0]
    assert client.get_tensor_metric(run.id, "arr")["step"].values.tolist() == [3, 3]


def test_instants_are_times(client: Client) -> None:
    names = ["dense", "sparse"]
    found = client.get_metric_values(names, "timestamp", run_ids="run1", use_run_names=True)
    at = dt.datetime(1970, 1, 1, 0, 0, 10, 250000, tzinfo=dt.UTC)
    assert found["sparse"][at, "run1"] == 10
    frame = client.get_metric_values(names, "timestamp", run_ids="run1", output_format="dataframe")
    assert str(frame.index.dtypes["timestamp"]).startswith("datetime64[us, UTC")
    assert len(frame) == 22


def test_an_aggregate_spans_the_runs(client: Client) -> None:
    found = client.get_metric_values("dense", run_ids=ALL, aggregate=True)["dense"]
    assert (found[3, "average"], found[3, "min"], found[3, "max"]) == (13.0, 3.0, 23.0)
    frame = client.get_metric_values(
        ["sparse", "dense"], run_ids=ALL, aggregate=True, output_format="dataframe"
    )
    assert list(frame.columns) == ["sparse", "dense"]
    assert frame.loc[(10, "max")].to_dict() == {"sparse": 10.0, "dense": 30.0}


def test_of_several_values_at_one_place_the_last_counts(store: Store) -> None:
    run = Run(store).init("twice")
    for value, step in ((1.0, 5), (2.0, 3), (3.0, 5)):
        run.log_metrics({"x": value}, step=step)
    found = Client(store).get_metric_values("x", run_ids="twice", use_run_names=True)
    assert found == {"x": {(3, "twice"): 2.0, (5, "twice"): 3.0}}


def test_thinned_out_series_keep_their_spikes(store: Store) -> None:
    run = Run(store).init("spiky")
    values = np.sin(np.arange(5000) / 100)
    values[1234], values[4321] = 9.0, -9.0
    for value in values:
        run.log_metrics({"x": value})
    found = Client(store).get_metric_values("x", run_ids="spiky", max_points=50)["x"]
    assert len(found) <= 50
    assert {9.0, -9.0} <= set(found.values())
    assert [x for x, _ in found] == sorted(x for x, _ in found)


def test_runs_are_found_by_filters(client: Client) -> None:
    found = client.get_metric_values("dense", run_filters=["metadata.k > 0"], use_run_names=True)
    assert {run for _, run in found["dense"]} == {"run1", "run2"}


def test_runs_of_one_name_are_told_apart(store: Store) -> None:
    ids = []
    for value in (1.0, 2.0):
        run = Run(store).init("same")
        run.log_metrics({"x": value})
        ids.append(run.id)
    found = Client(store).get_metric_values("x", run_ids=ids, use_run_names=True)["x"]
    assert found == {(0, f"same {ids[0]}"): 1.0, (0, f"same {ids[1]}"): 2.0}


def test_a_figure_shows_the_values(client: Client) -> None:
    figure = client.plot_metrics(["dense", "sparse"], "time", run_ids=ALL, use_run_names=True)
    dense, sparse = figure.axes
    assert [line.get_label() for line in dense.lines] == ALL
    assert dense.lines[2].get_ydata().tolist() == [i + 20.0 for i in range(20)]
    assert sparse.lines[1].get_xdata().tolist() == [0.0, 5.0]
    assert (dense.get_ylabel(), sparse.get_xlabel()) == ("dense [kJ/mol]", "time [s]")
    band = client.plot_metrics("dense", run_ids=ALL, aggregate=True).axes[0]
    assert band.lines[0].get_ydata()[3] == 13.0
    assert len(band.collections) == 1
    assert figure._repr_png_().startswith(b"\x89PNG")  # what a notebook asks for


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"metric_names": "denze"}, "'dense'"),
        ({"metric_names": []}, "no metric"),
        ({"metric_names": "dense", "xaxis": "stp"}, "'step'"),
        ({"metric_names": "dense", "xaxis": "timestamp", "aggregate": True}, "xaxis='step'"),
        ({"metric_names": "dense", "max_points": 0}, "max_points"),
        ({"metric_names": "dense", "output_format": "datafame"}, "'dataframe'"),
        ({"metric_names": "dense", "run_ids": None}, "run_ids"),
        ({"metric_names": "dense", "run_ids": []}, "no run"),
        ({"metric_names": "dense", "run_ids": ["nobody"]}, "'nobody'"),
    ],
)
def test_what_cannot_be_asked_is_told(client: Client, asked: dict, told: str) -> None:
    with pytest.raises(UserError) as refused:
        client.get_metric_values(**{"run_ids": ALL, **asked})
    assert told in str(refused.value)
