"""What a record tells of what its run logged, as attributes and as a card in a notebook."""

import subprocess
import sys

import numpy as np
import pytest

from whence.app.client import Client
from whence.base.error import UserError
from whence.records import Record, RecordStoreView
from whence.runs import Run


@pytest.fixture
def record(store):
    with Run(store) as run:
        run.init("melt <b>", parameters={"t": 1})
        run.create_user_alert(name="seen", trigger_abort=False)
        run.set_metric_units("energy", "kJ")
        for step in range(5):
            run.log_metrics({"energy": 2 - 1.5 * step, "mass": 0.1 + 0.2 + step * 1e-17}, step=step)
        run.log_metrics({"once": 7, "wild": np.inf})
        run.log_event("it <melts>", level="warning")
        run.save_object(np.arange(3), "output", name="x")
    return RecordStoreView(store).latest


def test_what_was_logged_is_had_from_the_record(record):
    assert record.metrics.names == ("energy", "mass", "once", "wild")
    assert record.metrics["energy"].value.tolist() == [2.0, 0.5, -1.0, -2.5, -4.0]
    assert repr(record.metrics) == f"<Metrics of {record.id}: energy, mass, once, wild>"
    (event,) = record.events
    assert (event["level"], event["message"]) == ("warning", "it <melts>")
    assert abs(event["timestamp"] - record.timestamp).total_seconds() < 60
    assert list(record.alerts) == ["seen"]


def test_a_record_stands_for_its_run(record, store, tmp_path):
    client = Client(store)
    assert client.get_artifact(record, "x").tolist() == [0, 1, 2]
    (path,) = client.get_artifacts_as_files(record, "output", path=tmp_path / "got")
    assert path.name == "x"
    frame = client.get_metric_values(["energy"], run_ids=record, output_format="dataframe")
    assert len(frame) == 5


def test_its_card_draws_the_metrics_and_tells_the_events(record):
    card = record._repr_html_()
    assert "melt &lt;b&gt;" in card
    assert "-4 kJ" in card
    assert "-4 to 2, 5 values" in card
    energy, mass, wild = card.split("<polyline ")[1:2], card.split(">mass<")[1], "inf"
    points = [tuple(map(float, one.split(","))) for one in energy[0].split('"')[1].split()]
    assert [x for x, _ in points] == sorted({x for x, _ in points})
    assert [y for _, y in points] == sorted(y for _, y in points)  # it falls, and y goes down
    flat = {one.split(",")[1] for one in mass.split('points="')[1].split('"')[0].split()}
    assert len(flat) == 1  # what only rounding moves does not move
    assert f">{wild}<" in card
    assert "it &lt;melts&gt;" in card


def test_a_record_of_no_store_has_no_metrics(record):
    alone = Record({"id": record.id, "events": 3})
    assert alone.events == ()
    assert "events" not in alone._repr_html_()
    with pytest.raises(UserError, match="of no store"):
        _ = alone.metrics


def test_parameters_called_like_what_was_logged_are_parameters(store):
    for number in range(2):
        with Run(store) as run:
            run.init("x", parameters={"events": number})
    assert len(RecordStoreView(store).splitby("events")) == 2


def test_artifacts_and_pictures_show_themselves(store):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.add_subplot().imshow(np.eye(3))  # which Plotly's converter has no word for
    with Run(store) as run:
        run.init("picture")
        run.save_object(figure, "output", name="<i>")
    client = Client(store)
    picture = client.get_artifact("picture", "<i>")
    assert picture.startswith(b"\x89PNG")
    assert picture._repr_png_() == picture
    assert repr(picture).startswith("<PNG picture of ")
    table = client.list_artifacts("picture", "output")._repr_html_()
    assert "&lt;i&gt;" in table
    assert "image/png" in table


def test_filters_say_which_there_are(store):
    assert "created_within, description" in repr(RecordStoreView(store).filter)


def test_a_store_that_is_made_is_told_of_once(project, caplog):
    for _ in range(2):
        with Run() as run:
            run.init("x")
    (told,) = [line for line in caplog.messages if "made a store" in line]
    assert told == f"made a store in {project / '.whence'}"


def test_a_record_is_edited_by_itself(record, store):
    assert record.add_tag(["good", "figure1"]) is record
    record.remove_tag("good")
    record.add_comment("as it should be").update_reason("to see")
    record.update_reason("why", mode="append")
    assert record.tags == ("figure1",)
    assert record.outcome == "as it should be"
    assert record.reason == ("to see", "why")
    (again,) = RecordStoreView(store).filter.tags("figure1")
    assert (again.tags, again.outcome, again.reason) == (
        record.tags, record.outcome, record.reason
    )  # fmt: skip
    with pytest.raises(UserError):
        record.add_tag(3)
    with pytest.raises(UserError, match="records of a store"):
        Record({"id": "x"}).add_tag("y")


def test_a_record_tells_how_and_by_what_it_was_made(store, project):
    (project / "a b.py").write_text("import whence\nwith whence.Run() as run: run.init('made')\n")
    subprocess.run([sys.executable, "a b.py", "x y"], cwd=project, check=True)
    made = RecordStoreView(store)["made"]
    assert made.command_line.endswith("'a b.py' 'x y'")
    assert made.script_content == (project / "a b.py").read_text()


def test_a_lost_run_took_as_long_as_it_logged(store, project):
    (project / "gone.py").write_text(
        "import os, time, whence\nrun = whence.Run()\nrun.init('gone')\n"
        "for i in range(4):\n    run.log_metrics({'i': i}); time.sleep(0.1)\n"
        "run.log_metrics({'i': 5}, timestamp=time.time() + 1000)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "gone.py"], cwd=project, check=False)
    gone = RecordStoreView(store)["gone"]
    assert gone.status == "lost"
    assert 0.4 <= gone.duration < 500  # not as long as a time that was given with a value
