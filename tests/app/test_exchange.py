"""Records that go to another store and come back."""

import base64
import io
import json
from pathlib import Path

import pytest

from whence.app import (
    Workspace,
    chosen_runs,
    delete,
    edit_tags,
    export_records,
    import_records,
    plan_deletion,
)
from whence.app.exchange import ExportOptions
from whence.base.error import UserError
from whence.records import Records, RecordStoreView
from whence.records.export import journal_lines
from whence.runs import Run
from whence.store import Store
from whence.store.metric import tables

METRIC = {"by": "w", "names": ["a"], "n": [0], "step": [0], "time": [0.0], "at": [0.0]}


@pytest.fixture
def full(workspace, project, record):
    """A store with two runs that hold something of everything."""
    (project / "data.txt").write_text("numbers\n" * 10)
    (project / "big.bin").write_bytes(b"x" * 100_000)
    odd = {"nan": float("nan"), "t": (1, 2), "huge": 10**30, "a.b": {"$x": "ü"}, "none": None}
    with Run(workspace.store) as run:
        run.init("one", parameters=odd, metadata={"note": b"bytes"}, tags=["a", "b"])
        run.save_file("data.txt")
        run.save_file("big.bin", "input")
        run.log_event("it begins")
        run.log_output("out", "hello\n")
        for value in (1.0, float("inf"), float("nan")):
            run.log_metrics({"energy": value, "odd name": 1})
        run.log_metrics({"count": 7}, step=3)
    record("two", {"x": 1})
    return workspace


@pytest.fixture
def other(tmp_path):
    store = Store.create(tmp_path / "other")
    return Workspace(store.project, store)


def written(workspace, path, *words, **options):
    with open(path, "wb") as file:
        export_records(workspace, words, file, ExportOptions(**options))
    return path


def whole(workspace, run):
    """All that is known of a run, without what says where it is kept."""
    record = Records(workspace.store).get(run)
    state = {**record.state, "points": None, "key": None, "lc": None}
    state["last"] = None
    metrics = [
        (table.names, [column.tolist().__repr__() for column in table.columns])
        for table in tables(workspace.store, run)
    ]
    lines = [
        {name: value for name, value in line.items() if name not in ("by", "crc")}
        for line in workspace.store.lines(run, ("event", "out", "artifact"))
    ]
    return state, metrics, lines


@pytest.mark.parametrize("kind", [str, Path])
def test_a_view_writes_the_file_that_import_reads(full, other, tmp_path, kind):
    view, file = RecordStoreView(full.store), tmp_path / "pp.jsonl"
    assert view.filter.name("one").export(kind(file)) == str(file)
    (run,) = import_records(other, file).added
    assert whole(other, run) == whole(full, run)
    assert other.store.get(Records(other.store).get(run).state["environment"])


def test_what_only_tells_of_records_is_refused_with_the_way_to_what_is_read(full, other, tmp_path):
    file = tmp_path / "told.json"
    file.write_text(RecordStoreView(full.store).export())
    with pytest.raises(UserError, match=r"view\.export\(FILE\)") as caught:
        import_records(other, file)
    assert "without their lines" in str(caught.value)
    with pytest.raises(UserError, match="cannot write"):
        RecordStoreView(full.store).export(tmp_path / "none" / "pp.jsonl")


def test_everything_arrives(full, other, tmp_path):
    file = written(full, tmp_path / "all.jsonl", content=True)
    told = import_records(other, file)
    runs = [record.id for record in chosen_runs(full, [])]
    assert sorted(told.added) == sorted(runs)
    for run in runs:
        assert whole(other, run) == whole(full, run)
    for item in Records(other.store).resolve("one").artifacts:
        assert other.store.get(item.digest) == full.store.get(item.digest)
    assert other.store.verify().sound
    assert not other.store.verify().incomplete


def test_reading_it_again_adds_nothing(full, other, tmp_path):
    file = written(full, tmp_path / "all.jsonl")
    import_records(other, file)
    runs = [record.id for record in chosen_runs(full, [])]
    before = [len(list(other.store.index().lines(run))) for run in runs]
    again = import_records(other, file)
    assert (again.added, again.grown, set(again.same)) == ((), (), set(runs))
    assert [len(list(other.store.index().lines(run))) for run in runs] == before
    assert import_records(full, file).same == again.same  # nor does it where it came from


def test_a_newer_export_adds_what_is_new_and_harms_no_edit(full, other, tmp_path):
    import_records(other, written(full, tmp_path / "old.jsonl"))
    edit_tags(other, chosen_runs(other, ["one"]), ["here"], ["a"])
    edit_tags(full, chosen_runs(full, ["one"]), ["there"])
    told = import_records(other, written(full, tmp_path / "new.jsonl"))
    assert len(told.grown) == len(told.same) == 1
    assert chosen_runs(other, ["one"])[0].tags == ("b", "here", "there")
    import_records(other, tmp_path / "old.jsonl")
    assert chosen_runs(other, ["one"])[0].tags == ("b", "here", "there")
    back = import_records(full, written(other, tmp_path / "back.jsonl"))
    assert len(back.grown) == 1
    assert chosen_runs(full, ["one"])[0].tags == ("b", "here", "there")


