"""Records that Sumatra exported. The files are our own, with the fields of 0.3 and 0.8."""

import json
from pathlib import Path

import pytest

from whence.app import chosen_runs, edit_tags, import_records
from whence.base.error import UserError
from whence.records import Records

DATA = Path(__file__).parent / "data"


@pytest.fixture
def records(workspace):
    import_records(workspace, DATA / "sumatra-0.8.json")
    return {record.name: record for record in chosen_runs(workspace, [])}


def test_what_a_record_of_sumatra_tells(records, workspace):
    record = records["20190305-101112_ab12cd"]
    told = record.as_dict()
    assert told["created"] == "2019-03-05T09:11:12.000000Z"
    assert told["duration"] == 1.5
    assert told["status"] == "completed"
    assert told["parameters"] == {"T": 1.5, "steps": 100, "name": "argon"}
    assert told["tags"] == ["figure1"]
    assert told["command"] == [
        "/usr/bin/python3", "melt.py", "<parameters>", "--fast", "a b"
    ]  # fmt: skip
    assert told["code"]["commit"].startswith("1d2c3b")
    assert told["code"]["dirty"] is True
    assert (record.reason, record.outcome) == (("first look",), "too hot")
    assert record.version.startswith("1d2c3b")
    assert record.user == "Ada <ada@example.org>"
    assert record.state["host"] == "melt01"
    assert record.metadata["sumatra"]["dependencies"][0]["version"] == "1.19.5"
    output = "".join(line["text"] for line in workspace.store.lines(record.id, ("out",)))
    assert output == "step 0\nstep 1\n"
    code, taken, out = sorted(record.artifacts, key=lambda item: item.category)
    assert workspace.store.get(code.digest).startswith(b"--- a/melt.py")
    assert (taken.name, taken.meta["sha1"][:6], taken.size) == ("lattice.in", "6367c4", 12)
    assert (out.path, out.type, out.kept) == ("20190305/energy.csv", "text/csv", "reference")


def test_parameters_of_every_kind(records):
    found = {name: record.parameters for name, record in records.items()}
    assert found["20190305-120000_ff00aa"]["inputs"]["model"]["inputs"] == {"mu": [1, 2]}
    assert found["haggling 3"] == {"run": {"T": 2.5, "name": "neon"}}
    assert found["yaml-1"] == {"model": {"T": 3, "list": [1, 2]}}
    assert found["nt-1"] == {"T": 4, "inner": {"a": (1, 2)}}
    assert found["odd"] == {}
    assert "mean nothing" in records["odd"].metadata["sumatra"]["parameters"]["content"]


def test_statuses(records):
    assert {name: record.status for name, record in records.items()} == {
        "20190305-101112_ab12cd": "completed",
        "20190305-120000_ff00aa": "failed",
        "haggling 3": "terminated",
        "yaml-1": "completed",
        "nt-1": "lost",
        "odd": "completed",
    }
    assert records["20190305-120000_ff00aa"].kind == "task"
    assert records["haggling 3"].tags == ("a b",)


def test_ids_are_the_same_each_time_and_an_edit_stays(records, workspace, tmp_path):
    record = records["yaml-1"]
    edit_tags(workspace, [record], ["mine"])
    again = import_records(workspace, DATA / "sumatra-0.8.json")
    assert (again.added, again.grown, len(again.same)) == ((), (), 6)
    changed = json.loads((DATA / "sumatra-0.8.json").read_text())
    changed[3]["tags"] = ["theirs"]
    changed[3]["outcome"] = "fine after all"
    changed[0]["tags"] = ["_finished_"]
    (tmp_path / "new.json").write_text(json.dumps(changed))
    told = import_records(workspace, tmp_path / "new.json")
    assert set(told.grown) == {record.id, records["20190305-101112_ab12cd"].id}
    found = Records(workspace.store)
    assert found.get(record.id).tags == ("mine", "theirs")
    assert found.get(record.id).outcome == "fine after all"
    assert found.get(records["20190305-101112_ab12cd"].id).tags == ()
    assert import_records(workspace, tmp_path / "new.json").grown == ()
    assert len(chosen_runs(workspace, [])) == 6


def test_version_0_3(workspace):
    told = import_records(workspace, DATA / "sumatra-0.3.json")
    assert len(told.added) == 2
    (record,) = chosen_runs(workspace, ["20110201-080000"])
    assert record.parameters == {"n": 5, "rate": 0.1}
    assert record.tags == ("tag one",)
    assert [(item.name, item.category) for item in record.artifacts] == [
        ("in.dat", "input"), ("out.dat", "output")
    ]  # fmt: skip
    assert workspace.store.verify().sound


def test_tags_in_one_text(workspace, tmp_path):
    told = {"label": "a", "timestamp": "2012-05-29 11:48:32", "tags": "_finished_, figure 1"}
    (tmp_path / "old.json").write_text(json.dumps([told]))
    import_records(workspace, tmp_path / "old.json")
    (record,) = chosen_runs(workspace, ["a"])
    assert (record.status, record.tags) == ("completed", ("figure 1",))


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": "yesterday"},
        {"label": ""},
        {"platforms": "here"},
        {"input_data": [{"metadata": "{"}]},
    ],
)
def test_a_bad_record_is_named_and_nothing_is_taken(workspace, tmp_path, change):
    told = json.loads((DATA / "sumatra-0.8.json").read_text())
    told[1] |= change
    (tmp_path / "bad.json").write_text(json.dumps(told))
    with pytest.raises(UserError, match=r"\[1\]"):
        import_records(workspace, tmp_path / "bad.json")
    assert chosen_runs(workspace, []) == []
