import os
import sys
import threading

import pytest

from whence.runs import ProcessOptions, Run, record_process
from whence.runs.gauge import Gauge
from whence.runs.report import Report
from whence.testing.point import points
from whence.testing.wait import until


@pytest.fixture
def run(store):
    return Run(store).init()


def told(store, run):
    """The progress and the metrics, without those of the machine, which have no step."""
    found = [(p.step, p.values) for p in points(store, run.id) if p.step is not None]
    return store.index().state(run.id).get("progress"), found


def say(report, stream, *pieces):
    for piece in pieces:
        report(stream, report.sieve(stream, piece.encode()).decode())
    report(stream, report.sieve(stream, b"", True).decode())


@pytest.mark.parametrize("cut", [1, 3, 7, 1000])
def test_lines_become_progress_and_metrics_however_they_are_cut(store, run, cut):
    text = (
        "begin\n!!map {progress: 0.3}\nnot at the start: whence: {}\n"
        'whence: {"metric": {"e": -1.5, "n": 3}, "step": 7}\r\n'
        '  whence: {"metric": {"no": 1}}\n!!map {progress: 1}\nwhence: {"event": "done"}\nend'
    )
    say(Report(run), "out", *(text[at : at + cut] for at in range(0, len(text), cut)))
    assert told(store, run) == (1.0, [(7, {"e": -1.5, "n": 3})])
    output = "".join(line["text"] for line in store.lines(run.id, ("out",)))
    left = 'begin\nnot at the start: whence: {}\n  whence: {"metric": {"no": 1}}\nend'
    assert output == left
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
    say(report, "out", *[f"{line}\n"] * 10)
    say(report, "err", 'whence: {"metric": {"err": 1}}\n')
    say(report, "out", 'whence: {"metric": {"e": 2.0}}\n')
    assert told(store, run) == (None, [(0, {"e": 2.0})])
    events = [e["message"] for e in store.lines(run.id, ("event",))]
    assert len(events) == 3
    assert "could not be read" in events[0]
    output = "".join(x["text"] for x in store.lines(run.id, ("out",)) if x["stream"] == "out")
    assert output == f"{line}\n" * 10


def test_what_is_good_in_a_bad_line_is_kept(store, run):
    report = Report(run)
    assert report.unread == ""
    line = '{"metric": {"res": 1.0, "bad": "x"}, "progress": 2, "metadata": {"k": 1}}'
    say(report, "out", *[f"whence: {line}\n"] * 3)
    assert told(store, run) == (None, [(step, {"res": 1.0}) for step in range(3)])
    assert store.index().state(run.id)["meta"] == {"k": 1}
    assert report.unread.endswith("progress is 2, not 0 to 1; 2 more lines could not either")


def test_a_program_tells_its_progress(store, project, capfd):
    script = (
        'print("!!map {progress: 0.5}"); print("whence: {\\"metric\\": {\\"e\\": 1}}"); print("x")'
    )
    ended = record_process(store, [sys.executable, "-c", script], ProcessOptions())
    assert capfd.readouterr().out == "x\n"
    assert store.index().state(ended.run)["progress"] == 0.5
    assert [p.values for p in points(store, ended.run) if p.step == 0] == [{"e": 1}]


def test_progress_that_was_told_is_on_record_before_the_program_says_more(store):
    seen = []
    script = (
        "import os, time\n"
        "for i in range(3): print('!!map {progress: 0.%d}' % i, flush=True)\n"
        "while not os.path.exists('seen'): time.sleep(0.01)\n"
    )

    def told():
        return [store.index().state(run).get("progress") for run in store.index().ids()]

    def look():
        try:
            seen.append(until(lambda: 0.2 in told()))
        finally:
            (store.project / "seen").touch()

    looker = threading.Thread(target=look)
    looker.start()
    record_process(store, [sys.executable, "-c", script])
    looker.join()
    assert seen


def test_a_terminal_shows_progress_below_what_is_printed(run):
    terminal, other = os.openpty()
    report = Report(run, Gauge(other))
    say(report, "out", "a\n!!map {progress: 0.5}\n", "b", "!!map {progress: 0.6}\n", "\n")
    say(report, "out", "!!map {progress: 1}\n")
    drawn = b""
    while not drawn.endswith(b"100%\r\x1b[K"):  # a terminal hands over what it has in pieces
        drawn += os.read(terminal, 4096)
    os.close(terminal)
    os.close(other)
    drawn = drawn.decode()
    assert "50%" in drawn
    assert "60%" not in drawn  # that was no line of its own
    assert drawn.endswith("100%\r\x1b[K")
