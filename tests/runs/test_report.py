import sys

import pytest

from whence.runs import ProcessOptions, Run, record_process
from whence.runs.report import Report
from whence.store import points


@pytest.fixture
def run(store):
    return Run(store).init()


def told(store, run):
    state = store.index().state(run.id)
    return state.get("progress"), [(p.step, p.values) for p in points(store, run.id)]


@pytest.mark.parametrize("cut", [1, 3, 7, 1000])
def test_lines_become_progress_and_metrics_however_they_are_cut(store, run, cut):
    text = (
        "begin\n!!map {progress: 0.3}\nnot at the start: whence: {}\n"
        'whence: {"metric": {"e": -1.5, "n": 3}, "step": 7}\r\n'
        '  whence: {"metric": {"no": 1}}\n!!map {progress: 1}\nwhence: {"event": "done"}\nend'
    )
    report = Report(run)
    for start in range(0, len(text), cut):
        report("out", text[start : start + cut])
    assert told(store, run) == (1.0, [(7, {"e": -1.5, "n": 3})])
    output = "".join(line["text"] for line in store.lines(run.id, ("out",)))
    assert output == text
    assert [e["message"] for e in store.lines(run.id, ("event",))] == ["done"]


@pytest.mark.parametrize(
    "line",
    [
        "whence: {",
        "whence: 3",
        "whence:",
        "!!map [1",
        "!!map {progress: high}",
        "!!map {progress: 7}",
        "!!map {progress: true}",
        'whence: {"metric": 3}',
        'whence: {"metric": {"e": "high"}}',
        'whence: {"metric": {"": 1}}',
        'whence: {"metric": {"e": 1}, "step": "x"}',
        'whence: {"metadata": {"$x": 1}}',
    ],
)
def test_a_bad_line_is_told_and_breaks_nothing(store, run, line):
    report = Report(run)
    for _ in range(10):
        report("out", f"{line}\n")
    report("err", 'whence: {"metric": {"err": 1}}\n')
    report("out", 'whence: {"metric": {"e": 2.0}}\n')
    assert told(store, run) == (None, [(0, {"e": 2.0})])
    events = [e["message"] for e in store.lines(run.id, ("event",))]
    assert len(events) == 3
    assert "could not be read" in events[0]


def test_a_program_tells_its_progress(store, project, capfd):
    script = 'print("!!map {progress: 0.5}"); print("whence: {\\"metric\\": {\\"e\\": 1}}")'
    ended = record_process(store, [sys.executable, "-c", script], ProcessOptions())
    assert "progress: 0.5" in capfd.readouterr().out
    assert store.index().state(ended.run)["progress"] == 0.5
    assert [p.values for p in points(store, ended.run) if p.step == 0] == [{"e": 1}]
