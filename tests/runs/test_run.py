import datetime as dt
import math
import os
import shutil
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from whence.base.error import UserError
from whence.base.escape import decode
from whence.runs import Run
from whence.store import Store
from whence.testing.point import points


def state_of(store, run):
    return store.index().state(run.id)


def test_a_run_records_what_it_was_given_and_what_surrounds_it(store, project):
    with Run(store) as run:
        run.init(
            "melt",
            parameters={"T": 1.5, "box": {"size": (3, 4)}},
            metadata={"cluster": "b"},
            tags=["first", "try"],
            folder="/melt/first",
            description="a try",
        )
        assert run.status == "running"
    state = state_of(store, run)
    assert state["name"] == "melt"
    assert state["kind"] == "run"
    assert state["status"] == "completed"
    assert state["folder"] == "/melt/first"
    assert decode(state["params"]) == {"T": 1.5, "box": {"size": (3, 4)}}
    assert state["meta"] == {"cluster": "b"}
    assert state["tags"] == ["first", "try"]
    assert state["created"] <= state["started"] <= state["ended"]
    assert state["host"] == os.uname().nodename
    assert state["process"]["pid"] == os.getpid()
    assert state["cwd"] == str(project)
    environment = store.get(state["environment"])
    assert b'"numpy"' in environment


def test_an_exception_fails_the_run_with_its_traceback(store):
    with pytest.raises(ZeroDivisionError), Run(store) as run:  # noqa: PT012
        run.init()
        print(1 / 0)
    state = state_of(store, run)
    assert state["status"] == "failed"
    assert state["error"]["type"] == "ZeroDivisionError"
    assert "print(1 / 0)" in state["error"]["traceback"]


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (KeyboardInterrupt(), "terminated"),
        (SystemExit(0), "completed"),
        (SystemExit(), "completed"),
        (SystemExit(3), "failed"),
    ],
)
def test_how_a_run_is_left_tells_its_status(store, raised, status):
    with pytest.raises(type(raised)), Run(store) as run:  # noqa: PT012
        run.init()
        raise raised
    assert state_of(store, run)["status"] == status


def test_a_notebook_shows_a_run_as_it_stands(store):
    run = Run(store)
    assert "&lt;Run not begun&gt;" in run._repr_html_()
    with run:
        run.init("melt <b>", parameters={"t": 1})
        run.log_metrics({"energy": 2.5})
        card = run._repr_html_()
        for told in ("melt &lt;b&gt;", ">running<", ">t</th>", ">energy</th>", "2.5"):
            assert told in card
    assert ">completed<" in run._repr_html_()
    assert Run(mode="disabled")._repr_html_() == "<code>&lt;Run disabled&gt;</code>"


def test_metadata_and_tags_change(store):
    run = Run(store).init(metadata={"a": 1, "b": 1}, tags=["x", "y"])
    run.update_metadata({"b": 2})
    run.update_tags(["z"])
    assert state_of(store, run)["meta"] == {"a": 1, "b": 2}
    assert state_of(store, run)["tags"] == ["x", "y", "z"]
    run.set_tags(["w", "x"])
    assert state_of(store, run)["tags"] == ["w", "x"]
    run.close()
    run.update_tags("later")
    assert "later" in state_of(store, run)["tags"]


def test_metrics_count_their_steps_and_keep_what_is_not_finite(store):
    run = Run(store).init()
    run.log_metrics({"e": 1.0, "n": np.int64(3)})
    run.log_metrics({"e": math.nan}, step=10, time=2.5, timestamp=7.0)
    run.log_metrics({"e": np.float32(0.5)})
    run.close()
    found = list(points(store, run.id))
    assert [point.step for point in found] == [0, 10, 1]
    assert found[0].values == {"e": 1.0, "n": 3}
    assert math.isnan(found[1].values["e"])
    assert (found[1].time, found[1].stamp) == (2.5, 7.0)


def test_events_and_output_are_lines_of_their_own(store):
    run = Run(store).init()
    run.log_event("half way", "WARNING")
    run.log_output("out", "step 1\n")
    lines = list(store.lines(run.id, ("event", "out")))
    assert [(line["op"], line.get("level")) for line in lines] == [
        ("event", "warning"),
        ("out", None),
    ]


@pytest.mark.parametrize(
    "given",
    [
        0.0,
        "1970-01-01T00:00:00",
        dt.datetime(1970, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(0, 3600))),
    ],
)
def test_events_take_times_as_metrics_do(store, given):
    run = Run(store).init()
    run.create_metric_threshold_alert(name="a", metric="e", threshold=0.5, rule="is above")
    run.log_event("then", timestamp=given)
    run.log_metrics({"e": 1.0}, timestamp=given)
    times = [line["at"] for line in store.lines(run.id, ("event",))]
    times += [line["facts"]["at"] for line in list(store.lines(run.id, ("alert",)))[1:]]
    assert times == [0.0, 0.0]


def test_files_are_artifacts_named_by_digest(store, project):
    (project / "in.dat").write_text("4 5 6")
    (project / "out").mkdir()
    (project / "out" / "data.csv").write_text("1,2\n")
    run = Run(store).init()
    run.save_file("in.dat", "input")
    digest = run.save_file("out/data.csv", name="data", metadata={"unit": "m"})
    run.save_file(project / "in.dat", "code", "text/x-lammps", name="script")
    one, two, three = state_of(store, run)["artifacts"]
    assert (one["name"], one["category"], one["path"]) == ("in.dat", "input", "in.dat")
    assert (two["name"], two["path"], two["meta"]) == ("data", "out/data.csv", {"unit": "m"})
    assert store.get(digest) == b"1,2\n"
    assert three["type"] == "text/x-lammps"