def test_what_was_deleted_here_stays_deleted(full, other, tmp_path):
    file = written(full, tmp_path / "all.jsonl")
    import_records(other, file)
    delete(other, plan_deletion(other, chosen_runs(other, ["one"])))
    import_records(other, file)
    assert [record.name for record in chosen_runs(other, [])] == ["two"]


def test_an_import_and_a_merge_of_the_same_store_agree(full, other, tmp_path):
    import_records(other, written(full, tmp_path / "all.jsonl"))
    full.store.writer().close()
    for file in (full.store.root / "journals").rglob("*.jsonl"):
        copy = other.store.root / "journals" / file.parent.name / file.name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(file.read_bytes())
    other.store.index().rebuild()
    run = Records(full.store).resolve("one").id
    assert whole(other, run)[0] == whole(full, run)[0]
    lengths = [sum(len(table.n) for table in tables(w.store, run)) for w in (full, other)]
    assert lengths == [4, 4]


def test_some_records_and_small_contents_only(full, tmp_path):
    lines = written(full, tmp_path / "x.jsonl", "params.x == 1").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["record"]["name"] for row in rows if "record" in row] == ["two"]
    out = io.BytesIO()
    told = export_records(full, ["one"], out, ExportOptions(content=True, largest=1000))
    kept = [base64.b64decode(row["base64"]) for row in map(json.loads, out.getvalue().splitlines())
            if "content" in row]  # fmt: skip
    assert b"numbers\n" * 10 in kept
    assert told.skipped == 1
    assert journal_lines(full.store, rows[-1]["id"]) == rows[-1]["lines"]


def first_line(row, **change):
    return {**row, "lines": [{**row["lines"][0], **change}]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: "no json", "not a line of JSON"),
        (lambda row: [1], "not a record that whence wrote"),
        (lambda row: {**row, "whence": 99}, "newer whence"),
        (lambda row: {**row, "id": "../../x"}, "id is not one of a run"),
        (lambda row: {**row, "lines": []}, "no lines"),
        (lambda row: first_line(row, of="other"), "not one of a journal"),
        (lambda row: first_line(row, n=-1), "not one of a journal"),
        (lambda row: first_line(row, f={"status": []}), "not one of a journal"),
        (lambda row: first_line(row, f={"created": "soon"}), "not one of a journal"),
        (lambda row: first_line(row, f={"created": 1e300}), "'created' cannot be that"),
        (lambda row: first_line(row, f={"environment": 5}), "'environment' cannot be that"),
        (lambda row: first_line(row, f={"reason": 5}), "'reason' cannot be that"),
        (lambda row: first_line(row, f={"code": {"commit": 5}}), "'code' cannot be that"),
        (lambda row: first_line(row, f={"params": {"$numpy": ["<f8"]}}), "not written as it"),
        (lambda row: first_line(row, f={"x": {"$range": [1, 2, 0]}}), "not written as it"),
        (lambda row: first_line(row, op="tags", add=5), "no list of text"),
        (lambda row: first_line(row, op="meta", m=5), "no mapping"),
        (lambda row: first_line(row, op="artifact", name=3), "of an artifact cannot"),
        (lambda row: {**row, "metrics": [METRIC | {"values": [["x"]]}]}, "columns of numbers"),
        (lambda row: first_line(row, lc=True), "not one of a journal"),
        (lambda row: {**row, "metrics": [{"by": "w", "names": ["a"]}]}, "columns of numbers"),
        (lambda row: {"whence": 1, "content": "00", "base64": "!"}, "not in base64"),
        (lambda row: {"whence": 1, "content": "00", "base64": "QQ=="}, "another digest"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_and_nothing_is_taken(full, other, tmp_path, change, message):
    file = written(full, tmp_path / "all.jsonl")
    lines = file.read_text().splitlines()
    bad = change(json.loads(lines[-1]))
    lines.append(bad if isinstance(bad, str) else json.dumps(bad))
    file.write_text("\n".join(lines))
    with pytest.raises(UserError, match=message) as caught:
        import_records(other, file)
    assert f"all.jsonl:{len(lines)}:" in str(caught.value)
    assert chosen_runs(other, []) == []


def test_of_many_bad_lines_the_first_few_are_told_and_how_many_there_are(full, other, tmp_path):
    file = written(full, tmp_path / "all.jsonl")
    file.write_text(file.read_text() + "no json\n" * 1000)
    with pytest.raises(UserError, match="995 more lines") as caught:
        import_records(other, file)
    assert len(caught.value.problems) == 5
    assert chosen_runs(other, []) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n" * 9,
        "[]",
        "[1]",
        "{}",
        "a,b\n1,2\n" * 99,
        '{"a": 1}\n' * 99,
        "PK\x03\x04",
        "\n[1, 2",
    ],
)
def test_of_a_file_of_another_kind_one_line_says_what_is_read(other, tmp_path, text):
    (tmp_path / "x").write_text(text)
    with pytest.raises(UserError, match="What is read: ") as caught:
        import_records(other, tmp_path / "x")
    (problem,) = caught.value.problems
    assert problem.code == "not-an-export"


@pytest.mark.parametrize("text", ["[{}]", "[" + ",".join(['{"label": 1}'] * 99) + "]"])
def test_of_records_of_sumatra_that_are_none_the_first_few_are_told(other, tmp_path, text):
    (tmp_path / "x").write_text(text)
    with pytest.raises(UserError, match="What is read: ") as caught:
        import_records(other, tmp_path / "x")
    assert len(caught.value.problems) <= 5
