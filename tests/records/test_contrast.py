"""In what two records differ, as Sumatra's users ask for it."""

from whence.records import RecordStoreView
from whence.runs import Run


def record(store, name, text, **parameters):
    with Run(store) as run:
        run.init(name, parameters=parameters)
        for file in ("e.csv", "e.log"):
            (store.project / file).write_text(text if file == "e.csv" else name)
            run.save_file(file)
    return RecordStoreView(store).latest


def test_what_differs(store):
    a = record(store, "a", "1", mu=1, n=3)
    b = record(store, "b", "2", mu=2, n=3)
    told = a.difference(b)
    assert told
    assert repr(told).endswith(f"{a.label} {b.label}: PD>")
    (change,) = told.parameters
    assert (change.key, change.left, change.right) == ("mu", 1, 2)
    assert [pair.name for pair in told.outputs] == ["e.csv"]
    assert told.parameters_differ
    assert told.output_data_differ
    assert not (told.code_differs)
    assert not (told.executable_differs)
    assert not (told.input_data_differ)
    assert not (told.repository_differs)
    assert not (told.dependencies_differ)
    assert not (told.launch_mode_differs)
    assert told.environment.same
    lines = str(told).splitlines()
    assert lines[:2] == [f"− {a.label}  completed", f"+ {b.label}  completed"]
    assert lines[2:4] == ["parameters", "  mu  1  2"]
    assert lines[-2] == "outputs"
    assert lines[-1].startswith("  e.csv  ")


def test_what_is_the_same_differs_in_nothing(store):
    a = record(store, "a", "1", mu=1)
    b = record(store, "b", "1", mu=1)
    assert not a.difference(b)
    assert repr(a.difference(b)).endswith(": none>")


def test_other_code_differs(store, run):
    for number, files in enumerate(({"a.py": "0"}, {"a.py": "1"}, {})):
        code = {"commit": "c" * 40, "files": files, "dirty": False}
        run(number, code=code, job={"pbs": {"id": str(number)}})
    c, b, a = RecordStoreView(store)
    assert a.difference(b).code_differs
    assert not a.difference(b).launch_mode_differs
    assert not a.difference(c).code_differs


def test_an_environment_that_has_not_arrived(store, run):
    for number, digest in enumerate("001"):
        run(number, environment=digest * 64, code="damaged")
    c, b, a = RecordStoreView(store)
    assert a.difference(b).environment.same
    assert a.difference(c).environment is None
    assert not a.difference(c).code_differs
