"""What is told of the metrics of runs where a byte of a journal is another than was written."""

import os
import subprocess
import sys
import time

import pytest

from whence.app.client import Client
from whence.app.metric import measured, metric_columns
from whence.records import Records
from whence.records.metric import Metrics
from whence.runs import Run
from whence.store import Store
from whence.testing.command import CommandLine

MANY = 60


@pytest.fixture
def run(workspace, record):
    """A run with units and values."""
    with Run(workspace.store) as run:
        run.init("it")
        run.config(disable_resources_metrics=True)
        run.set_metric_units("y", "m")
        for step in range(MANY):
            run.log_metrics({"y": step / 2, "z": 1})
    workspace.store.writer().close()
    return run.id


def flip(store, mark, metrics=False):
    found = store.root.glob("journals/*/*.jsonl")
    (path,) = [path for path in found if (".metrics." in path.name) is metrics]
    data = bytearray(path.read_bytes())
    data[data.index(mark) + len(mark) // 2] ^= 1
    path.write_bytes(data)


def counts(store, run):
    """How many values of ``y`` each reader finds."""
    client, (record,) = Client(store), Records(store).of_ids([run])
    (told,) = client.get_runs(metrics=True, output_format="dict")
    values = {"metric_names": ["y"], "run_ids": [run], "xaxis": "step"}
    columns = metric_columns(store, [record], ["y.count"])
    return {
        "get_metric_values": len(client.get_metric_values(**values)["y"]),
        "dataframe": len(client.get_metric_values(**values, output_format="dataframe")),
        "get_metrics_names": MANY * ("y" in client.get_metrics_names(run)),
        "get_runs": told["metrics"]["y"]["count"],
        "Record.metrics": len(record.metrics["y"]),
        "Metrics.of": len(Metrics.of(store, [run])[run].frame()),
        "list": columns.values[run]["y.count"],
        "show": {one.name: one.digest.count for one in measured(store, record)}["y"],
    }


def test_every_reader_has_the_other_points_of_a_damaged_line(workspace, run):
    flip(workspace.store, b'"s":30,', metrics=True)
    found = counts(workspace.store, run)
    assert found == {**dict.fromkeys(found, MANY - 1), "get_metrics_names": MANY}
    series = Client(workspace.store).get_metric_values(["y"], xaxis="step", run_ids=[run])["y"]
    assert series == {(step, run): step / 2 for step in range(MANY) if step != 30}


def test_every_reader_has_all_points_without_the_line_that_tells_of_them(workspace, run):
    flip(workspace.store, b'"op":"points"')
    found = counts(workspace.store, run)
    assert found == dict.fromkeys(found, MANY)


def test_values_whose_unit_is_lost_have_none(workspace, run):
    flip(workspace.store, b'"op":"metric"')
    found = counts(workspace.store, run)
    assert found == dict.fromkeys(found, MANY)
    assert Metrics(workspace.store, run)["y"].unit is None


def test_a_damaged_run_is_shown_with_its_metrics_and_named_by_verify(workspace, run, tmp_path):
    flip(workspace.store, b'"op":"points"')
    command = CommandLine(workspace.store.project, tmp_path / "cache")
    assert command.json("show", run)["metrics"]["y"]["count"] == MANY
    report = command.json("verify", check=False)
    assert any(problem["code"] == "damaged-line" for problem in report["corrupt"])


def test_a_damaged_run_that_goes_on_counts_its_steps_on(workspace, run):
    flip(workspace.store, b'"op":"points"')
    with Run(Store.open(workspace.store.root)) as again:
        again.reconnect(run)
        again.log_metrics({"y": 0.0})
    assert Metrics(workspace.store, run)["y"].step.tolist() == list(range(MANY + 1))


_KILLED = """
import os, signal, sys
from whence.store import Store, this_process
store = Store.open(sys.argv[1], clock=lambda: 5.0)
facts = {"f": {"kind": "run", "status": "running", "process": this_process()}}
store.writer().append("set", "20200101T000000abcdefg", facts)
store.writer().metrics("20200101T000000abcdefg", 0, 1.0, 1000.0, {"y": 1.0})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_last_point_of_a_lost_run_counts_though_no_line_tells_of_it(workspace):
    store = workspace.store
    subprocess.run([sys.executable, "-c", _KILLED, store.root], env=dict(os.environ), check=False)
    flip(store, b'"op":"points"')
    record = Records(store).get("20200101T000000abcdefg")
    assert (record.status, record.heard) == ("lost", 1000.0)
    assert record.heard < time.time()