class Unknown:
    pass


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda run: run.update_metadata({"good": 1, "model": Unknown()}), "model"),
        (lambda run: run.update_metadata({"": 1}), "''"),
        (lambda run: run.update_metadata({3: 1}), "3"),
        (lambda run: run.update_tags(["ok", ""]), "''"),
        (lambda run: run.log_metrics({"fine": 1.0, "e": "high"}), "'e'"),
        (lambda run: run.log_metrics({"e": np.array(["a"])}), "'e'"),
        (lambda run: run.log_metrics({"e": 1j}), "'e'"),
        (lambda run: run.log_event("x", "warnign"), "warnign"),
        (lambda run: run.log_event("x", timestamp=math.nan), "nan"),
        (lambda run: run.log_event("x", timestamp="noon"), "noon"),
        (lambda run: run.save_file("missing.csv"), "missing.csv"),
        (lambda run: run.save_file(".", "output"), "'.'"),
        (lambda run: run.save_file("a", "outputs"), "outputs"),
        (lambda run: run.save_file("a", "output", "csv"), "csv"),
        (lambda run: run.set_status("compleet"), "compleet"),
        (lambda run: run.init(), "begun"),
    ],
)
def test_a_refused_call_names_what_is_wrong_and_records_nothing(store, project, call, named):
    (project / "a").write_text("")
    run = Run(store).init("it", metadata={"kept": 1})
    before = state_of(store, run), len(list(store.lines(run.id)))
    with pytest.raises(UserError) as refused:
        call(run)
    assert named in str(refused.value)
    assert (state_of(store, run), len(list(store.lines(run.id)))) == before
    run.log_metrics({"e": 1.0})
    run.close()
    assert state_of(store, run)["status"] == "completed"


@pytest.mark.parametrize(
    "given",
    [
        {"parameters": {"a": {"model": Unknown()}}},
        {"metadata": {"model": Unknown()}},
        {"tags": [3]},
        {"tags": 3},
        {"visibility": 3},
        {"folder": "no-slash"},
        {"parameters": {}, "params": {}},
        {"name": 3},
    ],
)
def test_a_run_that_cannot_be_begun_leaves_nothing(store, given):
    run = Run(store)
    with pytest.raises(UserError):
        run.init(**given)
    assert store.index().ids() == []
    run.init("after all")
    assert store.index().ids() == [run.id]


def test_after_its_end_a_run_takes_no_metrics(store):
    run = Run(store).init()
    run.set_status("killed")
    run.close()
    assert state_of(store, run)["status"] == "terminated"
    with pytest.raises(UserError, match="has ended"):
        run.log_metrics({"e": 1.0})
    with pytest.raises(UserError, match="not begun"):
        Run(store).log_event("x")


def test_a_run_of_a_script_names_the_script_as_its_code(store, project):
    (project / "model.py").write_text("def rate():\n    return 3\n")
    script = project / "main.py"
    script.write_text(
        textwrap.dedent(
            """
            import model
            from whence.runs import Run
            with Run() as run:
                run.init("scripted", params={"rate": model.rate()})
            """
        )
    )
    subprocess.run([sys.executable, "main.py"], cwd=project, check=True)
    (run,) = store.index().ids()
    state = store.index().state(run)
    assert sorted(state["code"]["files"]) == ["main.py", "model.py"]
    assert {a["name"] for a in state["artifacts"] if a["category"] == "code"} == {
        "main.py",
        "model.py",
    }
    assert state["code"]["commit"] is None


def test_what_was_acknowledged_survives_kill_9(store, project):
    script = textwrap.dedent(
        """
        import time
        from whence.runs import Run
        run = Run().init("doomed", params={"a": 1})
        for i in range(50):
            run.log_metrics({"e": i})
        run.log_event("so far")
        print("ready", flush=True)
        time.sleep(60)
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=project, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    (run,) = store.index().ids()
    state = store.index().state(run)
    assert state["status"] == "running"
    assert state["events"] == 1
    assert len(list(points(store, run))) == 50


def test_a_run_inside_a_run_knows_its_parent(store, monkeypatch):
    monkeypatch.setenv("WHENCE_RUN", "20261121T000000abcdefg")
    run = Run(store).init()
    assert state_of(store, run)["parent"] == "20261121T000000abcdefg"


def test_a_run_begun_in_a_fork_is_written_by_the_child(store):
    Run(store).init("parent").close()
    pid = os.fork()
    if pid == 0:
        try:
            Run(store).init("child").close()
            store.writer().close()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    states = {s["name"]: s for s in map(store.index().state, store.index().ids())}
    assert states["child"]["process"]["pid"] == pid
    assert states["child"]["writer"] != states["parent"]["writer"]


@pytest.mark.parametrize("wrong", [[1], "text", 3])
def test_metadata_and_parameters_are_names_and_values(store, wrong):
    with pytest.raises(UserError, match="parameters are names and values"):
        Run(store).init(parameters=wrong)
    run = Run(store).init()
    with pytest.raises(UserError, match="metadata are names and values"):
        run.update_metadata(wrong)
    run.close()


def test_runs_of_a_process_share_a_writer_also_where_no_store_is_given(store, project):
    def writers():
        return {path.stem.partition(".")[0] for path in (store.root / "journals").rglob("*.jsonl")}

    for number in range(3):
        with Run() as run:
            run.init(f"run{number}")
        Run(project).init().close()
    assert len(writers()) == 1
    shutil.rmtree(store.root)
    Store.create(project)
    with Run() as run:
        run.init("other")
    assert len(writers()) == 1
    assert len(Store.open(project).index().ids()) == 1
